"""All that a start would refuse in a configuration, found without opening a socket."""

from resolver.config import ResolverConfig
from resolver.serving.answering import check_files
from resolver.zones.bases import ZoneBase, zone_bases
from resolver.zones.static import read_static
from resolver.zones.truth import Truth


def check_configuration(config: ResolverConfig) -> list[ZoneBase]:
    """The zones that a configuration and its files make; raises ResolverError for the first mistake."""
    from resolver.primary.access import read_access

    check_files(config)
    bases = zone_bases(config, read_static(config))
    Truth(bases, now=0)
    read_access(config)
    return bases
