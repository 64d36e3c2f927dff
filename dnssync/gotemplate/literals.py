"""Go's literals: quoted strings, runes and numbers, from source text to values.

Source: The Go Programming Language Specification, "Integer literals" to "String literals".
"""

import re

_ESCAPE = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\\'\"])|x(?P<x>[0-9a-fA-F]{2})|(?P<octal>[0-7]{3})"
    r"|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|(?P<bad>.?))",
    re.DOTALL,
)
_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, "'": 39, '"': 34}
_DECIMAL_FLOAT = re.compile(r"[+-]?(?:D\.?D?|\.D)(?:[eE][+-]?D)?".replace("D", r"(?:\d(?:_?\d)*)"))
_HEX_FLOAT = re.compile(
    r"[+-]?0[xX](?:_?D\.?D?|\.D)[pP][+-]?\d(?:_?\d)*".replace("D", r"(?:[\da-fA-F](?:_?[\da-fA-F])*)")
)
_INTEGER = re.compile(
    r"[+-]?(?:0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)"
)
INT_MIN, INT_MAX = -(2**63), 2**63 - 1


def unquote(literal: str) -> str:
    """The value of ``"..."`` or a raw string in back quotes; ValueError for an escape that Go lacks."""
    if literal[0] == "`":
        return literal[1:-1].replace("\r", "")
    return _unescape(literal[1:-1], other_quote="'")


def rune(literal: str) -> int:
    """The code point of ``'x'``; ValueError unless there is exactly one."""
    text = _unescape(literal[1:-1], other_quote='"')
    if len(text) != 1:
        raise ValueError(f"malformed character constant: {literal}")
    return ord(text)


def number(literal: str) -> int | float:
    """An int where Go would take an int, else a float; ValueError for bad syntax or more than 64 bits."""
    if _INTEGER.fullmatch(literal):
        return _integer(literal)
    if _HEX_FLOAT.fullmatch(literal):
        return _hex_float(literal)
    if _DECIMAL_FLOAT.fullmatch(literal) and any(mark in literal for mark in ".eE"):
        return _finite(float(literal.replace("_", "")), literal)
    raise ValueError(f"bad number syntax: {literal!r}")


def _integer(literal: str) -> int:
    digits = literal.replace("_", "")
    sign = -1 if digits[0] == "-" else 1
    digits = digits.lstrip("+-")
    is_old_octal = len(digits) > 1 and digits[0] == "0" and digits[1].isdigit()
    value = sign * (int(digits, 8) if is_old_octal else int(digits, 0))
    if not INT_MIN <= value <= INT_MAX:
        raise ValueError(f"integer overflow: {literal}")
    return value


def _hex_float(literal: str) -> float:
    try:
        return float.fromhex(literal.replace("_", ""))
    except OverflowError as error:
        raise ValueError(f"number too large: {literal}") from error


def _finite(value: float, literal: str) -> float:
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"number too large: {literal}")
    return value


def _unescape(text: str, *, other_quote: str) -> str:
    """Escapes of one byte (``\\x41``, ``\\101``) make bytes, which Go then reads as UTF-8."""
    out = bytearray()
    end = 0
    for match in _ESCAPE.finditer(text):
        out += text[end : match.start()].encode("utf-8", "replace")
        out += _escaped(match, other_quote)
        end = match.end()
    out += text[end:].encode("utf-8", "replace")
    return out.decode("utf-8", "replace")


def _escaped(match: re.Match[str], other_quote: str) -> bytes:
    groups = match.groupdict()
    if (simple := groups["simple"]) and simple != other_quote:
        return bytes([_SIMPLE[simple]])
    if groups["x"]:
        return bytes([int(groups["x"], 16)])
    if groups["octal"] and (code := int(groups["octal"], 8)) < 256:
        return bytes([code])
    if wide := groups["u"] or groups["U"]:
        code = int(wide, 16)
        if code <= 0x10FFFF and not 0xD800 <= code < 0xE000:
            return chr(code).encode()
    raise ValueError(f"invalid escape {match.group()!r} in a quoted string")
