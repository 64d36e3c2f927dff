"""eq, ne, lt, le, gt, ge: Go compares only like with like.

Source: the documentation of Go's text/template, "Functions".
"""

from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.values import MISSING, Missing, Pointer, Struct, Value, type_name

_ORDERED = (str, int, float)


def equal(first: Value, *others: Value) -> bool:
    """Whether the first equals any of the others."""
    if not others:
        raise TemplateError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def not_equal(first: Value, second: Value) -> bool:
    """The opposite of ``equal`` for two."""
    return not equal(first, second)


def less(first: Value, second: Value) -> bool:
    """``first < second`` for two numbers of one kind or two strings (by bytes)."""
    kind, other = _kind(first), _kind(second)
    if kind not in _ORDERED or other not in _ORDERED:
        raise TemplateError("invalid type for comparison")
    if kind is not other:
        raise _incompatible(first, second)
    return first < second  # type: ignore[operator]


def less_or_equal(first: Value, second: Value) -> bool:
    """``first <= second``."""
    return less(first, second) or equal(first, second)


def greater(first: Value, second: Value) -> bool:
    """``first > second``."""
    return not less_or_equal(first, second)


def greater_or_equal(first: Value, second: Value) -> bool:
    """``first >= second``."""
    return not less(first, second)


def _same(first: Value, second: Value) -> bool:
    if _is_nothing(first) or _is_nothing(second):
        return _is_nil(first) and _is_nil(second)
    kind = _kind(first)
    if kind is not _kind(second):
        raise _incompatible(first, second)
    if kind is None:
        return _same_composite(first, second)
    return first == second


def _same_composite(first: Value, second: Value) -> bool:
    if isinstance(first, list | dict | Struct) or isinstance(second, list | dict | Struct):
        raise TemplateError(f"non-comparable types {type_name(first)} and {type_name(second)}")
    return first is second or (_is_nil(first) and _is_nil(second))


def _kind(value: Value) -> type | None:
    """The basic kind; None for what is not basic. A boolean is no int here."""
    for kind in (bool, str, int, float):
        if isinstance(value, kind):
            return kind
    return None


def _is_nothing(value: Value) -> bool:
    return value is None or value is MISSING


def _is_nil(value: Value) -> bool:
    return isinstance(value, Missing | None) or (isinstance(value, Pointer) and value.target is None)


def _incompatible(first: Value, second: Value) -> TemplateError:
    return TemplateError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")
