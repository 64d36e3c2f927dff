"""One value by one format verb.

Source: the documentation of Go's fmt, "Printing".
"""

import math
from collections.abc import Iterable

import msgspec

from dnssync.gotemplate.limits import concatenate
from dnssync.gotemplate.printing import quote, show, show_float
from dnssync.gotemplate.values import Missing, Pointer, Struct, Value, type_name

_BASES = {"d": "d", "v": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES = {"b": "0b", "o": "0", "O": "0o", "x": "0x", "X": "0X"}
_MAX_DIGITS = 1100
"""More digits than any float has."""


class Spec(msgspec.Struct, frozen=True):
    """One directive of a format: ``%-8.3f``."""

    verb: str
    flags: str = ""
    width: int = 0
    precision: int | None = None

    def without(self, flags: str) -> "Spec":
        """The same less some flags."""
        kept = "".join(flag for flag in self.flags if flag not in flags)
        return msgspec.structs.replace(self, flags=kept)


def format_value(value: Value, spec: Spec) -> str:
    """One value by one directive; lists and maps apply it to each of their elements."""
    if spec.verb == "T":
        return _pad(type_name(value), spec)
    match value:
        case None | Missing.MISSING:
            return _pad("<nil>", spec) if spec.verb == "v" else f"%!{spec.verb}(<nil>)"
        case Pointer():
            return format_value(value.target, spec)
        case list():
            return f"[{_joined(_element(item, spec) for item in value)}]"
        case dict():
            pairs = (f"{format_value(key, spec)}:{_element(value[key], spec)}" for key in sorted(value))
            return f"map[{_joined(pairs)}]"
        case Struct():
            return show(value)
        case bool():
            return _pad(show(value), spec) if spec.verb in "tv" else _bad_verb(value, spec)
        case str():
            return _string(value, spec)
        case int():
            return _integer(value, spec)
        case float():
            return _float(value, spec)


def _element(value: Value, spec: Spec) -> str:
    return "<nil>" if value is None else format_value(value, spec)


def _joined(parts: Iterable[str]) -> str:
    return concatenate(parts, separator=" ")


def _string(value: str, spec: Spec) -> str:
    if spec.verb in "xX":
        return _pad(_hex(value, spec), spec)
    shown = value[: spec.precision]
    if spec.verb == "q":
        return _pad(quote(shown, ascii_only="+" in spec.flags), spec)
    return _pad(shown, spec) if spec.verb in "vs" else _bad_verb(value, spec)


def _hex(value: str, spec: Spec) -> str:
    data = value.encode("utf-8", "replace")[: spec.precision]
    digits = data.hex(" ") if " " in spec.flags else data.hex()
    shown = "0x" + digits if digits and "#" in spec.flags else digits
    return shown.upper() if spec.verb == "X" else shown


def _integer(value: int, spec: Spec) -> str:
    if spec.verb in "cqU":
        return _pad(_code_point(value, spec), spec)
    if spec.verb not in _BASES:
        return _bad_verb(value, spec)
    digits = format(abs(value), _BASES[spec.verb])
    if spec.precision is not None:
        spec = spec.without("0")
        digits = digits.rjust(spec.precision or 0, "0") if value or spec.precision else ""
    if spec.verb == "O" or ("#" in spec.flags and not (spec.verb == "o" and digits.startswith("0"))):
        digits = _PREFIXES.get(spec.verb, "") + digits
    return _pad_number(_sign(value < 0, spec), digits, spec)


def _code_point(value: int, spec: Spec) -> str:
    is_valid = 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000
    char = chr(value) if is_valid else "\N{REPLACEMENT CHARACTER}"
    if spec.verb == "c":
        return char
    if spec.verb == "q":
        return quote(char, ascii_only="+" in spec.flags, mark="'")
    shown = f" '{char}'" if "#" in spec.flags and is_valid and char.isprintable() else ""
    return f"U+{value & 0xFFFFFFFFFFFFFFFF:04X}{shown}"


def _float(value: float, spec: Spec) -> str:
    if spec.verb not in "veEfFgG":
        return _bad_verb(value, spec)
    sign = _sign(math.copysign(1, value) < 0, spec)
    if not math.isfinite(value):
        return _pad(show(value) if value > 0 and not spec.flags else sign + show(abs(value))[-3:], spec)
    if spec.precision is None and spec.verb in "vgG":
        digits = show_float(abs(value))
        return _pad_number(sign, digits.upper() if spec.verb == "G" else digits, spec)
    precision = 6 if spec.precision is None else min(spec.precision, _MAX_DIGITS)
    return _pad_number(sign, format(abs(value), f".{precision}{spec.verb.replace('v', 'g')}"), spec)


def _sign(negative: bool, spec: Spec) -> str:
    if negative:
        return "-"
    return "+" if "+" in spec.flags else " " if " " in spec.flags else ""


def _pad_number(sign: str, text: str, spec: Spec) -> str:
    """Zeros stand between the sign and the digits."""
    if "0" in spec.flags and "-" not in spec.flags:
        return sign + text.rjust(spec.width - len(sign), "0")
    return _pad(sign + text, spec)


def _pad(text: str, spec: Spec) -> str:
    """Spaces, or zeros before a string if a zero was asked for."""
    if "-" in spec.flags:
        return text.ljust(spec.width)
    return text.rjust(spec.width, "0" if "0" in spec.flags else " ")


def _bad_verb(value: Value, spec: Spec) -> str:
    shown = format_value(value, msgspec.structs.replace(spec.without("#"), verb="v"))
    return f"%!{spec.verb}({type_name(value)}={shown})"
