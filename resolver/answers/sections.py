"""Whole messages cut into their records, for what is no plain question: UPDATE, TSIG, zone transfer. Pure.

dnslib cannot read an UPDATE (its records may be empty); here dnspython's parser does. It is loaded only
when such a message comes.
"""

import struct
from typing import TYPE_CHECKING

import msgspec

from resolver.answers.wire import EDNS_SIZE, HEADER_SIZE, MalformedError
from resolver.names import Labels, fold
from resolver.records import Type

if TYPE_CHECKING:
    import dns.wire

# A message of 64 KiB has room for more, but for none that a client of ours would write.
_MAX_RECORDS = 8192

_OPT = struct.Struct("!1sHHIH")
_DNSSEC_OK = 0x8000


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record as it stands: the folded name, and where the record and its RDATA begin in the message."""

    name: Labels
    type: int
    rclass: int
    ttl: int
    at: int
    start: int
    length: int


class Message(msgspec.Struct, frozen=True):
    """A message: one question (in an UPDATE: the zone), and the records of the three other sections."""

    wire: bytes
    name: Labels
    type: int
    rclass: int
    question_end: int
    answer: tuple[Record, ...]
    authority: tuple[Record, ...]
    additional: tuple[Record, ...]

    @property
    def id(self) -> int:
        """The number by which the peer knows its question again."""
        return int.from_bytes(self.wire[:2])

    @property
    def opcode(self) -> int:
        """What is asked for (RFC 6895 §2.2)."""
        return self.wire[2] >> 3 & 0xF

    @property
    def question(self) -> bytes:
        """The question section as it came."""
        return self.wire[HEADER_SIZE : self.question_end]

    @property
    def opt(self) -> bytes:
        """The OPT record for the answer: none to who sent none (RFC 6891 §6.1.1); DO as it came."""
        found = next((record for record in self.additional if record.type == Type.OPT), None)
        return _OPT.pack(b"", Type.OPT, EDNS_SIZE, found.ttl & _DNSSEC_OK, 0) if found else b""

    @property
    def edns_version(self) -> int:
        """The version that the sender speaks; 0 also for who speaks no EDNS."""
        return next((record.ttl >> 16 & 0xFF for record in self.additional if record.type == Type.OPT), 0)

    def raw(self, record: Record) -> bytes:
        """The RDATA as it stands, names perhaps compressed."""
        return self.wire[record.start : record.start + record.length]

    def rdata(self, record: Record) -> bytes:
        """The RDATA without compression; raises MalformedError if it is none of its type."""
        import dns.exception
        import dns.rdata
        import dns.rdataclass
        import dns.rdatatype

        kind = dns.rdatatype.RdataType.make(record.type)
        try:
            read = dns.rdata.from_wire(dns.rdataclass.IN, kind, self.wire, record.start, record.length)
            data = read.to_wire()
        except dns.exception.DNSException as error:
            raise MalformedError(str(error)) from None
        assert data is not None, "to_wire without a file returns bytes"
        return data


def parse_message(wire: bytes) -> Message:
    """The message in ``wire``, which has exactly one question; raises MalformedError."""
    import dns.exception
    import dns.wire

    if len(wire) < HEADER_SIZE:
        raise MalformedError("shorter than a header")
    questions, *counts = struct.unpack_from("!4H", wire, 4)
    if questions != 1 or sum(counts) > _MAX_RECORDS:
        raise MalformedError("not one question, or more records than any client writes")
    parser = dns.wire.Parser(wire, HEADER_SIZE)
    try:
        name = parser.get_name(decompress=True).labels[:-1]
        rtype, rclass = parser.get_struct("!HH")
        end = parser.current
        sections = [tuple(_record(parser) for _ in range(count)) for count in counts]
    except dns.exception.DNSException as error:
        raise MalformedError(str(error)) from None
    if parser.remaining():
        raise MalformedError("bytes after the end")
    return Message(wire, name, rtype, rclass, end, *sections)


def _record(parser: "dns.wire.Parser") -> Record:
    at = parser.current
    name = fold(parser.get_name(decompress=True).labels[:-1])
    rtype, rclass, ttl, length = parser.get_struct("!HHIH")
    start = parser.current
    parser.get_bytes(length)
    return Record(name, rtype, rclass, ttl, at, start, length)
