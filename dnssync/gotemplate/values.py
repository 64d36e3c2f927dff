"""The values a template works on, and what Go thinks of them: their type's name and their truth.

Strings, ints, floats, booleans, lists and dicts are themselves; what Go tells apart and Python does not
has a class here.
"""

from enum import Enum
from typing import Any

import msgspec


class Missing(Enum):
    """What is not there at all, as against a null that is."""

    MISSING = "<no value>"


MISSING = Missing.MISSING


class NamedString(str):
    """A string of a Go type of its own (``type ServiceType string``): no function takes it for a string."""

    __slots__ = ()


class StringMap(dict[str, str]):
    """``map[string]string``, such as labels: an index that is absent gives the empty string."""


class Pointer(msgspec.Struct, frozen=True):
    """A Go pointer to something optional; nil if ``target`` is None. A struct that is there needs none."""

    target: Any


class Struct:
    """A Go struct: its fields are fixed, so that asking for another is an error and no empty answer."""

    type_name = "struct"

    def field(self, name: str) -> "Value":
        """The field's value; LookupError if the type has no such field."""
        raise LookupError(name)


Value = str | int | float | bool | None | Missing | list[Any] | dict[str, Any] | Pointer | Struct


def type_name(value: Value) -> str:
    """Go's name of the type, for error messages and ``%T``."""
    match value:
        case None | Missing.MISSING:
            return "<nil>"
        case bool():
            return "bool"
        case str():
            return "string"
        case int():
            return "int"
        case float():
            return "float64"
        case StringMap():
            return "map[string]string"
        case dict():
            return "map[string]interface {}"
        case list():
            return "[]interface {}"
        case Pointer():
            return f"*{type_name(value.target)}"
        case Struct():
            return value.type_name


def is_true(value: Value) -> bool:
    """Go templates' truth: not the zero value, not empty, and any struct at all."""
    match value:
        case None | Missing.MISSING:
            return False
        case Pointer():
            return value.target is not None
        case Struct():
            return True
        case _:
            return bool(value)


def indirect(value: Value) -> Value:
    """What a pointer points to (None for nil); anything else is itself."""
    return value.target if isinstance(value, Pointer) else value
