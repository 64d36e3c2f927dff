"""The address in a name, read from the bytes of a message without taking its labels apart. Pure.

The grammar of ``addresses`` once more, for speed; names are folded and come without the root's label.
"""

from binascii import unhexlify
from socket import AF_INET, AF_INET6, inet_pton

from resolver.addresses import is_possible_inner
from resolver.names import MAX_LABEL, from_wire

# From the length of a label to the next one; whatever is no length leads out of every name.
STEPS = [length + 1 if 0 < length <= MAX_LABEL else 1000 for length in range(256)]
OCTETS = frozenset(str(number).encode() for number in range(256))
_HEX_SIZES = frozenset((8, 32))
_HEX = b"0123456789abcdef"
_HEX_AND_DASH = _HEX + b"-"
_COLONS = bytes.maketrans(b"-", b":")
# The length of a label that can be an octet stands for a dot; a dot inside a label does not.
_DOTTED = bytes.maketrans(b"\1\2\3.", b"...x")


def read_address(name: bytes, cut: int, fourth: int, label: bytes) -> bytes | None:
    """The packed address that stands directly before ``cut``; None if there is none.

    ``label`` is the last one before it, and the fourth one from there begins at ``fourth``, -1 for none.
    """
    if label in OCTETS:
        if fourth < 0:
            return None
        # Text and a dash may stand before the first octet; before the others they are no octets.
        start = (name.rfind(b"-", fourth + 1, fourth + STEPS[name[fourth]]) + 1) or fourth + 1
        text = name[start:cut].translate(_DOTTED)
    elif (dashes := label.count(b"-")) < 2:
        is_hex = len(label) in _HEX_SIZES and not label.translate(None, _HEX)
        return unhexlify(label) if is_hex else None
    else:
        packed = _read_ipv6(label) if dashes == 7 or b"--" in label else None
        if packed or dashes < 3:
            return packed
        # A dot inside a label would give more parts than four.
        text = b".".join(label.rsplit(b"-", 4)[-4:])
    try:
        return inet_pton(AF_INET, text.decode())
    except (OSError, ValueError):
        return None


def is_inner(name: bytes, cut: int) -> bool:
    """Whether what stands before ``cut`` could be the tail of a dotted address."""
    return is_possible_inner(from_wire(name[:cut] + b"\0")[0])


def _read_ipv6(label: bytes) -> bytes | None:
    if label.translate(None, _HEX_AND_DASH):
        return None
    try:
        return inet_pton(AF_INET6, label.translate(_COLONS).decode())
    except OSError:
        return None
