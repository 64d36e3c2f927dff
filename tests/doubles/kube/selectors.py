"""Label and field selectors of list and watch requests."""

import re
from collections.abc import Callable, Mapping

import msgspec

from tests.doubles.kube.statuses import bad_request

Labels = Mapping[str, str]

_REQUIREMENT = re.compile(
    r"\s*(?:(?P<not>!)\s*(?P<absent>[^\s,=!()]+)"
    r"|(?P<key>[^\s,=!()]+)\s*(?:(?P<op>==|=|!=)\s*(?P<value>[^\s,()]*)"
    r"|\s(?P<set>in|notin)\s*\((?P<values>[^)]*)\))?)\s*(?:,|$)"
)


class _Metadata(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Object(msgspec.Struct):
    metadata: _Metadata


_decoder = msgspec.json.Decoder(_Object)


def labels_of(body: bytes) -> Labels:
    """The labels of an encoded object."""
    return _decoder.decode(body).metadata.labels or {}


def parse_labels(text: str) -> Callable[[Labels], bool]:
    """A test for labels, from ``a=b,c!=d,e in (x,y),f,!g``."""
    tests: list[Callable[[Labels], bool]] = []
    position = 0
    while position < len(text):
        match = _REQUIREMENT.match(text, position)
        if match is None or match.end() == position:
            raise bad_request(f"unable to parse requirement: {text!r}")
        tests.append(_requirement(match))
        position = match.end()
    return lambda labels: all(test(labels) for test in tests)


def _requirement(match: re.Match[str]) -> Callable[[Labels], bool]:
    found = match.groupdict()
    if found["not"]:
        return lambda labels: found["absent"] not in labels
    key, value = found["key"], found["value"]
    if found["set"]:
        values = {item.strip() for item in found["values"].split(",")}
        if found["set"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found["op"] == "!=":
        return lambda labels: labels.get(key) != value
    if found["op"]:
        return lambda labels: labels.get(key) == value
    return lambda labels: key in labels


def parse_fields(text: str) -> Callable[[str, str], bool]:
    """A test for namespace and name, from ``metadata.name=x,metadata.namespace!=y``."""
    tests: list[Callable[[str, str], bool]] = []
    for part in filter(None, text.split(",")):
        field, operator, value = re.split(r"(==|!=|=)", part, maxsplit=1) if "=" in part else (part, "", "")
        if field not in ("metadata.name", "metadata.namespace"):
            known = 'only "metadata.name", "metadata.namespace"'
            raise bad_request(f'"{field}" is not a known field selector: {known}')
        tests.append(_field_test(field, operator, value))
    return lambda namespace, name: all(test(namespace, name) for test in tests)


def _field_test(field: str, operator: str, value: str) -> Callable[[str, str], bool]:
    wanted = operator != "!="
    if field == "metadata.name":
        return lambda namespace, name: (name == value) is wanted
    return lambda namespace, name: (namespace == value) is wanted
