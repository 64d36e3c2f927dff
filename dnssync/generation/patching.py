"""From a decision to a JSON patch (RFC 6902), and from a patch to the object that it makes. Pure.

The patch carries the resource version that the decision was made on: the API server refuses it with 409 if
anybody changed the object since, so that nobody's edit is lost.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dnssync.generation.deciding import Decision
from dnssync.generation.options import RECORD
from dnssync.generation.record import encode_record
from dnssync.generation.subject import Subject

Operation = Mapping[str, Any]


def make_patch(subject: Subject, decision: Decision, prefix: str) -> list[Operation]:
    """The operations that turn the subject's object into what was decided; a plain ``add`` replaces."""
    operations: list[Operation] = []
    if subject.version:
        operations.append(_put("/metadata/resourceVersion", subject.version))
    if decision.hosts != subject.hosts:
        operations += _hosts(subject, decision)
    for index, (old, new) in enumerate(zip(subject.tls, decision.tls, strict=True)):
        if old != new:
            operations.append(_put(f"/spec/tls/{index}/hosts", list(new)))
    if dict(decision.record) != dict(subject.record):
        operations.append(_annotation(subject, decision, prefix + RECORD))
    return operations


def _hosts(subject: Subject, decision: Decision) -> Iterator[Operation]:
    if subject.ref.kind == "httproute":
        names = list(dict.fromkeys(host for host in decision.hosts if host))
        yield _put("/spec/hostnames", names) if names else _drop("/spec/hostnames")
        return
    for index, (old, new) in enumerate(zip(subject.hosts, decision.hosts, strict=True)):
        if old != new:
            yield _put(f"/spec/rules/{index}/host", new) if new else _drop(f"/spec/rules/{index}/host")


def _annotation(subject: Subject, decision: Decision, key: str) -> Operation:
    path = "/metadata/annotations/" + key.replace("~", "~0").replace("/", "~1")
    if not decision.record:
        return _drop(path)
    text = encode_record(decision.record)
    return _put(path, text) if subject.annotated else _put("/metadata/annotations", {key: text})


def _put(path: str, value: Any) -> Operation:
    return {"op": "add", "path": path, "value": value}


def _drop(path: str) -> Operation:
    return {"op": "remove", "path": path}


def apply_patch(document: Mapping[str, Any], operations: list[Operation]) -> dict[str, Any]:
    """The document with the operations of ``make_patch`` done, for objects that no API server holds."""
    changed = dict(document)
    for operation in operations:
        *way, last = (part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:])
        place = _open(changed, way)
        if operation["op"] == "add":
            place[last] = operation["value"]
        else:
            place.pop(last, None)
    return changed


def _open(document: dict[str, Any], way: list[str]) -> dict[str, Any]:
    """The container at the end of ``way``, with all containers on it copied, so that none is shared."""
    place: Any = document
    for part in way:
        key: Any = int(part) if isinstance(place, list) else part
        inner = place[key] if isinstance(place, list) else place.get(key) or {}
        place[key] = list(inner) if isinstance(inner, list) else dict(inner)
        place = place[key]
    return place  # type: ignore[no-any-return]
