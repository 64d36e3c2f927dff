"""Names that carry an address: the grammar, in both directions. Pure.

One name encodes at most one address, and it is the one that stands directly before the zone:

    app.2001-db8--1       IPv6, dashed: the whole last label, ``-`` for ``:`` and ``--`` for ``::``
    app.20010db8…0001     IPv6, hex: the whole last label is 32 hex digits
    app.0a000005          IPv4, hex: the whole last label is 8 hex digits (can be switched off)
    app-10-0-0-5          IPv4, dashed: the last label ends in four octets, at its start or after a dash
    app.10.0.0.5          IPv4, dotted: the last four labels; the first of them may be ``text-10``

The forms are tried in this order. Octets are decimal, 0 to 255, without leading zeros.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, NamedTuple, get_args

from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text, is_within

Address = IPv4Address | IPv6Address
Style = Literal["dashed", "dotted", "hex"]

_OCTETS = {str(number).encode(): number for number in range(256)}
_HEX = b"0123456789abcdef"
_ZERO_RUN = re.compile(r"(?<![^-])0(?:-0)+(?![^-])")


class Encoded(NamedTuple):
    """An address found in a name, and how many labels before the zone it takes."""

    address: Address
    labels: int


def decode(name: str, zone: str, *, hex_ipv4: bool = True) -> Address | None:
    """The address that ``name`` (presentation form, any case) encodes before ``zone``; None if none.

    ``hex_ipv4`` False switches the eight-digit form off.
    """
    try:
        labels, origin = fold(from_text(name)), fold(from_text(zone))
    except ResolverError:
        return None
    if not is_within(labels, origin):
        return None
    found = find_encoded(labels[: len(labels) - len(origin)], hex_ipv4=hex_ipv4)
    return found.address if found else None


def find_encoded(prefix: Labels, *, hex_ipv4: bool = True) -> Encoded | None:
    """The address in ``prefix``, the folded labels before the zone; None if there is none."""
    if not prefix:
        return None
    last = prefix[-1]
    address = _dashed_ipv6(last) or _hex(last, hex_ipv4=hex_ipv4) or _ipv4(last.rsplit(b"-", 4)[-4:])
    if address is not None:
        return Encoded(address, 1)
    if len(prefix) < 4:
        return None
    dotted = _ipv4([prefix[-4].rpartition(b"-")[2], *prefix[-3:]])
    return Encoded(dotted, 4) if dotted else None


def is_possible_inner(prefix: Labels) -> bool:
    """Whether the folded labels could be the tail of a dotted address: ``5``, ``0.5``, ``0.0.5``.

    Such names exist without data (empty non-terminals, RFC 8020): with NXDOMAIN for one of them a
    recursor that minimises names (RFC 9156) would never ask for ``10.0.0.5``.
    """
    return 0 < len(prefix) < 4 and all(label in _OCTETS for label in prefix)


def encode(address: str | Address, style: Style = "dashed") -> str:
    """The label text of an address; ``decode`` of it before any zone gives the address back.

    ``dashed``: ``10-0-0-5``, ``2001-db8--1``, ``0--1`` (a label must not begin or end with a dash);
    ``dotted``: IPv4 only, four labels; ``hex``: 8 or 32 digits. Raises ResolverError.
    """
    value = _parse(address)
    if style not in get_args(Style):
        raise ResolverError(f"{style!r} is no style of an address; take one of {', '.join(get_args(Style))}")
    if style == "hex":
        return value.packed.hex()
    if isinstance(value, IPv4Address):
        return str(value).replace(".", "-") if style == "dashed" else str(value)
    if style == "dotted":
        raise ResolverError(f"{value} is an IPv6 address, which has no dotted form; use dashed or hex")
    return _dashed_label(value)


def _parse(address: str | Address) -> Address:
    try:
        value = ip_address(address)
    except ValueError:
        raise ResolverError(f"{address!r} is not an IP address") from None
    if isinstance(value, IPv6Address) and value.scope_id is not None:
        raise ResolverError(f"{address} has an interface name in it, which a DNS record cannot carry")
    return value


def _dashed_label(address: IPv6Address) -> str:
    # Not str(address): newer Pythons write IPv4-mapped addresses with dots.
    pairs = [address.packed[index : index + 2] for index in range(0, 16, 2)]
    groups = "-".join(f"{int.from_bytes(pair):x}" for pair in pairs)
    run = max(_ZERO_RUN.finditer(groups), key=lambda found: len(found.group()), default=None)
    if run is None:
        return groups
    left, right = groups[: run.start()].rstrip("-"), groups[run.end() :].lstrip("-")
    return f"{left or '0'}--{right or '0'}"


def _dashed_ipv6(label: bytes) -> IPv6Address | None:
    if b"-" not in label or label.translate(None, _HEX + b"-"):
        return None
    try:
        return IPv6Address(label.decode("ascii").replace("-", ":"))
    except ValueError:
        return None


def _hex(label: bytes, *, hex_ipv4: bool) -> Address | None:
    if len(label) not in (8, 32) or label.translate(None, _HEX):
        return None
    packed = bytes.fromhex(label.decode("ascii"))
    if len(packed) == 16:
        return IPv6Address(packed)
    return IPv4Address(packed) if hex_ipv4 else None


def _ipv4(texts: list[bytes]) -> IPv4Address | None:
    octets = [_OCTETS[text] for text in texts if text in _OCTETS]
    return IPv4Address(bytes(octets)) if len(octets) == len(texts) == 4 else None
