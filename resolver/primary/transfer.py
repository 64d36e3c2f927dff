"""Zone transfers out, whole (AXFR, RFC 5936) and as differences (IXFR, RFC 1995): records to messages. Pure.

What is transferred are the zone's records. Addresses that are only encoded in names have no end and stay
behind: a secondary answers what it holds, and nothing for such a name.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from resolver.answers.sections import Message
from resolver.names import Labels, is_within, to_wire
from resolver.records import RRset, Type
from resolver.zones.contents import Change, Contents

AXFR, IXFR = 252, 251

# Bytes of records in one message: large enough to be cheap, small enough to come soon.
_CHUNK = 16_000
_RESPONSE, _RD = 0x8400, 0x0100
# Where the question's name, which is the zone's, stands in every message.
_ZONE_POINTER = b"\xc0\x0c"

Told = Callable[[RRset], RRset | None]
"""What may be told of an RRset: all, some or (None) nothing of it."""


def tell_whole(zone: Contents, told: Told) -> Iterator[bytes]:
    """The records of an AXFR: SOA, everything else as it is at the call, SOA (RFC 5936 §2.2)."""
    soa, rest = zone_soa(zone), [rrset for rrset in zone.rrsets() if rrset.type != Type.SOA]
    return _pack_all([soa, *_filtered(rest, told), soa], zone.origin)


def tell_changes(zone: Contents, changes: Sequence[Change], told: Told) -> Iterator[bytes]:
    """The records of an IXFR (RFC 1995 §4): the new SOA around pairs of what went and what came."""
    soa = zone_soa(zone)
    return _pack_all([soa, *_differences(changes, told), soa], zone.origin)


def tell_soa(zone: Contents) -> Iterator[bytes]:
    """The one record that says: you have it all, or: ask over TCP."""
    return _pack_all([zone_soa(zone)], zone.origin)


def zone_soa(zone: Contents) -> RRset:
    """The SOA of a zone; every zone has one."""
    return (zone.node(zone.origin) or {})[Type.SOA]


def client_serial(message: Message) -> int | None:
    """The serial that an IXFR request says the client has (RFC 1995 §3); None if it says none."""
    soas = [record for record in message.authority if record.type == Type.SOA and record.length >= 22]
    return int.from_bytes(message.raw(soas[0])[-20:-16]) if len(soas) == 1 else None


def pack_messages(request: Message, records: Iterable[bytes]) -> Iterator[bytes]:
    """The records as messages that answer ``request``; each repeats the question and is below 64 KiB."""
    chunk: list[bytes] = []
    size = 0
    for record in records:
        if chunk and size + len(record) > _CHUNK:
            yield _message(request, chunk)
            chunk, size = [], 0
        chunk.append(record)
        size += len(record)
    yield _message(request, chunk)


def _message(request: Message, records: Sequence[bytes]) -> bytes:
    opt = request.opt
    flags = _RESPONSE | int.from_bytes(request.wire[2:4]) & _RD
    header = struct.pack("!6H", request.id, flags, 1, len(records), 0, bool(opt))
    return b"".join([header, request.question, *records, opt])


def _differences(changes: Iterable[Change], told: Told) -> Iterator[RRset]:
    for change in changes:
        before = _by_key(_filtered(change.removed, told))
        after = _by_key(_filtered(change.added, told))
        yield from _soa_first(_without(before, after))
        yield from _soa_first(_without(after, before))


def _without(these: dict[tuple[Labels, int], RRset], others: dict[tuple[Labels, int], RRset]) -> list[RRset]:
    """Of ``these`` the records that are not, with the same TTL, among the others."""
    kept = []
    for key, rrset in these.items():
        other = others.get(key)
        same = set(other.data) if other and other.ttl == rrset.ttl else set()
        data = tuple(each for each in rrset.data if each not in same)
        if data:
            kept.append(msgspec.structs.replace(rrset, data=data))
    return kept


def _by_key(rrsets: Iterable[RRset]) -> dict[tuple[Labels, int], RRset]:
    return {(rrset.name, rrset.type): rrset for rrset in rrsets}


def _soa_first(rrsets: Iterable[RRset]) -> list[RRset]:
    return sorted(rrsets, key=lambda rrset: rrset.type != Type.SOA)


def _filtered(rrsets: Iterable[RRset], told: Told) -> Iterator[RRset]:
    return (kept for kept in map(told, rrsets) if kept)


def _pack_all(rrsets: Iterable[RRset], origin: Labels) -> Iterator[bytes]:
    return (record for rrset in rrsets for record in _pack(rrset, origin))


def _pack(rrset: RRset, origin: Labels) -> Iterator[bytes]:
    owner = to_wire(rrset.name)
    if origin and is_within(rrset.name, origin):
        owner = to_wire(rrset.name[: len(rrset.name) - len(origin)])[:-1] + _ZONE_POINTER
    for data in rrset.data:
        yield owner + struct.pack("!HHIH", rrset.type, 1, rrset.ttl, len(data)) + data
