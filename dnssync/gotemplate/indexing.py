"""len, index and slice: Go counts a string in bytes of UTF-8.

Source: the documentation of Go's text/template, "Functions".
"""

from typing import Any

from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.values import MISSING, NamedString, Pointer, StringMap, Value, indirect, type_name


def length(item: Value) -> int:
    """Elements of a list or map, bytes of a string."""
    item = indirect(item)
    if isinstance(item, str):
        return len(_bytes(item))
    if isinstance(item, list | dict):
        return len(item)
    raise TemplateError(f"len of type {type_name(item)}")


def index(item: Value, *indexes: Value) -> Value:
    """``index x 1 "a"`` is ``x[1]["a"]``; an absent key gives the zero value of the map's type."""
    if item is None or item is MISSING:
        raise TemplateError("index of untyped nil")
    for key in indexes:
        item = _element(item, key)
    return item


def slice_of(item: Value, *indexes: Value) -> Value:
    """``slice x 1 2`` is ``x[1:2]``; a third index only limits the capacity of a list."""
    item = indirect(item)
    if not isinstance(item, str | list):
        raise TemplateError(f"can't slice item of type {type_name(item)}")
    if len(indexes) > 3 or (len(indexes) == 3 and isinstance(item, str)):
        raise TemplateError(f"too many slice indexes: {len(indexes)}")
    sequence: bytes | list[Any] = _bytes(item) if isinstance(item, str) else item
    bounds = [_position(value, len(sequence)) for value in indexes]
    start, end = bounds[0] if bounds else 0, bounds[1] if len(bounds) > 1 else len(sequence)
    if start > end or (len(bounds) == 3 and end > bounds[2]):
        raise TemplateError(f"invalid slice index: {start} > {end}")
    part = sequence[start:end]
    return part.decode("utf-8", "replace") if isinstance(part, bytes) else part


def _element(item: Value, key: Value) -> Value:
    if isinstance(item, Pointer) and item.target is None:
        raise TemplateError("index of nil pointer")
    item = indirect(item)
    if isinstance(item, dict):
        if not isinstance(key, str) or isinstance(key, NamedString):
            raise TemplateError(f"value has type {type_name(key)}; should be string")
        return item.get(key, "" if isinstance(item, StringMap) else None)
    if isinstance(item, str | list):
        sequence = _bytes(item) if isinstance(item, str) else item
        element: Value = sequence[_position(key, len(sequence) - 1)]
        return element
    raise TemplateError(f"can't index item of type {type_name(item)}")


def _position(value: Value, highest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TemplateError(f"cannot index slice/array with type {type_name(value)}")
    if not 0 <= value <= highest:
        raise TemplateError(f"index out of range: {value}")
    return value


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
