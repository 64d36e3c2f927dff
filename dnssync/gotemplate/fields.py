"""Kubernetes objects as a template sees them: by Go field names first, by JSON keys on the second try.

An object arrives as decoded JSON. With the types of ``kinds`` a Go field name is found, an unknown one is an
error, and an optional field that is absent has its zero value. Objects of other kinds are open: a name is
looked for among the keys that are there, whatever its case, and one that is not there is no value.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from dnssync.gotemplate import kinds
from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.values import NamedString, Pointer, StringMap, Struct, Value

_INITIALISMS = {
    "api",
    "cidr",
    "dns",
    "grpc",
    "http",
    "https",
    "id",
    "ip",
    "os",
    "tcp",
    "tls",
    "ttl",
    "udp",
    "uid",
    "url",
}
_JSON_TYPES: Mapping[type, str] = {dict: "map", list: "list", str: "string", int: "number", bool: "boolean"}
_FIRST_WORD = re.compile(r"[a-z]*")


class FieldType(NamedTuple):
    """Where a field's value is (keys from the struct's own JSON down) and what it is."""

    keys: tuple[str, ...]
    type: str


@cache
def struct_types() -> Mapping[str, Mapping[str, FieldType]]:
    """The table of ``kinds``: type -> Go name -> field, embedded types' fields included."""
    lines = kinds.TABLE.replace("\n  ", " ").split("\n")
    words = {name: fields.split() for name, _, fields in (line.partition(":") for line in lines if line)}
    return {name: dict(_declared(name, words)) for name in words}


def _declared(name: str, words: Mapping[str, list[str]]) -> Iterable[tuple[str, FieldType]]:
    for word in words[name]:
        if word.startswith("+"):
            key, _, embedded = word[1:].rpartition(":")
            keys = (key,) if key else ()
            yield embedded, FieldType(keys, embedded)
            for go, field in _declared(embedded, words):
                yield go, FieldType(keys + field.keys, field.type)
        else:
            place, _, type_name = word.partition(":")
            go, _, key = place.rpartition("=")
            yield go or go_name(key), FieldType((key,), type_name or "string")


def go_name(key: str) -> str:
    """The Go field name that Kubernetes gives to a JSON key: clusterIP -> ClusterIP, tls -> TLS."""
    word = _FIRST_WORD.match(key)[0]  # type: ignore[index]
    head = word.upper() if word in _INITIALISMS else word.capitalize()
    return head + key[len(word) :]


class TypedStruct(Struct):
    """A struct of the table over its JSON; fields are converted when they are asked for."""

    def __init__(self, type_name: str, data: Mapping[str, Any]) -> None:
        self.type_name = type_name
        self._data = data

    def field(self, name: str) -> Value:
        """The field or promoted field; LookupError if the type has none of this name."""
        field = struct_types()[self.type_name].get(name)
        if field is None:
            return self._open_field(name)
        value: Any = self._data
        for key in field.keys:
            value = _checked(value, dict, key).get(key)
        return typed(field.type, value, name)

    def _open_field(self, name: str) -> Value:
        if self.type_name != kinds.OPEN:
            raise LookupError(name)
        return OpenMap(self._data)[name]


class OpenMap(dict[str, Any]):
    """A struct or map of unknown type: a key is found by its Go name too, whatever the case."""

    def __getitem__(self, name: str) -> Value:
        key = name if name in self else self._key(name)
        return typed("any", super().__getitem__(key), key)

    def _key(self, name: str) -> str:
        for key in self:
            if key.lower() == name.lower():
                return key
        raise KeyError(name)


def typed(type_name: str, data: Any, name: str) -> Value:
    """JSON data as a value of a type of the table; TemplateError if it is of another JSON type."""
    if type_name == "any":
        return _open(data)
    prefix, inner = type_name[:1], type_name.removeprefix("[]").removeprefix("{}")
    if prefix == "[":
        return [typed(inner, item, name) for item in _checked(data, list, name)]
    if prefix == "{":
        return {key: typed(inner, item, name) for key, item in _checked(data, dict, name).items()}
    if prefix == "*":
        is_struct = type_name[1:] in struct_types()
        target = None if data is None else typed(type_name[1:], data, name)
        return target if is_struct and target is not None else Pointer(target)
    if type_name in struct_types():
        return TypedStruct(type_name, _checked(data, dict, name))
    return _scalar(type_name, data, name)


