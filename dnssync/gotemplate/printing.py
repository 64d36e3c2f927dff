"""How Go prints values: ``%v``, print and println, quoting and floating-point numbers.

Source: the documentation of Go's fmt and strconv.
"""

import math
from collections.abc import Iterable
from decimal import Decimal

from dnssync.gotemplate.limits import check_length, concatenate
from dnssync.gotemplate.values import Missing, Pointer, Struct, Value

_ESCAPES = {"\a": "a", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", "\v": "v", "\\": "\\"}


def show(value: Value) -> str:
    """``%v``."""
    match value:
        case None | Missing.MISSING:
            return "<nil>"
        case bool():
            return "true" if value else "false"
        case str():
            return str(value)
        case float():
            return show_float(value)
        case int():
            return str(value)
        case Pointer():
            return show(value.target)
        case list():
            return f"[{' '.join(show(item) for item in value)}]"
        case dict():
            return f"map[{' '.join(f'{key}:{show(value[key])}' for key in sorted(value))}]"
        case Struct():
            return f"{{{value.type_name}}}"


def join(values: Iterable[Value]) -> str:
    """print: a space between two operands of which neither is a string."""
    out: list[str] = []
    previous: Value = ""
    for value in values:
        if out and not isinstance(value, str) and not isinstance(previous, str):
            out.append(" ")
        out.append(show(value))
        previous = value
    return concatenate(out)


def join_line(values: Iterable[Value]) -> str:
    """println: a space between all operands, and a line end."""
    return concatenate(map(show, values), separator=" ") + "\n"


def quote(text: str, *, ascii_only: bool = False, mark: str = '"') -> str:
    """``%q``: a Go string literal (or a rune literal, with ``'`` as the mark)."""
    out = [_escape(char, ascii_only, mark) for char in text]
    check_length(len(out))
    return f"{mark}{''.join(out)}{mark}"


def _escape(char: str, ascii_only: bool, mark: str) -> str:
    if char == mark:
        return "\\" + mark
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    if char.isprintable() and (char.isascii() or not ascii_only):
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def show_float(value: float) -> str:
    """The shortest text that reads back, with an exponent below 1e-4 and from 1e6."""
    if not math.isfinite(value):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    magnitude = len(digits) + int(exponent) - 1 if any(digits) else 0
    if -4 <= magnitude < 6:
        return _plain(repr(value))
    mantissa = "".join(map(str, digits))
    fraction = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
    return f"{'-' if sign else ''}{mantissa[0]}{fraction}e{'-' if magnitude < 6 else '+'}{abs(magnitude):02d}"


def _plain(text: str) -> str:
    """Without exponent and without a fraction of zeros."""
    plain = format(Decimal(text), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
