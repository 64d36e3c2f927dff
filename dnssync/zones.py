"""Which hosted zones take part, and which of them holds a name: the rules that all providers share.

The rules are those of external-dns's ``--zone-id-filter``, ``--aws-zone-tags``, ``--aws-zone-type`` and
``--google-zone-visibility``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from dnssync.names import longest_zone, unicode_name

ZONE_TYPES = ("public", "private")


def find_zone(name: str, zones: Mapping[str, str]) -> tuple[str, str]:
    """Identifier and Unicode name of the longest zone that holds ``name``; two empty texts if none does.

    ``zones`` is identifier → name, in any spelling without final dots. Of zones with equal names the one
    with the smallest identifier is taken, so that the answer never depends on an order.
    """
    by_name: dict[str, str] = {}
    for identifier in sorted(zones):
        by_name.setdefault(unicode_name(zones[identifier]), identifier)
    found = longest_zone(unicode_name(name), by_name)
    return ("", "") if found is None else (by_name[found], found)


def distinct_names(zones: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What to call each zone, given as (identifier, name), by identifier: its name, or name and identifier
    where several zones have that name (public and private ones, or those of several accounts)."""
    names = dict(zones)
    shared = {name for name, count in Counter(names.values()).items() if count > 1}
    return {zone_id: f"{name} ({zone_id})" if name in shared else name for zone_id, name in names.items()}


def id_passes(zone_id: str, wanted: Iterable[str]) -> bool:
    """Whether the zone's identifier ends with one of ``wanted``; no wish lets every zone pass."""
    suffixes = tuple(wanted)
    return not suffixes or zone_id.endswith(suffixes)


def type_passes(zone_type: str, wanted: str) -> bool:
    """Whether the zone, ``public`` or ``private``, is of the ``wanted`` type; no wish lets all pass."""
    return not wanted or (wanted in ZONE_TYPES and zone_type == wanted)


def tags_pass(tags: Mapping[str, str], wanted: Iterable[str]) -> bool:
    """Whether the zone carries every tag of ``wanted``, each written ``key`` or ``key=value``.

    Spaces around key and value do not count, an entry without a key asks for nothing, an empty value
    stands for any, and of two wishes for one key the last one counts.
    """
    return all(key in tags and value in ("", tags[key]) for key, value in _tag_wishes(wanted).items())


def _tag_wishes(wanted: Iterable[str]) -> dict[str, str]:
    parts = (wish.partition("=") for wish in wanted)
    return {key.strip(): value.strip() for key, _, value in parts if key.strip()}
