"""Names as bytes of a message: their labels walked, and the address before the zone read. Pure.

The same grammar as ``addresses`` for folded wire bytes, without taking the labels apart first.
"""

from binascii import unhexlify
from socket import AF_INET, AF_INET6, inet_pton

from resolver.addresses import is_possible_inner
from resolver.names import MAX_LABEL, MAX_NAME, from_wire

_OCTETS = frozenset(str(number).encode() for number in range(256))
_HEX = b"0123456789abcdef"
_HEX_AND_DASH = _HEX + b"-"
_COLONS = bytes.maketrans(b"-", b":")
# A dot inside a label is none between octets; the length of a label that can be an octet is.
_DASHED = bytes.maketrans(b"-.", b".x")
_DOTTED = bytes.maketrans(b"\1\2\3.", b"...x")


def walk(name: bytes, cut: int) -> tuple[int, int, int] | None:
    """Where the fourth, third and last label before ``cut`` have their text (0: there is none so far left).

    None if no label ends at ``cut``, or if the name, which comes without the root's label, is none at all.
    """
    if len(name) >= MAX_NAME:
        return None
    fourth = third = second = last = at = 0
    while at < cut:
        length = name[at]
        if length > MAX_LABEL:
            return None
        at += 1
        fourth, third, second, last = third, second, last, at
        at += length
    return (fourth, third, last) if at == cut else None


def read_address(name: bytes, cut: int, starts: tuple[int, int, int], *, hex_ipv4: bool) -> bytes | None:
    """The packed address that stands directly before ``cut``; None if there is none."""
    fourth, third, last = starts
    label = name[last:cut]
    dashes = label.count(b"-")
    if not dashes:
        if label in _OCTETS:
            return _read_dotted(name, cut, fourth, third) if fourth else None
        return _read_hex(label, hex_ipv4=hex_ipv4)
    if (dashes == 7 or b"--" in label) and not label.translate(None, _HEX_AND_DASH):
        try:
            return inet_pton(AF_INET6, label.translate(_COLONS).decode())
        except OSError:
            pass
    if dashes < 3:
        return None
    return _read_octets(b"-".join(label.rsplit(b"-", 4)[-4:]).translate(_DASHED))


def is_inner(name: bytes, cut: int, last: int) -> bool:
    """Whether what stands before ``cut``, its last label at ``last``, could be an address's tail."""
    return name[last:cut] in _OCTETS and is_possible_inner(from_wire(name[:cut] + b"\0")[0])


def _read_dotted(name: bytes, cut: int, fourth: int, third: int) -> bytes | None:
    # Text and a dash may stand before the first octet, but not before the others.
    dash = name.rfind(b"-", fourth, cut)
    if dash >= third - 1:
        return None
    return _read_octets(name[max(dash + 1, fourth) : cut].translate(_DOTTED))


def _read_octets(text: bytes) -> bytes | None:
    try:
        return inet_pton(AF_INET, text.decode())
    except (OSError, ValueError):
        return None


def _read_hex(label: bytes, *, hex_ipv4: bool) -> bytes | None:
    if len(label) == 32 or (len(label) == 8 and hex_ipv4):
        return None if label.translate(None, _HEX) else unhexlify(label)
    return None
