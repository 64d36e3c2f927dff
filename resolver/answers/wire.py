"""Bytes to queries and answers to bytes, by dnslib; its types do not leave this module. Pure.

dnslib's names are replaced: it refuses labels that are not UTF-8, follows long chains of pointers, takes
reserved label types for lengths, compresses by case and writes pointers past their 14 bits.
"""

from collections.abc import Iterable

import msgspec
from dnslib import (
    CNAME,
    EDNS0,
    MX,
    NS,
    PTR,
    RD,
    RR,
    SOA,
    DNSBuffer,
    DNSError,
    DNSHeader,
    DNSLabel,
    DNSQuestion,
    EDNSOption,
)
from dnslib.buffer import BufferError as TooShortError

from resolver.answers.answer import Answer, Question, Rcode
from resolver.answers.opt import COOKIE
from resolver.names import MAX_LABEL, MAX_NAME, fold, from_wire
from resolver.records import RRset, Type

HEADER_SIZE = 12
EDNS_SIZE = 1232
EDNS_VERSION = 0
PLAIN_SIZE = 512
NSID = 3

# A query has an OPT record, perhaps a signature; a long message of many would only cost time.
_MAX_RECORDS = 16

_RESPONSE_BIT = 0x8000
_AUTHORITATIVE_BIT = 0x0400
_TRUNCATED_BIT = 0x0200
_OPCODE_AND_RD_BITS = 0x7900


class MalformedError(Exception):
    """The bytes are no DNS query; the answer to them is FORMERR."""


class Edns(msgspec.Struct, frozen=True, gc=False):
    """What an OPT record says (RFC 6891): version, the peer's UDP size in bytes, DO, and option codes."""

    version: int
    size: int
    dnssec_ok: bool
    options: frozenset[int]


class Query(msgspec.Struct, frozen=True, gc=False):
    """A parsed query: its header's id and flags as they came, one question, and EDNS if it has it."""

    id: int
    flags: int
    question: Question
    edns: Edns | None = None


class _Buffer(DNSBuffer):  # type: ignore[misc]
    """dnslib's buffer with names by RFC 1035 §4.1.4, any bytes in them, compressed whatever their case."""

    offset: int

    def decode_name(self, last: int = -1) -> DNSLabel:
        """Read the name at the offset; raises MalformedError. Called by dnslib, as is ``encode_name``."""
        labels: list[bytes] = []
        limit, resume, size = self.offset, -1, 1
        while True:
            (length,) = self.unpack("!B")
            if length >= 0xC0:
                target = (length & 0x3F) << 8 | self.unpack("!B")[0]
                resume = self.offset if resume < 0 else resume
                # Each pointer goes further back than the one before, so there is an end.
                if not HEADER_SIZE <= target < limit:
                    raise MalformedError("a compression pointer that does not point back")
                self.offset = limit = target
            elif length > MAX_LABEL:
                raise MalformedError("a reserved label type")
            elif length:
                labels.append(self.get(length))
                size += length + 1
            else:
                break
            if size > MAX_NAME:
                raise MalformedError("a name over 255 bytes")
        self.offset = self.offset if resume < 0 else resume
        return DNSLabel(labels)

    def encode_name(self, name: DNSLabel) -> None:
        """Write a name, as a pointer where its end stands already."""
        labels = name.label
        folded = fold(labels)
        for start, label in enumerate(labels):
            known = self.names.get(folded[start:])
            if known is not None:
                self.pack("!H", 0xC000 | known)
                return
            if self.offset < 0x4000:
                self.names[folded[start:]] = self.offset
            self.pack("!B", len(label))
            self.append(label)
        self.append(b"\0")


def parse_query(wire: bytes) -> Query:
    """The query in ``wire``, which has at least a header; raises MalformedError."""
    buffer = _Buffer(wire)
    try:
        header = DNSHeader.parse(buffer)
        if header.q != 1:
            raise MalformedError("not exactly one question")
        asked = DNSQuestion.parse(buffer)
        edns = _parse_records(buffer, header.a + header.auth, header.ar)
    # A message that is cut short: dnslib tells it by the one error or the other.
    except (TooShortError, DNSError) as error:
        raise MalformedError(str(error)) from None
    if buffer.remaining():
        raise MalformedError("bytes after the end")
    question = Question(tuple(asked.qname.label), asked.qtype, asked.qclass)
    return Query(header.id, header.bitmap, question, edns)


