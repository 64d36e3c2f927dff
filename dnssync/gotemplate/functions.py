"""The functions a template may call, with the types of their parameters.

Source: the documentation of Go's text/template, "Functions"; external-dns's documentation of its templates.
"""

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from typing import NamedTuple
from urllib.parse import quote_plus

from dnssync.gotemplate import comparing, indexing, kubernetes_functions, printing
from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.formatting import format_text
from dnssync.gotemplate.limits import check_length
from dnssync.gotemplate.values import MISSING, NamedString, Pointer, StringMap, Value, is_true, type_name


class Param(Enum):
    """What a parameter takes; the values are Go's names."""

    ANY = "interface {}"
    TEXT = "string"
    LABELS = "map[string]string"


class Function(NamedTuple):
    """A function and its parameters; with ``variadic`` the last one may come any number of times."""

    call: Callable[..., Value]
    parameters: tuple[Param, ...]
    variadic: bool = False

    def invoke(self, name: str, arguments: list[Value]) -> Value:
        """The result; TemplateError for a wrong number or type of arguments, or what the function refuses."""
        wanted = len(self.parameters) - self.variadic
        if len(arguments) < wanted or (len(arguments) > wanted and not self.variadic):
            at_least = "at least " if self.variadic else ""
            raise TemplateError(
                f"wrong number of args for {name}: want {at_least}{wanted} got {len(arguments)}"
            )
        types = self.parameters + self.parameters[-1:] * (len(arguments) - len(self.parameters))
        values = [_converted(value, wanted) for value, wanted in zip(arguments, types, strict=False)]
        return self.call(*values)


def _converted(value: Value, wanted: Param) -> Value:
    """The argument as the parameter takes it: one pointer is followed, nothing else is converted."""
    if wanted is Param.ANY:
        return value
    if isinstance(value, Pointer):
        if value.target is None:
            raise TemplateError(f"dereference of nil pointer; expected {wanted.value}")
        value = value.target
    if wanted is Param.TEXT and isinstance(value, str) and not isinstance(value, NamedString):
        return value
    if wanted is Param.LABELS and (isinstance(value, StringMap) or value is MISSING):
        return StringMap() if value is MISSING else value
    if value is MISSING:
        raise TemplateError(f"a value that is not there; expected {wanted.value}")
    raise TemplateError(f"wrong type for value; expected {wanted.value}; got {type_name(value)}")


def _not(value: Value) -> bool:
    return not is_true(value)


def _call(*_: Value) -> Value:
    raise TemplateError("call of a value that is no function")


def _html(*values: Value) -> str:
    marks = {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&#34;",
        "'": "&#39;",
        "\0": "\N{REPLACEMENT CHARACTER}",
    }
    return "".join(marks.get(char, char) for char in _escapable(values))


def _js(*values: Value) -> str:
    return "".join(map(_js_character, _escapable(values)))


def _js_character(char: str) -> str:
    if char in "\\'\"":
        return "\\" + char
    if char in "<>&=" or char < " " or not (char.isprintable() or char == "\x7f"):
        return f"\\u{ord(char):04X}"
    return char


def _urlquery(*values: Value) -> str:
    return quote_plus(_escapable(values).encode("utf-8", "replace"))


def _escapable(values: tuple[Value, ...]) -> str:
    shown = [MISSING.value if value is None or value is MISSING else value for value in values]
    text = printing.join(shown)
    check_length(len(text) * 6)
    return text


_ANY, _TEXT = Param.ANY, Param.TEXT
_STANDARD: Mapping[str, Function] = {
    "and": Function(_call, (_ANY,), variadic=True),
    "or": Function(_call, (_ANY,), variadic=True),
    "not": Function(_not, (_ANY,)),
    "len": Function(indexing.length, (_ANY,)),
    "index": Function(indexing.index, (_ANY, _ANY), variadic=True),
    "slice": Function(indexing.slice_of, (_ANY, _ANY), variadic=True),
    "print": Function(lambda *values: printing.join(values), (_ANY,), variadic=True),
    "println": Function(lambda *values: printing.join_line(values), (_ANY,), variadic=True),
    "printf": Function(format_text, (_TEXT, _ANY), variadic=True),
    "eq": Function(comparing.equal, (_ANY, _ANY), variadic=True),
    "ne": Function(comparing.not_equal, (_ANY, _ANY)),
    "lt": Function(comparing.less, (_ANY, _ANY)),
    "le": Function(comparing.less_or_equal, (_ANY, _ANY)),
    "gt": Function(comparing.greater, (_ANY, _ANY)),
    "ge": Function(comparing.greater_or_equal, (_ANY, _ANY)),
    "html": Function(_html, (_ANY,), variadic=True),
    "js": Function(_js, (_ANY,), variadic=True),
    "urlquery": Function(_urlquery, (_ANY,), variadic=True),
    "call": Function(_call, (_ANY, _ANY), variadic=True),
}
_KUBERNETES: Mapping[str, Function] = {
    "contains": Function(kubernetes_functions.contains, (_TEXT, _TEXT)),
    "trimPrefix": Function(str.removeprefix, (_TEXT, _TEXT)),
    "trimSuffix": Function(str.removesuffix, (_TEXT, _TEXT)),
    "trim": Function(kubernetes_functions.trim, (_TEXT,)),
    "toLower": Function(kubernetes_functions.to_lower, (_TEXT,)),
    "replace": Function(kubernetes_functions.replace, (_TEXT, _TEXT, _TEXT)),
    "isIPv4": Function(kubernetes_functions.is_ipv4, (_TEXT,)),
    "isIPv6": Function(kubernetes_functions.is_ipv6, (_TEXT,)),
    "hasKey": Function(kubernetes_functions.has_key, (Param.LABELS, _TEXT)),
    "fromJson": Function(kubernetes_functions.from_json, (_TEXT,)),
    "isSource": Function(kubernetes_functions.is_source(""), (_TEXT,)),
}
FUNCTIONS: Mapping[str, Function] = {**_STANDARD, **_KUBERNETES}
"""Every function by its name; ``isSource`` knows no source here."""


@cache
def functions_for(source: str) -> Mapping[str, Function]:
    """FUNCTIONS, with ``isSource`` bound to the source that the object comes from."""
    return {**FUNCTIONS, "isSource": Function(kubernetes_functions.is_source(source), (_TEXT,))}
