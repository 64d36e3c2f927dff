"""The discovery document of Cloud DNS v1, shipped by google-api-python-client, as judge of the wire format.

Everything that the double reads or writes is held against it: methods, query parameters, every key and type.
"""

import importlib.util
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

_DOCUMENT = "discovery_cache/documents/dns.v1.json"

_INTEGER = re.compile(r"-?\d+")


class Method(NamedTuple):
    """One method of the API: ``dns.changes.create``, how its URL looks, and its schemas (empty: no body)."""

    id: str
    verb: str
    path: re.Pattern[str]
    query: frozenset[str]
    request: str
    response: str


@cache
def document() -> dict[str, Any]:
    """The discovery document itself (read without importing the library)."""
    spec = importlib.util.find_spec("googleapiclient")
    assert spec is not None and spec.submodule_search_locations, "google-api-python-client is not installed"
    content: dict[str, Any] = json.loads((Path(spec.submodule_search_locations[0]) / _DOCUMENT).read_text())
    return content


@cache
def methods() -> tuple[Method, ...]:
    """All methods of the document whose path is one plain template."""
    return tuple(
        _method(data)
        for resource in document()["resources"].values()
        for data in resource["methods"].values()
        if "{+" not in data["path"]
    )


def match(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """The method that this request calls, with its path parameters (still percent-encoded)."""
    for method in methods():
        found = method.path.fullmatch(path)
        if method.verb == verb and found:
            return method, found.groupdict()
    return None


def problems(schema: str, value: Any, where: str = "body") -> list[str]:
    """What in ``value`` is not as the named schema says; empty if nothing."""
    return list(_object_problems(document()["schemas"][schema], value, where))


def _method(data: dict[str, Any]) -> Method:
    template = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", "/" + data["path"])
    own = {name for name, parameter in data["parameters"].items() if parameter["location"] == "query"}
    return Method(
        id=data["id"],
        verb=data["httpMethod"],
        path=re.compile(template),
        query=frozenset(own | document()["parameters"].keys()),
        request=data.get("request", {}).get("$ref", ""),
        response=data.get("response", {}).get("$ref", ""),
    )


def _object_problems(schema: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where}: expected an object"
        return
    for key, entry in value.items():
        if key in schema["properties"]:
            yield from _value_problems(schema["properties"][key], entry, f"{where}.{key}")
        else:
            yield f"Invalid JSON payload received. Unknown name \"{key}\" at '{where}': Cannot find field."


def _value_problems(spec: dict[str, Any], value: Any, where: str) -> Iterator[str]:
    if "$ref" in spec:
        yield from _object_problems(document()["schemas"][spec["$ref"]], value, where)
    elif spec["type"] == "array" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _value_problems(spec["items"], item, f"{where}[{index}]")
    elif spec["type"] == "object" and isinstance(value, dict):
        for key, item in value.items():
            yield from _value_problems(spec["additionalProperties"], item, f"{where}.{key}")
    elif not _is_scalar(spec["type"], value):
        yield f"{where}: expected {spec['type']}, not {value!r}"
    elif "enum" in spec and value not in spec["enum"]:
        yield f"{where}: {value!r} is none of {spec['enum']}"


def _is_scalar(kind: str, value: Any) -> bool:
    if kind in ("string", "boolean"):
        return isinstance(value, str if kind == "string" else bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    # In the JSON form of protocol buffers an integer may come as decimal text; google-cloud-dns does so.
    text = isinstance(value, str) and _INTEGER.fullmatch(value) is not None
    return kind == "integer" and (text or (isinstance(value, int) and not isinstance(value, bool)))
