"""Resource records as values, and their presentation form turned into wire bytes. Pure."""

from collections.abc import Callable, Iterable
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address

import msgspec

from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text, to_text, to_wire

MAX_TTL = 2**31 - 1
# Bytes of one RRset on the wire: a message has 65535, less the question and what else it must carry.
MAX_RRSET = 60000


class Type(IntEnum):
    """The record types that the server has to know by number; any other is carried as bytes."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    HINFO = 13
    MX = 15
    TXT = 16
    AAAA = 28
    DNAME = 39
    OPT = 41
    DS = 43
    ANY = 255


ALONE = frozenset((Type.CNAME, Type.DNAME))
"""Types of which a name has one record at most (RFC 1034 §3.6.2, RFC 6672 §2.4)."""


class RRset(msgspec.Struct, frozen=True, gc=False):
    """All data of one name and type. ``data`` are uncompressed RDATA, ``ttl`` is in seconds."""

    name: Labels
    type: int
    ttl: int
    data: tuple[bytes, ...]


def is_meta(rtype: int) -> bool:
    """Whether the type can be asked for but never stored (RFC 6895 §3.1: OPT and 128 to 255)."""
    return rtype in (0, Type.OPT) or 128 <= rtype <= 255


def type_number(text: str) -> int:
    """The number of a type such as ``A`` or ``TYPE65280``; raises ResolverError."""
    from dnslib import QTYPE, DNSError

    try:
        number = getattr(QTYPE, text.upper())
    except DNSError:
        number = -1
    if not isinstance(number, int) or not 0 < number < 65536:
        raise ResolverError(f"{text!r} is not a record type")
    return number


def type_text(number: int) -> str:
    """The name of a type, such as ``A`` or ``TYPE65280``."""
    from dnslib import QTYPE

    # It says the bare number of a type that it does not know.
    name = str(QTYPE.get(number))
    return f"TYPE{number}" if name.isdecimal() else name


def rrset_from_text(
    name: str, rtype: str, ttl: int, data: Iterable[str], *, may_be_soa: bool = False
) -> RRset:
    """An RRset from presentation form; names are absolute, with or without the final dot.

    Raises ResolverError that names the record.
    """
    owner, number = fold(from_text(name)), type_number(rtype)
    where = f"{to_text(owner)} {rtype.upper()}"
    if is_meta(number) or (number == Type.SOA and not may_be_soa):
        raise ResolverError(f"{where}: records of this type cannot be set")
    if not 0 <= ttl <= MAX_TTL:
        raise ResolverError(f"{where}: the TTL {ttl} is not within 0 and {MAX_TTL} (RFC 2181)")
    packed = tuple(dict.fromkeys(_rdata(where, number, text) for text in data))
    if not packed:
        raise ResolverError(f"{where}: no data")
    if number in ALONE and len(packed) > 1:
        raise ResolverError(f"{where}: there is exactly one target for a name")
    if sum(len(rdata) + 12 for rdata in packed) > MAX_RRSET:
        raise ResolverError(f"{where}: more data than fits into one DNS message")
    return RRset(owner, number, ttl, packed)


def _rdata(where: str, rtype: int, text: str) -> bytes:
    try:
        parse = _PARSERS.get(rtype)
        return parse(text) if parse else _other(rtype, text)
    except ValueError as error:
        raise ResolverError(f"{where}: {text!r} cannot be read: {error}") from None


def _ipv6(text: str) -> bytes:
    address = IPv6Address(text)
    if address.scope_id is not None:
        raise ResolverError("an address with an interface name")
    return address.packed


def _other(rtype: int, text: str) -> bytes:
    # dnspython knows the text of every type; dnslib checks little and lacks many. Loaded only when needed.
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    try:
        kind = dns.rdatatype.RdataType.make(rtype)
        rdata = dns.rdata.from_text(dns.rdataclass.IN, kind, text, origin=dns.name.root, relativize=False)
        wire = rdata.to_wire()
    except dns.exception.DNSException as error:
        raise ResolverError(str(error)) from None
    assert wire is not None, "to_wire without a file returns bytes"
    return wire


_PARSERS: dict[int, Callable[[str], bytes]] = {
    Type.A: lambda text: IPv4Address(text).packed,
    Type.AAAA: _ipv6,
    Type.CNAME: lambda text: to_wire(from_text(text)),
    Type.NS: lambda text: to_wire(from_text(text)),
    Type.PTR: lambda text: to_wire(from_text(text)),
}