def _scalar(type_name: str, data: Any, name: str) -> Value:
    match type_name:
        case "labels":
            labels = _checked(data, dict, name)
            return StringMap({key: _checked(value, str, name) for key, value in labels.items()})
        case "int":
            return int(_checked(data, int, name))
        case "bool":
            return bool(_checked(data, bool, name))
        case "~string":
            return NamedString(_checked(data, str, name))
    return str(_checked(data, str, name))


def _open(data: Any) -> Value:
    if isinstance(data, Mapping):
        return OpenMap(data)
    if isinstance(data, list | tuple):
        return [_open(item) for item in data]
    value: Value = data
    return value


def _checked(data: Any, wanted: type[Any], name: str) -> Any:
    """The data, or the zero value for null; the wrong JSON type is the object's mistake."""
    if data is None:
        return wanted()
    if not isinstance(data, wanted) or (wanted is int and isinstance(data, bool)):
        raise TemplateError(f"the object's {name} is no {_JSON_TYPES[wanted]}")
    return data


class JsonObject(Struct):
    """What the second try sees, and the unstructured source at once: plain JSON below a few Go names.

    ``go_names`` puts Go names beside the top keys of Spec and Status, as the unstructured source does.
    """

    type_name = "object"

    def __init__(self, obj: Mapping[str, Any], *, go_names: bool = False) -> None:
        self._object = obj
        self._go_names = go_names
        self._type = type_of(obj)

    def field(self, name: str) -> Value:
        """One of the Go names; below Spec, Status and Metadata keys are those of the JSON."""
        match name:
            case "Kind" | "APIVersion":
                return typed("string", self._object.get("kind" if name == "Kind" else "apiVersion"), name)
            case "Name" | "Namespace":
                return typed("string", self._metadata().get(name.lower()), name)
            case "Labels" | "Annotations":
                return typed("labels", self._metadata().get(name.lower()), name)
            case "Metadata" | "Spec" | "Status":
                return self._section(name)
            case "Object":
                return dict(self._object)
        raise LookupError(name)

    def _metadata(self) -> Mapping[str, Any]:
        metadata: Mapping[str, Any] = _checked(self._object.get("metadata"), dict, "metadata")
        return metadata

    def _section(self, name: str) -> Value:
        """A part of the object, with the absent keys that its type knows."""
        data = _checked(self._object.get(name.lower()), dict, name)
        known = struct_types()[self._type][name if name != "Metadata" else "ObjectMeta"].type
        section: dict[str, Value] = with_zeros(known, data)
        aliases = {go_name(key): value for key, value in section.items()} if self._go_names else {}
        return aliases | section


def with_zeros(type_name: str, data: Any) -> Any:
    """JSON data with null or its zero value for each absent key that the type knows: absent is no typo."""
    if type_name.startswith("[]") and isinstance(data, list):
        return [with_zeros(type_name[2:], item) for item in data]
    fields = struct_types().get(type_name.removeprefix("*"))
    if fields is None or not isinstance(data, dict | None) or (data is None and type_name.startswith("*")):
        return data if data is not None else _zero(type_name)
    keyed = {field.keys[0]: field.type for field in fields.values() if len(field.keys) == 1}
    return dict(data or {}) | {key: with_zeros(type_, (data or {}).get(key)) for key, type_ in keyed.items()}


def _zero(type_name: str) -> Any:
    zeros: dict[str, Any] = {"string": "", "~string": "", "int": 0, "bool": False, "labels": {}, "[]": []}
    return zeros.get(type_name[:2] if type_name.startswith("[]") else type_name)


def type_of(obj: Mapping[str, Any]) -> str:
    """The name of the object's type in the table."""
    kind = obj.get("kind")
    known = kinds.KINDS.get(str(obj.get("apiVersion")), frozenset())
    return str(kind) if kind in known else kinds.OPEN


def typed_object(obj: Mapping[str, Any]) -> Struct:
    """The object by Go field names."""
    return TypedStruct(type_of(obj), obj)
