"""Messages signed with a shared secret (TSIG, RFC 8945): checking them, and signing what is said to them.

The keyed hash is dnspython's; what is checked, in which order and what is said of a failure is here. Pure:
the time comes as an argument, in whole seconds.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Any

import msgspec

from resolver.answers.sections import Message
from resolver.answers.wire import HEADER_SIZE, MalformedError
from resolver.names import MAX_LABEL, MAX_NAME, Labels, to_wire, wire_length
from resolver.primary.keys import ALGORITHMS, Key

FUDGE = 300

_TYPE, _ANY = 250, 255
_MAX_RCODE = 0xFFF
# Type, class, TTL and length; times, fudge, and the lengths, number and error that follow.
_FIXED_SIZE = 10 + 16


class Fault(IntEnum):
    """What is wrong with a signature (RFC 8945 §3)."""

    NONE = 0
    BADSIG = 16
    BADKEY = 17
    BADTIME = 18
    BADTRUNC = 22


class Signature(msgspec.Struct, frozen=True):
    """A TSIG record that was read: its fields, and ``body``, the message as it was signed."""

    key: Labels
    algorithm: Labels
    time: int
    fudge: int
    original_id: int
    mac: bytes = b""
    error: int = 0
    other: bytes = b""
    body: bytes = b""


def find_signature(message: Message) -> Signature | None:
    """The message's TSIG, None if it has none; MalformedError for one in a wrong place (§5.2)."""
    records = [*message.answer, *message.authority, *message.additional]
    places = [index for index, record in enumerate(records) if record.type == _TYPE]
    if not places:
        return None
    record = records[-1]
    if places != [len(records) - 1] or not message.additional or record.rclass != _ANY or record.ttl:
        raise MalformedError("a TSIG record that is not the last one, or one of two")
    return _read(message, record.name, message.raw(record), record.at)


def _read(message: Message, key: Labels, data: bytes, at: int) -> Signature:
    labels: list[bytes] = []
    start = 0
    try:
        while length := data[start]:
            labels.append(data[start + 1 : start + 1 + length].lower())
            start += 1 + length
        high, low, fudge, size = struct.unpack_from("!HIHH", data, start + 1)
        mac, end = data[start + 11 : start + 11 + size], start + 11 + size
        original_id, error, other_size = struct.unpack_from("!HHH", data, end)
    except (IndexError, struct.error):
        raise MalformedError("a TSIG record that is cut short") from None
    other = data[end + 6 :]
    algorithm = tuple(labels)
    if error > _MAX_RCODE:
        raise MalformedError("a TSIG record with an error that there cannot be")
    if (
        len(other) != other_size
        or wire_length(algorithm) > MAX_NAME
        or max(map(len, labels), default=0) > MAX_LABEL
    ):
        raise MalformedError("a TSIG record whose lengths do not fit")
    wire = message.wire
    count = int.from_bytes(wire[10:12]) - 1
    body = original_id.to_bytes(2) + wire[2:10] + count.to_bytes(2) + wire[HEADER_SIZE:at]
    return Signature(key, algorithm, high << 32 | low, fudge, original_id, mac, error, other, body)


