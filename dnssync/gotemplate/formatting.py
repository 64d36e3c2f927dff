"""printf: Go's format strings, and what they say of arguments that do not fit.

Source: the documentation of Go's fmt, "Printing", "Explicit argument indexes", "Format errors".
"""

import re
from collections.abc import Sequence

from dnssync.gotemplate.limits import concatenate
from dnssync.gotemplate.printing import show
from dnssync.gotemplate.values import Value, type_name
from dnssync.gotemplate.verbs import Spec, format_value

_DIRECTIVE = re.compile(
    r"%(?P<flags>[-+# 0]*)(?P<width_at>\[(?:[^\]]*\])?)?(?P<width>\d+|\*)?"
    r"(?:(?P<dot>\.)(?P<precision_at>\[(?:[^\]]*\])?)?(?P<precision>\d+|\*)?)?"
    r"(?P<at>\[(?:[^\]]*\])?)?(?P<verb>.)?",
    re.DOTALL,
)
_MAX_COUNT = 1_000_000
"""Go's limit for a width, a precision or the number of an argument."""


class _Arguments:
    """The values of one printf, taken in turn or by number."""

    def __init__(self, values: Sequence[Value]) -> None:
        self._values = values
        self._next = 0
        self._numbered = False

    def seek(self, number: str | None) -> bool:
        """Goes to ``[n]``; False if there is no such argument."""
        if number is None:
            return True
        self._numbered = True
        count = _number(number[1:-1])
        if count is None or not 0 < count <= len(self._values):
            return False
        self._next = count - 1
        return True

    def take(self) -> tuple[Value, ...]:
        """The next value, in a tuple that is empty if there is none."""
        taken = tuple(self._values[self._next : self._next + 1])
        self._next += len(taken)
        return taken

    def rest(self) -> Sequence[Value]:
        """What nothing asked for; nothing is missed once arguments are numbered."""
        return () if self._numbered else self._values[self._next :]


def format_text(template: str, *values: Value) -> str:
    """The text that fmt.Sprintf makes; what does not fit is said in the text, as in Go: ``%!d(string=a)``."""
    arguments = _Arguments(values)
    parts: list[str] = []
    end = 0
    for directive in _DIRECTIVE.finditer(template):
        parts += template[end : directive.start()], _directive(directive, arguments)
        end = directive.end()
    parts.append(template[end:])
    if extra := arguments.rest():
        parts.append(f"%!(EXTRA {', '.join(map(_typed, extra))})")
    return concatenate(parts)


def _directive(directive: re.Match[str], arguments: _Arguments) -> str:
    """Width, precision and value are taken in the order in which they stand."""
    flags, verb = directive["flags"], directive["verb"]
    found = arguments.seek(directive["width_at"])
    width, complaint = _count(directive["width"], arguments, "%!(BADWIDTH)")
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    found = arguments.seek(directive["precision_at"]) and found
    precision, second_complaint = _count(directive["precision"], arguments, "%!(BADPREC)")
    if directive["dot"] and not directive["precision"]:
        precision = 0
    found = arguments.seek(directive["at"]) and found
    return complaint + second_complaint + _converted(arguments, found, verb, (flags, width or 0, precision))


def _converted(
    arguments: _Arguments, found: bool, verb: str | None, numbers: tuple[str, int, int | None]
) -> str:
    if verb is None:
        return "%!(NOVERB)"
    if verb == "%":
        return "%"
    if not found:
        return f"%!{verb}(BADINDEX)"
    for value in arguments.take():
        spec = Spec(verb, *numbers)
        return format_value(value, spec.without("+#") if verb == "v" else spec)
    return f"%!{verb}(MISSING)"


def _count(text: str | None, arguments: _Arguments, complaint: str) -> tuple[int | None, str]:
    """A width or precision, written out or (``*``) taken from the arguments; else the complaint."""
    if not text:
        return None, ""
    if text != "*":
        count = _number(text)
        return count, "" if count is not None else complaint
    for value in arguments.take():
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_COUNT:
            is_precision_below_zero = value < 0 and "PREC" in complaint
            return (None, complaint) if is_precision_below_zero else (value, "")
    return None, complaint


def _number(digits: str) -> int | None:
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(_MAX_COUNT))):
        return None
    return int(digits) if int(digits) <= _MAX_COUNT else None


def _typed(value: Value) -> str:
    text = show(value)
    return text if type_name(value) == "<nil>" else f"{type_name(value)}={text}"
