"""DNS UPDATE (RFC 2136) over values: what it presumes, whether it may be, and what it makes of a zone. Pure.

All of it happens or nothing. Prerequisites and changes see the zone's records, whatever layer they come
from; addresses that are only encoded in names are no records (there is no end of them).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from resolver.answers.answer import Rcode
from resolver.answers.sections import Message, Record
from resolver.answers.wire import MalformedError
from resolver.errors import ResolverError
from resolver.names import Labels, to_text
from resolver.records import ALONE, MAX_RRSET, MAX_TTL, RRset, Type, is_meta
from resolver.zones.contents import Contents, Node
from resolver.zones.zone import Layer, Update, Zone, check_node

CLASS_IN, CLASS_NONE, CLASS_ANY = 1, 254, 255

# Where the names begin in RDATA that has them; their case does not make data different (RFC 2136 §1.1.1).
_NAME_STARTS = {Type.NS: 0, Type.CNAME: 0, Type.PTR: 0, Type.MX: 2, 33: 6, Type.DNAME: 0}

Owner = Callable[[Labels], Labels | None]
"""From a folded name to the origin of the zone of ours that it lies in."""


class RejectedError(Exception):
    """Why nothing is done; ``rcode`` is what to answer, the text what to log."""

    def __init__(self, rcode: Rcode, reason: str) -> None:
        super().__init__(reason)
        self.rcode = rcode


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A record of a prerequisite or an update section, its class and all; ``data`` without compression."""

    name: Labels
    type: int
    rclass: int
    ttl: int
    data: bytes = b""


def read_entries(message: Message, records: Iterable[Record], *, without_data: Sequence[int]) -> list[Entry]:
    """The records of a section as values; raises MalformedError for data that is not of its type.

    ``without_data`` are the classes whose records must not have any.
    """
    entries = []
    for record in records:
        has_data = record.rclass not in without_data
        if not has_data and record.length:
            raise MalformedError("data where there must be none")
        data = message.rdata(record) if has_data else b""
        entries.append(Entry(record.name, record.type, record.rclass, record.ttl, data))
    return entries


def check_prerequisites(entries: Iterable[Entry], zone: Contents, owner: Owner) -> None:
    """RFC 2136 §3.2; raises RejectedError with the rcode for the first that does not hold."""
    wanted: dict[tuple[Labels, int], set[bytes]] = {}
    for entry in entries:
        if entry.ttl:
            raise RejectedError(Rcode.FORMERR, "a prerequisite with a TTL")
        _check_zone(entry, zone, owner)
        if entry.rclass in (CLASS_ANY, CLASS_NONE):
            _check_existence(entry, zone)
        elif entry.rclass == CLASS_IN and not is_meta(entry.type):
            wanted.setdefault((entry.name, entry.type), set()).add(_canonical(entry.type, entry.data))
        else:
            raise RejectedError(Rcode.FORMERR, f"a prerequisite of class {entry.rclass}")
    for (name, rtype), data in wanted.items():
        rrset = (zone.node(name) or {}).get(rtype)
        if rrset is None or {_canonical(rtype, each) for each in rrset.data} != data:
            raise RejectedError(Rcode.NXRRSET, "the records are not those that were presumed")


def _check_existence(entry: Entry, zone: Contents) -> None:
    # An empty non-terminal is no name in use (§2.4.4).
    node = zone.node(entry.name) or {}
    of_any = entry.type == Type.ANY
    there = bool(node) if of_any else entry.type in node
    if entry.rclass == CLASS_ANY and not there:
        raise RejectedError(Rcode.NXDOMAIN if of_any else Rcode.NXRRSET, "what was presumed is not there")
    if entry.rclass == CLASS_NONE and there:
        raise RejectedError(Rcode.YXDOMAIN if of_any else Rcode.YXRRSET, "what was presumed absent is there")


def _check_zone(entry: Entry, zone: Contents, owner: Owner) -> None:
    if owner(entry.name) != zone.origin:
        raise RejectedError(Rcode.NOTZONE, "a name that is not in the zone")


def check_entries(entries: Iterable[Entry], zone: Contents, owner: Owner) -> None:
    """The first look at the changes (RFC 2136 §3.4.1); raises RejectedError."""
    for entry in entries:
        _check_zone(entry, zone, owner)
        if entry.rclass == CLASS_IN:
            bad = is_meta(entry.type) or entry.ttl > MAX_TTL
        elif entry.rclass == CLASS_ANY:
            bad = bool(entry.ttl) or (is_meta(entry.type) and entry.type != Type.ANY)
        else:
            bad = entry.rclass != CLASS_NONE or bool(entry.ttl) or is_meta(entry.type)
        if bad:
            raise RejectedError(Rcode.FORMERR, "a change of a class or type, or with a TTL, that cannot be")