def check_signature(
    signature: Signature, keys: Mapping[Labels, Key], now: int, *, request_mac: bytes = b""
) -> Fault:
    """Key, MAC and time, in this order (§5.2); MalformedError for a MAC that is shorter than any may be.

    ``request_mac`` is that of the question to which this is the answer.
    """
    key = keys.get(signature.key)
    if key is None or key.wire_algorithm != signature.algorithm:
        return Fault.BADKEY
    full = ALGORITHMS[key.algorithm]
    if len(signature.mac) > full or len(signature.mac) < max(10, full // 2):
        raise MalformedError("a MAC of an impossible length")
    # §5.2.2.1: a truncated MAC is correct as far as it goes; not good enough here.
    if not _is_genuine(signature, key, request_mac):
        return Fault.BADSIG
    if len(signature.mac) < full:
        return Fault.BADTRUNC
    return Fault.BADTIME if abs(now - signature.time) > signature.fudge else Fault.NONE


def _is_genuine(signature: Signature, key: Key, request_mac: bytes) -> bool:
    import hmac

    said = _rdata(signature, signature.error, signature.other)
    signed, _ = _sign(signature.body, key, said, request_mac)
    return hmac.compare_digest(signed.mac[: len(signature.mac)], signature.mac)


class Signer:
    """Signs the answer to one question, message by message (§5.3.1: each of them)."""

    def __init__(self, key: Key, request_mac: bytes = b"") -> None:
        """``request_mac``: that of the question; none for a question of our own."""
        self._key = key
        self._mac = request_mac
        self._context: Any = None

    @property
    def mac(self) -> bytes:
        """The MAC of what was signed last."""
        return self._mac

    @property
    def size(self) -> int:
        """How many bytes a signature adds to a message."""
        names = wire_length(self._key.name) + wire_length(self._key.wire_algorithm)
        return names + _FIXED_SIZE + ALGORITHMS[self._key.algorithm]

    def sign(self, wire: bytes, now: int) -> bytes:
        """The message with its signature."""
        blank = Signature(self._key.name, self._key.wire_algorithm, now, FUDGE, int.from_bytes(wire[:2]))
        said = _rdata(blank)
        signed, self._context = _sign(wire, self._key, said, self._mac, self._context, multi=True)
        self._mac = signed.mac
        return _attach(wire, self._key.name, signed)

    def sign_all(self, wires: Iterable[bytes], now: int) -> Iterator[bytes]:
        """All messages of an answer, signed as one stream."""
        return (self.sign(wire, now) for wire in wires)


def sign_fault(
    wire: bytes, signature: Signature, fault: Fault, keys: Mapping[Labels, Key], now: int
) -> bytes:
    """The answer ``wire`` (§5.3.2) with what is wrong; signed only where the MAC was right, if short."""
    key = keys.get(signature.key)
    if fault in (Fault.BADTIME, Fault.BADTRUNC) and key:
        # The client's own time, by which it can check the MAC, and ours beside it if that is what is wrong.
        other = now.to_bytes(6) if fault is Fault.BADTIME else b""
        signed, _ = _sign(wire, key, _rdata(signature, fault, other), signature.mac)
        return _attach(wire, key.name, signed)
    return _attach(wire, signature.key, _rdata(signature, fault))


def _rdata(like: Signature, error: int = 0, other: bytes = b"") -> Any:
    import dns.name
    import dns.rdataclass
    import dns.rdatatype
    from dns.rdtypes.ANY import TSIG

    # dnspython says nothing of these types.
    make: Any = TSIG.TSIG
    kind, algorithm = dns.rdatatype.TSIG, dns.name.Name((*like.algorithm, b""))
    times = like.time, like.fudge
    return make(dns.rdataclass.ANY, kind, algorithm, *times, b"", like.original_id, error, other)


def _sign(
    wire: bytes, key: Key, said: Any, request_mac: bytes, context: Any = None, *, multi: bool = False
) -> tuple[Any, Any]:
    import dns.name
    import dns.tsig

    sign: Any = dns.tsig.sign
    shared = dns.tsig.Key(dns.name.Name((*key.name, b"")), key.secret, key.algorithm)
    signed, after = sign(wire, shared, said, said.time_signed, request_mac, context, multi)
    return signed, after


def _attach(wire: bytes, name: Labels, said: Any) -> bytes:
    data: bytes = said.to_wire()
    count = int.from_bytes(wire[10:12]) + 1
    header = to_wire(name) + struct.pack("!HHIH", _TYPE, _ANY, 0, len(data))
    return wire[:10] + count.to_bytes(2) + wire[12:] + header + data
