"""How Route 53 spells names and text: octal escapes (DomainNameFormat page), quoted strings, A-labels."""

import re

from dnssync import txt
from dnssync.names import ascii_name

_ESCAPES = re.compile(r"(?:\\[0-3][0-7]{2})+")
_ESCAPE = re.compile(r"\\([0-3][0-7]{2})")
_NEEDS_ESCAPE = re.compile(r"[^!-~]")
_NOT_PRINTABLE = re.compile(r"[^ -~]")

# A dot or backslash inside a label: decoded, it would become another name, so it stays an escape.
_KEPT = frozenset({0o056, 0o134})

# Types whose last field is a host name.
_HOST_TYPES = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV"})


def read_name(name: str) -> str:
    r"""The name that the service wrote as ``name``: ``\052.example.com.`` → ``*.example.com.``"""
    return _ESCAPES.sub(_decode, name) if "\\" in name else name


def write_name(name: str) -> str:
    """``name`` (no trailing dot) as the service takes it: non-ASCII as A-labels, blanks as octal escapes.

    ASCII names keep their case: the service lower-cases what it stores.
    """
    plain = name if name.isascii() else ascii_name(name)
    return _NEEDS_ESCAPE.sub(_encode, plain)


def stored_name(name: str) -> str:
    """The one spelling in which the service gives ``name`` back: lower case, escapes, trailing dot."""
    plain = read_name(write_name(name)).lower().removesuffix(".")
    return re.sub(r"[^a-z0-9_.\\-]", _encode, plain) + "."


def order_key(stored: str) -> str:
    """By this the service sorts stored names: labels reversed, each with its dot (ListResourceRecordSets)."""
    return ".".join(reversed(stored.removesuffix(".").split("."))) + "."


def write_value(record_type: str, value: str) -> str:
    """One target as a ResourceRecord value."""
    if record_type == "TXT":
        return txt_value(value)
    if record_type in _HOST_TYPES and not value.isascii():
        *fields, host = value.split(" ")
        return " ".join([*fields, ascii_name(host)])
    return value


def txt_value(text: str) -> str:
    """``text`` as quoted strings of at most 255 octets, everything but printable ASCII as octal escapes.

    What is quoted already keeps its strings; doing it twice changes nothing.
    """
    if not text.startswith('"'):
        text = '"' + re.sub(r'["\\]', r"\\\g<0>", text) + '"'
    return _NOT_PRINTABLE.sub(_encode, txt.presentation(text))


def _decode(escapes: re.Match[str]) -> str:
    codes = [int(code, 8) for code in _ESCAPE.findall(escapes.group())]
    if _KEPT.intersection(codes):
        return "".join(f"\\{code:03o}" if code in _KEPT or code > 0o177 else chr(code) for code in codes)
    try:
        return bytes(codes).decode()
    except UnicodeDecodeError:
        return escapes.group()


def _encode(char: re.Match[str]) -> str:
    return "".join(f"\\{byte:03o}" for byte in char.group().encode())
