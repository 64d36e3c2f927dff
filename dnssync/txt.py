"""The presentation form of TXT data: quoted strings of at most 255 octets (RFC 1035 §3.3, §3.3.14, §5.1)."""

import re
from collections.abc import Iterator

MAX_STRING = 255

# One character of a quoted string: an octet by number, an escaped character, or a plain one.
_UNIT = r'\\[0-9]{3}|\\[^0-9]|[^"\\]'
_UNITS = re.compile(_UNIT, re.DOTALL)
_STRING = rf'"((?:{_UNIT})*)"'
_STRINGS = re.compile(_STRING, re.DOTALL)
_QUOTED = re.compile(rf"{_STRING}(?:\s+{_STRING})*", re.DOTALL)
_SPECIAL = re.compile(r'["\\\x00-\x1f\x7f]')


def presentation(text: str) -> str:
    """``text`` as quoted strings, each of at most 255 octets, with one space between them.

    What is quoted already keeps its strings and its escapes, and only what is too long is split, so that
    doing it twice changes nothing. Anything else is taken literally; one pair of quotes around the whole is
    not part of it.
    """
    if _QUOTED.fullmatch(text):
        strings = _STRINGS.findall(text)
    else:
        outer = len(text) > 1 and text.startswith('"') and text.endswith('"')
        strings = [_SPECIAL.sub(_escape, text[1:-1] if outer else text)]
    return " ".join(f'"{part}"' for string in strings for part in _parts(string))


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return f"\\{char}" if char in '"\\' else f"\\{ord(char):03d}"


def _parts(string: str) -> Iterator[str]:
    """The string in pieces of at most 255 octets, cut between characters; an empty string is one piece."""
    part, size = "", 0
    for unit in _UNITS.findall(string):
        octets = (
            1 if unit.startswith("\\") and unit[1:].isdecimal() else len(unit.lstrip("\\").encode() or b"x")
        )
        if size + octets > MAX_STRING:
            yield part
            part, size = "", 0
        part, size = part + unit, size + octets
    yield part
