"""Records from files, of any type: read, checked, and made into the RRsets under the zones.

A file whose name ends in ``.yaml`` or ``.yml`` is YAML (see ``yamlfile``), any other a zone file (RFC 1035
§5, see ``zonefile``). Every error is one line that begins with the file and the line.
"""

from collections.abc import Iterable, Mapping, Sequence

from resolver.config import ResolverConfig, zone_text
from resolver.names import Labels, fold, from_wire, is_within, to_text
from resolver.records import ALONE, MAX_RRSET, MAX_TTL, RRset, Type, is_meta, type_text
from resolver.textfile import read_text
from resolver.zones.bases import home_of
from resolver.zones.fileentry import Entry

_YAML = (".yaml", ".yml")

_Groups = dict[tuple[Labels, int], list[Entry]]


def read_static(config: ResolverConfig) -> list[RRset]:
    """The records of all the files of a configuration; raises ResolverError for the first mistake."""
    entries = [entry for path in config.static for entry in _read(path, config)]
    return check_entries(entries, config.origins)


def check_entries(entries: Iterable[Entry], origins: Sequence[Labels]) -> list[RRset]:
    """The RRsets that the entries make; raises ResolverError for what cannot be in these zones. Pure."""
    groups: _Groups = {}
    for entry in entries:
        _check_entry(entry, origins)
        groups.setdefault((entry.name, entry.type), []).append(entry)
    for (name, rtype), group in groups.items():
        _check_group(name, rtype, group)
    _check_aliases(groups, origins)
    _check_glue(groups, origins)
    return [
        RRset(name, rtype, group[0].ttl, tuple(dict.fromkeys(entry.data for entry in group)))
        for (name, rtype), group in groups.items()
    ]


def _read(path: str, config: ResolverConfig) -> list[Entry]:
    if path.lower().endswith(_YAML):
        from resolver.zones.yamlfile import parse_yaml as parse
    else:
        from resolver.zones.zonefile import parse_zone_file as parse
    text = read_text(path, "the records in")
    return parse(text, path, origin=config.origins[0], ttl=config.ttl)


def _check_entry(entry: Entry, origins: Sequence[Labels]) -> None:
    home = home_of(entry.name, origins)
    if home is None:
        served = ", ".join(map(zone_text, origins))
        raise entry.error(f"{to_text(entry.name)} is in none of the zones, which are {served}")
    if is_meta(entry.type):
        raise entry.error(f"{type_text(entry.type)} is a type of questions, not of records")
    if entry.type == Type.SOA and entry.name != home:
        raise entry.error(f"a SOA belongs at the top of a zone, and {to_text(entry.name)} is none")
    if entry.type == Type.CNAME and entry.name == home:
        raise entry.error(f"{to_text(entry.name)} is a zone, which has a SOA and NS; a CNAME stands alone")
    if entry.type == Type.NS and entry.name != home and entry.name[0] == b"*":
        raise entry.error(f"{to_text(entry.name)} is a wildcard, which cannot be delegated (RFC 4592 §4.2)")
    if not 0 <= entry.ttl <= MAX_TTL:
        raise entry.error(f"the TTL {entry.ttl} is not within 0 and {MAX_TTL} (RFC 2181)")


def _check_group(name: Labels, rtype: int, group: Sequence[Entry]) -> None:
    what = f"{to_text(name)} {type_text(rtype)}"
    if rtype in (*ALONE, Type.SOA) and len({entry.data for entry in group}) > 1:
        raise group[-1].error(f"{what} can be there only once, and it is at {group[0].where} too")
    for entry in group:
        if entry.ttl != group[0].ttl:
            raise entry.error(
                f"{what} has the TTL {entry.ttl} here and {group[0].ttl} at {group[0].where};"
                " all of a name and type have one (RFC 2181 §5.2)"
            )
    if sum(len(entry.data) + 12 for entry in group) > MAX_RRSET:
        raise group[-1].error(f"{what} has more data than fits into one DNS message")


def _check_aliases(groups: _Groups, origins: Sequence[Labels]) -> None:
    types: dict[Labels, list[int]] = {}
    for name, rtype in groups:
        types.setdefault(name, []).append(rtype)
    for name, found in types.items():
        if Type.CNAME in found and len(found) > 1:
            other = next(rtype for rtype in found if rtype != Type.CNAME)
            raise groups[name, Type.CNAME][0].error(
                f"{to_text(name)} has a CNAME here and {type_text(other)} at {groups[name, other][0].where};"
                " a CNAME stands alone (RFC 1034 §3.6.2)"
            )
        if Type.DNAME in found and Type.NS in found and name not in origins:
            raise groups[name, Type.DNAME][0].error(
                f"{to_text(name)} has a DNAME here and NS at {groups[name, Type.NS][0].where};"
                " below it names are delegated or go elsewhere, not both (RFC 6672 §2.3)"
            )


def _check_glue(groups: Mapping[tuple[Labels, int], Sequence[Entry]], origins: Sequence[Labels]) -> None:
    """A name server inside what is delegated to it can only be found by addresses that stand here."""
    for (name, rtype), group in groups.items():
        if rtype != Type.NS or name in origins:
            continue
        for entry in group:
            server = fold(from_wire(entry.data)[0])
            is_known = any((server, family) in groups for family in (Type.A, Type.AAAA))
            if is_within(server, name) and not is_known:
                raise entry.error(
                    f"{to_text(name)} is delegated to {to_text(server)}, which is inside it; add its address"
                    " (glue)"
                )