def check_grants(
    entries: Iterable[Entry], zone: Contents, permits: Callable[[Labels, int | None], bool]
) -> None:
    """Whether the key may do all of it; to delete a whole name, it must for every type that is there.

    ``permits`` gets a name and a type, None to ask for the name alone.
    """
    for entry in entries:
        types: list[int | None] = [entry.type]
        if entry.type == Type.ANY:
            types = [None, *_deletable(zone, entry.name)]
        elif entry.type == Type.SOA and entry.rclass != CLASS_IN:
            # To delete the SOA does nothing (§3.4.2.3), whoever asks for it.
            types = [None]
        if not all(permits(entry.name, rtype) for rtype in types):
            raise RejectedError(Rcode.REFUSED, f"the key may not change {to_text(entry.name)}")


def plan_update(entries: Sequence[Entry], zone: Zone) -> Update:
    """What the changes come to (RFC 2136 §3.4.2), one after the other; raises RejectedError."""
    staged: dict[Labels, Node] = {}
    for entry in entries:
        node = staged.setdefault(entry.name, dict(zone.node(entry.name) or {}))
        if entry.rclass == CLASS_IN:
            _add(node, entry)
        elif entry.rclass == CLASS_ANY:
            _delete_rrsets(node, entry, at_apex=entry.name == zone.origin)
        else:
            _delete_record(node, entry, at_apex=entry.name == zone.origin)
    _check_nodes(staged, zone)
    return _difference(staged, zone)


def _add(node: Node, entry: Entry) -> None:
    # A CNAME and other data exclude each other: the newcomer is passed over in silence, as the RFC has it.
    if entry.type == Type.CNAME:
        if any(rtype != Type.CNAME for rtype in node):
            return
    elif Type.CNAME in node:
        return
    before = node.get(entry.type)
    same = _canonical(entry.type, entry.data)
    kept = [data for data in before.data if _canonical(entry.type, data) != same] if before else []
    data = (entry.data,) if entry.type in ALONE else (*kept, entry.data)
    if before and len(data) == len(before.data) and entry.type not in ALONE:
        # It was there: its place is kept, so that nothing changes where nothing is new.
        data = tuple(entry.data if _canonical(entry.type, each) == same else each for each in before.data)
    if sum(len(each) + 12 for each in data) > MAX_RRSET:
        raise RejectedError(Rcode.REFUSED, "more data at one name than fits into a message")
    node[entry.type] = RRset(entry.name, entry.type, entry.ttl, data)


def _delete_rrsets(node: Node, entry: Entry, *, at_apex: bool) -> None:
    types = list(node) if entry.type == Type.ANY else [entry.type]
    for rtype in types:
        if not (at_apex and rtype in (Type.SOA, Type.NS)):
            node.pop(rtype, None)


def _delete_record(node: Node, entry: Entry, *, at_apex: bool) -> None:
    before = node.get(entry.type)
    if before is None or entry.type == Type.SOA:
        return
    gone = _canonical(entry.type, entry.data)
    kept = tuple(data for data in before.data if _canonical(entry.type, data) != gone)
    if kept:
        node[entry.type] = msgspec.structs.replace(before, data=kept)
    elif not (at_apex and entry.type == Type.NS):
        del node[entry.type]


def _check_nodes(staged: Mapping[Labels, Node], zone: Zone) -> None:
    for name, node in staged.items():
        try:
            check_node(name, node, zone.origin)
        except ResolverError as error:
            raise RejectedError(Rcode.REFUSED, str(error)) from None


def _difference(staged: Mapping[Labels, Node], zone: Zone) -> Update:
    to_set: list[RRset] = []
    delete: list[tuple[Labels, int]] = []
    hide: list[tuple[Labels, int]] = []
    for name, node in staged.items():
        before = zone.node(name) or {}
        below = zone.below(name, Layer.DYNAMIC)
        to_set += [rrset for rtype, rrset in node.items() if before.get(rtype) != rrset]
        for rtype in before.keys() - node.keys():
            (hide if rtype in below else delete).append((name, rtype))
    return Update(set=tuple(to_set), delete=tuple(sorted(delete)), hide=tuple(sorted(hide)))


def _deletable(zone: Contents, name: Labels) -> list[int]:
    at_apex = name == zone.origin
    kept = (Type.SOA, Type.NS) if at_apex else ()
    return [rtype for rtype in zone.node(name) or {} if rtype not in kept]


def _canonical(rtype: int, data: bytes) -> bytes:
    start = _NAME_STARTS.get(rtype)
    if rtype == Type.SOA:
        return data[:-20].lower() + data[-20:]
    return data if start is None else data[:start] + data[start:].lower()