def _parse_records(buffer: _Buffer, before: int, additional: int) -> Edns | None:
    if before + additional > _MAX_RECORDS:
        raise MalformedError("more records than any query has")
    edns = None
    for index in range(before + additional):
        name = buffer.decode_name()
        rtype, rclass, ttl, length = buffer.unpack("!HHIH")
        data = buffer.get(length)
        if rtype == Type.OPT:
            if edns or name.label or index < before:
                raise MalformedError("an OPT record in the wrong place (RFC 6891 §6.1.1)")
            edns = Edns(ttl >> 16 & 0xFF, rclass, bool(ttl & 0x8000), _parse_options(data))
    return edns


def _parse_options(data: bytes) -> frozenset[int]:
    buffer, codes = DNSBuffer(data), set()
    while buffer.remaining():
        code, length = buffer.unpack("!HH")
        buffer.get(length)
        codes.add(code)
    return frozenset(codes)


def build_error(wire: bytes, rcode: Rcode, *, opt: bytes = b"") -> bytes:
    """A bare header, with ``opt`` behind, that answers ``wire``: for what need not, or cannot, be read."""
    flags = int.from_bytes(wire[2:4]) & _OPCODE_AND_RD_BITS
    return wire[:2] + (flags | _RESPONSE_BIT | rcode).to_bytes(2) + bytes(7) + bytes([bool(opt)]) + opt


def build_response(
    query: Query, answer: Answer, *, limit: int, nsid: bytes = b"", cookie: bytes = b""
) -> bytes:
    """The message that carries ``answer``, at most ``limit`` bytes: else without glue, else truncated.

    Its OPT record, where the query had one, has ``cookie`` in any case, and ``nsid`` if that was asked for
    and there is room.
    """
    options = [EDNSOption(COOKIE, cookie)] if cookie else []
    asks_nsid = query.edns is not None and NSID in query.edns.options
    every = [EDNSOption(NSID, nsid), *options] if nsid and asks_nsid else options
    full = _pack(query, answer, every)
    if len(full) <= limit:
        return full
    # The glue of a referral, also of one behind an alias, must not be left out in silence (RFC 9471).
    if answer.additional and answer.answer and not answer.authority:
        without = _pack(query, msgspec.structs.replace(answer, additional=()), every)
        if len(without) <= limit:
            return without
    bare = Answer(answer.rcode, answer.authoritative)
    cut = _pack(query, bare, every, truncated=True)
    return cut if len(cut) <= limit else _pack(query, bare, options, truncated=True)


def _pack(query: Query, answer: Answer, options: list[EDNSOption], *, truncated: bool = False) -> bytes:
    buffer = _Buffer()
    opt = [] if query.edns is None else [_opt(query.edns, answer.rcode, options)]
    asked = query.question
    parts = (answer.answer, answer.authority, answer.additional)
    sections = [_records(rrsets, asked.rclass) for rrsets in parts]
    sections[2] += opt
    flags = query.flags & _OPCODE_AND_RD_BITS | _RESPONSE_BIT | answer.rcode & 0xF
    flags |= _AUTHORITATIVE_BIT * answer.authoritative | _TRUNCATED_BIT * truncated
    DNSHeader(query.id, flags, 1, *map(len, sections)).pack(buffer)
    DNSQuestion(DNSLabel(asked.name), asked.type, asked.rclass).pack(buffer)
    for record in (record for section in sections for record in section):
        record.pack(buffer)
    return bytes(buffer.data)


def _opt(edns: Edns, rcode: Rcode, options: list[EDNSOption]) -> RR:
    do = "do" if edns.dnssec_ok else ""
    return EDNS0(ext_rcode=rcode >> 4, version=EDNS_VERSION, flags=do, udp_len=EDNS_SIZE, opts=options)


def _records(rrsets: Iterable[RRset], rclass: int) -> list[RR]:
    return [
        RR(DNSLabel(rrset.name), rrset.type, rclass, rrset.ttl, _rdata(rrset.type, data))
        for rrset in rrsets
        for data in rrset.data
    ]


def _rdata(rtype: int, data: bytes) -> RD:
    """The RDATA as dnslib packs it: names compressed where RFC 3597 §4 allows that, bytes elsewhere."""
    if rtype in _ONE_NAME:
        return _ONE_NAME[rtype](_label(data))
    if rtype == Type.MX:
        return MX(_label(data, 2), int.from_bytes(data[:2]))
    if rtype == Type.SOA:
        primary, middle = from_wire(data)
        mailbox, end = from_wire(data, middle)
        times = [int.from_bytes(data[index : index + 4]) for index in range(end, end + 20, 4)]
        return SOA(DNSLabel(primary), DNSLabel(mailbox), times)
    return RD(data)


_ONE_NAME: dict[int, type[RD]] = {Type.NS: NS, Type.CNAME: CNAME, Type.PTR: PTR}


def _label(data: bytes, start: int = 0) -> DNSLabel:
    return DNSLabel(from_wire(data, start)[0])
