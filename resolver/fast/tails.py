"""What surrounds the name in a common question, read once and turned into what surrounds its answer. Pure."""

import struct
from typing import NamedTuple

from resolver.answers.wire import EDNS_SIZE
from resolver.records import Type, is_meta

ANY_FAMILY = 255


OWNER = b"\xc0\x0c"
_OPT_START = b"\x00\x00\x29"
_TYPE_SLOTS = 32
_RCODES = 16

_RESPONSE, _AUTHORITATIVE, _RD = 0x8000, 0x0400, 0x0100
_NOERROR, _NXDOMAIN, _REFUSED = 0, 3, 5


class Head(NamedTuple):
    """What matters in the ten bytes after a message's id: RD, and whether one additional record follows."""

    rd: int
    records: int


Tail = tuple[int, int, bytes, bytes, bytes, bytes, bytes, bytes, dict[bytes, tuple[bytes, bytes]]]
"""What stands around the name and its data in the answers to one kind of question; to be unpacked at once.

    family          the length of the addresses that answer it: 4, 16, or what no address has
    slot            where it is counted
    positive        the header, without the id, of an answer with one record
    record          that record, up to the address
    nodata, nxdomain, refused    the other headers
    opt             what stands behind all records
    remembered      by the folded name, the header and all behind the question
"""


class Counters:
    """Answers by type and rcode: plain integers, for adding to is all that the hot path can afford."""

    def __init__(self) -> None:
        self.counts = [0] * (_TYPE_SLOTS * _RCODES)
        self._slots: dict[int, int] = {}

    def slot(self, rtype: int) -> int:
        """Where the answers to questions of a type are counted: by rcode from here on."""
        if rtype not in self._slots and len(self._slots) < _TYPE_SLOTS - 1:
            self._slots[rtype] = _RCODES * (len(self._slots) + 1)
        return self._slots.get(rtype, 0)

    def read(self) -> dict[tuple[int, int], int]:
        """How many, by (type, rcode); type 0 has those of all types beyond the first 31."""
        types = {slot: rtype for rtype, slot in self._slots.items()}
        return {
            (types.get(index - index % _RCODES, 0), index % _RCODES): count
            for index, count in enumerate(self.counts)
            if count
        }


def _heads() -> dict[bytes, Head]:
    # QR and the opcode are zero; of the other flags only RD has a meaning in a query.
    flags = [bits for bits in range(1 << 16) if not bits & 0xF800]
    return {
        struct.pack("!5H", bits, 1, 0, 0, records): Head(bits & _RD, records)
        for bits in flags
        for records in (0, 1)
    }


HEADS = _heads()


def read_tail(data: bytes, head: Head, ttl: int, counters: Counters) -> Tail | None:
    """What to say to a question that ends in ``data``, from the end of its name on; None if it is unusual."""
    rtype = int.from_bytes(data[1:3])
    if data[:1] != b"\0" or data[3:5] != b"\0\1" or (is_meta(rtype) and rtype != Type.ANY):
        return None
    if len(data) != (16 if head.records else 5):
        return None
    opt = b""
    if head.records:
        _, _, version, flags, length = struct.unpack("!HBBHH", data[8:])
        if data[5:8] != _OPT_START or version or length:
            return None
        opt = _OPT_START + struct.pack("!HHHH", EDNS_SIZE, 0, flags & 0x8000, 0)
    family, record = _record(rtype, ttl)
    return (
        family,
        counters.slot(rtype),
        _header(head, _AUTHORITATIVE | _NOERROR, answers=1),
        record,
        _header(head, _AUTHORITATIVE | _NOERROR, authority=1),
        _header(head, _AUTHORITATIVE | _NXDOMAIN, authority=1),
        _header(head, _REFUSED),
        opt,
        {},
    )


def _header(head: Head, bits: int, *, answers: int = 0, authority: int = 0) -> bytes:
    return struct.pack("!5H", _RESPONSE | head.rd | bits, 1, answers, authority, head.records)


def _record(rtype: int, ttl: int) -> tuple[int, bytes]:
    """The length of the addresses that answer the type, and the record up to the address."""
    if rtype == Type.ANY:
        return ANY_FAMILY, b""
    family = {int(Type.A): 4, int(Type.AAAA): 16}.get(rtype, 0)
    return family, OWNER + struct.pack("!HHLH", rtype, 1, ttl, family)
