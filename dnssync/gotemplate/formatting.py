"""printf: Go's format verbs.

Source: the documentation of Go's fmt, "Printing".
"""

import math
import re
from collections.abc import Sequence

import msgspec

from dnssync.gotemplate.limits import check_length
from dnssync.gotemplate.printing import quote, show, show_float
from dnssync.gotemplate.values import Missing, Pointer, Struct, Value, type_name

_DIRECTIVE = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<width_at>\[(?:[^\]]*\])?)?(?P<width>\d+|\*)?"
    r"(?:(?P<dot>\.)(?P<precision_at>\[(?:[^\]]*\])?)?(?P<precision>\d+|\*)?)?"
    r"(?P<at>\[(?:[^\]]*\])?)?(?P<verb>.)?",
    re.DOTALL,
)
_MAX_WIDTH = 1_000_000
_BASES = {"b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_PREFIXES = {"b": "0b", "o": "0", "O": "0o", "x": "0x", "X": "0X"}


class Spec(msgspec.Struct, frozen=True):
    """One directive of a format: ``%-8.3f``."""

    verb: str
    flags: str = ""
    width: int = 0
    precision: int | None = None


class _Arguments:
    """The values of one printf, taken in turn or by number."""

    def __init__(self, values: Sequence[Value]) -> None:
        self.values = values
        self.next = 0
        self.numbered = False

    def seek(self, number: str | None) -> bool:
        """Goes to ``[n]``; False if there is no such argument."""
        if number is None:
            return True
        self.numbered = True
        digits = number[1:-1]
        if not (digits.isascii() and digits.isdigit() and 0 < int(digits) <= len(self.values)):
            return False
        self.next = int(digits) - 1
        return True

    def take_number(self) -> int | None:
        """The next value as a width or precision; None if it cannot be one."""
        if self.next >= len(self.values):
            return None
        value = self.values[self.next]
        self.next += 1
        is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_WIDTH
        return int(value) if is_number else None  # type: ignore[arg-type]


def format_text(template: str, *values: Value) -> str:
    """The text that fmt.Sprintf makes; what does not fit is said in the text, as in Go: ``%!d(string=a)``."""
    arguments = _Arguments(values)
    out: list[str] = []
    length = end = 0
    for directive in _DIRECTIVE.finditer(template):
        out += [template[end : directive.start()], _directive(directive, arguments)]
        length += len(out[-1]) + len(out[-2])
        check_length(length)
        end = directive.end()
    out.append(template[end:])
    if not arguments.numbered and (extra := values[arguments.next :]):
        out.append(f"%!(EXTRA {', '.join(map(_typed, extra))})")
    return "".join(out)


def _directive(directive: re.Match[str], arguments: _Arguments) -> str:
    flags, verb = directive["flags"], directive["verb"]
    complaint = ""
    good_index = arguments.seek(directive["width_at"])
    width = _count(directive["width"], arguments)
    if directive["width"] and width is None:
        complaint = "%!(BADWIDTH)"
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    good_index = arguments.seek(directive["precision_at"]) and good_index
    precision = _count(directive["precision"], arguments)
    if directive["precision"] and (precision is None or precision < 0):
        complaint, precision = complaint + "%!(BADPREC)", None
    elif directive["dot"] and not directive["precision"]:
        precision = 0
    good_index = arguments.seek(directive["at"]) and good_index
    if verb is None:
        return complaint + "%!(NOVERB)"
    if verb == "%":
        return complaint + "%"
    if not good_index:
        return f"{complaint}%!{verb}(BADINDEX)"
    if arguments.next >= len(arguments.values):
        return f"{complaint}%!{verb}(MISSING)"
    arguments.next += 1
    value = arguments.values[arguments.next - 1]
    if verb == "v":
        flags = flags.replace("+", "").replace("#", "")
    return complaint + format_value(value, Spec(verb, flags, width or 0, precision))


def _count(text: str | None, arguments: _Arguments) -> int | None:
    if text == "*":
        return arguments.take_number()
    return int(text) if text and len(text) < 8 and int(text) <= _MAX_WIDTH else None


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
            return f"[{' '.join(_element(item, spec) for item in value)}]"
        case dict():
            pairs = (f"{format_value(key, spec)}:{_element(value[key], spec)}" for key in sorted(value))
            return f"map[{' '.join(pairs)}]"
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


def _string(value: str, spec: Spec) -> str:
    if spec.verb not in ("v", "s", "q", "x", "X"):
        return _bad_verb(value, spec)
    if spec.precision is not None and spec.verb not in "xX":
        value = value[: spec.precision]
    if spec.verb == "q":
        return _pad(quote(value, ascii_only="+" in spec.flags), spec)
    if spec.verb in "xX":
        data = value.encode("utf-8", "replace")[: spec.precision]
        value = data.hex(" ") if " " in spec.flags else data.hex()
        value = "0x" + value if "#" in spec.flags and value else value
        return _pad(value.upper() if spec.verb == "X" else value, spec)
    return _pad(value, spec)


def _integer(value: int, spec: Spec) -> str:
    if spec.verb in ("c", "q", "U"):
        return _pad(_code_point(value, spec), spec)
    if spec.verb in ("v", "d"):
        digits = str(abs(value))
    elif base := _BASES.get(spec.verb):
        digits = format(abs(value), base)
    else:
        return _bad_verb(value, spec)
    if spec.precision is not None:
        spec = msgspec.structs.replace(spec, flags=spec.flags.replace("0", ""))
        digits = "" if spec.precision == 0 and value == 0 else digits.rjust(spec.precision, "0")
    prefix = _PREFIXES.get(spec.verb, "") if "#" in spec.flags or spec.verb == "O" else ""
    if spec.verb == "o" and digits.startswith("0"):
        prefix = ""
    return _pad_number(_sign(value < 0, spec), prefix + digits, spec)


def _code_point(value: int, spec: Spec) -> str:
    is_valid = 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000
    char = chr(value) if is_valid else "�"
    if spec.verb == "c":
        return char
    if spec.verb == "q":
        return quote(char, ascii_only="+" in spec.flags, mark="'")
    shown = f" '{char}'" if "#" in spec.flags and is_valid and char.isprintable() else ""
    return f"U+{value & 0xFFFFFFFFFFFFFFFF:04X}{shown}"


def _float(value: float, spec: Spec) -> str:
    if spec.verb not in ("v", "e", "E", "f", "F", "g", "G"):
        return _bad_verb(value, spec)
    negative = value < 0 or (value == 0 and str(value)[0] == "-")
    if not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "Inf"
        sign = "+" if text == "Inf" and not spec.flags and not negative else _sign(negative, spec)
        return _pad(sign + text, spec)
    style = spec.verb if spec.verb != "v" else "g"
    if style in "gG" and spec.precision is None:
        text = show_float(abs(value)) if spec.verb == "v" else show_float(abs(value), exponent_from=21)
        text = text.upper() if style == "G" else text
    else:
        precision = 6 if spec.precision is None else spec.precision
        text = format(abs(value), f".{min(precision, 1100)}{style}")
    return _pad_number(_sign(negative, spec), text, spec)


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
    shown = format_value(value, msgspec.structs.replace(spec, verb="v", flags=spec.flags.replace("#", "")))
    return f"%!{spec.verb}({type_name(value)}={shown})"


def _typed(value: Value) -> str:
    text = show(value)
    return text if type_name(value) == "<nil>" else f"{type_name(value)}={text}"
