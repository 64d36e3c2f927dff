"""DNS names as tuples of labels: bytes as on the wire, left to right, without the root's empty label.

Labels are arbitrary bytes (RFC 2181 §11); text is the presentation form of RFC 1035 §5.1, in which
``\\.`` is a dot inside a label and ``\\DDD`` a byte by its decimal value. ``()`` is the root.
"""

import re

from resolver.errors import ResolverError

Labels = tuple[bytes, ...]

MAX_LABEL = 63
MAX_NAME = 255

_TOKEN = re.compile(rb"\\(?P<code>[0-9]{3})|\\(?P<char>[^0-9])|(?P<dot>\.)|(?P<plain>[^\\.]+)", re.DOTALL)
_ORDINARY = frozenset(range(0x21, 0x7F)) - frozenset(b'.\\"();@$')


def from_text(text: str) -> Labels:
    """The labels of a name in presentation form, the final dot left away or not.

    Raises ResolverError for empty or too long labels, too long names (RFC 1035 §2.3.4), bad escapes, and for
    letters that are not ASCII, which nobody would ask for in this form (RFC 5891).
    """
    if not text.isascii():
        raise ResolverError(
            f"the name {text!r} is not ASCII; write its labels as xn--…, other bytes as \\DDD"
        )
    raw = text.encode("ascii")
    if raw in (b"", b"."):
        return ()
    labels = tuple(_split(raw, text) if b"\\" in raw else raw.removesuffix(b".").split(b"."))
    if not all(0 < len(label) <= MAX_LABEL for label in labels):
        raise ResolverError(f"the name {text!r} has a label that is empty or longer than {MAX_LABEL} bytes")
    if wire_length(labels) > MAX_NAME:
        raise ResolverError(f"the name {text!r} is longer than {MAX_NAME} bytes")
    return labels


def _split(raw: bytes, text: str) -> list[bytes]:
    labels = [bytearray()]
    end = 0
    for token in _TOKEN.finditer(raw):
        code = int(token["code"] or 0)
        if token.start() != end or code > 255:
            break
        end = token.end()
        if token["dot"]:
            labels.append(bytearray())
        else:
            labels[-1] += bytes([code]) if token["code"] else token["char"] or token["plain"]
    if end != len(raw):
        raise ResolverError(f"the name {text!r} has a bad escape at byte {end}")
    if not labels[-1]:
        labels.pop()
    return [bytes(label) for label in labels]


def to_text(labels: Labels) -> str:
    """The presentation form with its final dot, in the case that the labels have."""
    return "".join(_label_text(label) + "." for label in labels) or "."


def _label_text(label: bytes) -> str:
    if _ORDINARY.issuperset(label):
        return label.decode("ascii")
    return "".join(_byte_text(byte) for byte in label)


def _byte_text(byte: int) -> str:
    if byte in _ORDINARY:
        return chr(byte)
    return f"\\{chr(byte)}" if 0x21 <= byte < 0x7F else f"\\{byte:03d}"


def fold(labels: Labels) -> Labels:
    """The labels in the case by which names are compared (only ASCII letters have one, RFC 4343)."""
    return tuple(label.lower() for label in labels)


def is_within(name: Labels, zone: Labels) -> bool:
    """Whether ``name`` is ``zone`` or lies below it; both folded."""
    return len(name) >= len(zone) and name[len(name) - len(zone) :] == zone


def wire_length(labels: Labels) -> int:
    """How many bytes the name takes on the wire without compression."""
    return sum(len(label) + 1 for label in labels) + 1


def to_wire(labels: Labels) -> bytes:
    """The uncompressed wire form."""
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def from_wire(data: bytes, start: int = 0) -> tuple[Labels, int]:
    """The uncompressed name that begins at ``start`` of trusted ``data``, and where it ends."""
    labels = []
    while length := data[start]:
        labels.append(data[start + 1 : start + 1 + length])
        start += 1 + length
    return tuple(labels), start + 1
