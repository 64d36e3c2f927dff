"""All that a start would refuse in a configuration, found without opening a socket."""

from resolver.answering import check_files
from resolver.bases import ZoneBase, zone_bases
from resolver.config import ResolverConfig
from resolver.static import read_static
from resolver.truth import Truth


def check_configuration(config: ResolverConfig) -> list[ZoneBase]:
    """The zones that a configuration and its files make; raises ResolverError for the first mistake."""
    from resolver.access import read_access

    check_files(config)
    bases = zone_bases(config, read_static(config))
    Truth(bases, now=0)
    read_access(config)
    return bases
