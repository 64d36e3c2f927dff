"""Create, replace, patch and delete, with the checks that a real API server makes."""

import random
import re
import string
from typing import Any

import msgspec

from tests.doubles.kube import statuses
from tests.doubles.kube.kinds import Kind, Target
from tests.doubles.kube.patching import JSON_PATCH, MERGE_TYPES, apply_json_patch, merge
from tests.doubles.kube.store import Store, encode

_MICRO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|[+-]\d\d:\d\d)")
_HOST = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_IPV4 = re.compile(r"\d+(\.\d+){3}")
_MICRO_TIME_FIELDS = (
    ("eventTime",),
    ("series", "lastObservedTime"),
    ("spec", "renewTime"),
    ("spec", "acquireTime"),
)
_EVENT_FIELDS = ("reportingController", "reportingInstance", "action", "eventTime", "reason", "type")
_NOTE_BYTES = 1024


def create(store: Store, target: Target, body: bytes, *, dry_run: bool = False) -> bytes:
    """The new object, encoded as kept."""
    kind = target.kind
    item = _decode(body, target)
    metadata = item["metadata"]
    if metadata.pop("resourceVersion", None):
        raise statuses.StatusError(500, "", "resourceVersion should not be set on objects to be created")
    if not metadata.get("name"):
        prefix = metadata.get("generateName")
        if not prefix:
            raise statuses.invalid(
                kind, "", field="metadata.name", message="Required value: name is required"
            )
        metadata["name"] = prefix + "".join(random.choices(string.ascii_lowercase + string.digits, k=5))
    if kind.generation:
        item["status"] = {"loadBalancer": {}} if kind.kind == "Ingress" else {}
    validate(kind, item)
    if dry_run:
        return encode(item)
    return store.create(kind, item)


def replace(store: Store, target: Target, body: bytes) -> bytes:
    """PUT of an object or of its status."""
    item = _decode(body, target)
    metadata = item["metadata"]
    if metadata.setdefault("name", target.name) != target.name:
        raise statuses.bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
        )
    if not metadata.get("resourceVersion") and (target.kind.needs_version or not target.kind.builtin):
        message = "Invalid value: 0: must be specified for an update"
        raise statuses.invalid(target.kind, target.name, field="metadata.resourceVersion", message=message)
    validate(target.kind, item)
    return store.update(target.kind, (target.namespace, target.name), item, subresource=target.subresource)


def patch(store: Store, target: Target, body: bytes, content_type: str) -> bytes:
    """PATCH by merge, strategic merge (of maps) or JSON patch."""
    kind, key = target.kind, (target.namespace, target.name)
    if content_type not in (*MERGE_TYPES, JSON_PATCH):
        raise statuses.unsupported_media_type()
    if "strategic" in content_type and not kind.builtin:
        raise statuses.unsupported_media_type()
    with store.changed:
        old = msgspec.json.decode(store.get(kind, key))
        version = old["metadata"].pop("resourceVersion")
        new = _patched(old, body, content_type)
        asked = new["metadata"].get("resourceVersion", version)
        new["metadata"]["resourceVersion"] = asked
        validate(kind, new)
        return store.update(kind, key, new, subresource=target.subresource)


def _patched(old: dict[str, Any], body: bytes, content_type: str) -> dict[str, Any]:
    try:
        change = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise statuses.bad_request(f"error decoding patch: {error}") from None
    if isinstance(change, list) is not (content_type == JSON_PATCH):
        raise statuses.bad_request("error decoding patch: wrong shape for its content type")
    patched: dict[str, Any] = (
        apply_json_patch(old, change) if content_type == JSON_PATCH else merge(old, change)
    )
    return patched


def delete(store: Store, target: Target, body: bytes) -> tuple[bytes, bool]:
    """The object, and whether it is gone; preconditions come in the body."""
    kind, key = target.kind, (target.namespace, target.name)
    wanted = (msgspec.json.decode(body) if body else {}).get("preconditions") or {}
    with store.changed:
        metadata = msgspec.json.decode(store.get(kind, key))["metadata"]
        for field, word, fate in (
            ("uid", "UID", "deleted and then recreated"),
            ("resourceVersion", "ResourceVersion", "modified"),
        ):
            if wanted.get(field) and wanted[field] != metadata[field]:
                message = (
                    f"the {word} in the precondition ({wanted[field]}) does not match "
                    f"the {word} in record ({metadata[field]}). The object might have been {fate}"
                )
                raise statuses.precondition_failed(kind, target.name, message)
        return store.delete(kind, key)


def validate(kind: Kind, item: dict[str, Any]) -> None:
    """The few rules of content that our own writes could break."""
    for path in _MICRO_TIME_FIELDS:
        value: Any = item
        for field in path:
            value = value.get(field) if isinstance(value, dict) else None
        if value is not None and not _MICRO_TIME.fullmatch(value):
            layout = "2006-01-02T15:04:05.000000Z07:00"
            raise statuses.bad_request(f'parsing time "{value}" as "{layout}": cannot parse')
    if kind.group == "events.k8s.io":
        _validate_event(kind, item)
    if kind.kind == "Ingress":
        _validate_hosts(kind, item)
    if kind.kind == "Lease" and item.get("spec", {}).get("leaseDurationSeconds", 1) <= 0:
        field = "spec.leaseDurationSeconds"
        raise statuses.invalid(kind, item["metadata"]["name"], field=field, message="must be greater than 0")


def _validate_hosts(kind: Kind, item: dict[str, Any]) -> None:
    """Labels may be longer than DNS has them, but nothing else is let through (RFC 1123, in lower case)."""
    for index, rule in enumerate(item.get("spec", {}).get("rules") or ()):
        host = rule.get("host", "")
        plain = host.removeprefix("*.")
        if host and (not _HOST.fullmatch(plain) or _IPV4.fullmatch(host) or len(host) > 253):
            field = f"spec.rules[{index}].host"
            raise statuses.invalid(kind, item["metadata"]["name"], field=field, message="Invalid value")


def _validate_event(kind: Kind, item: dict[str, Any]) -> None:
    name = item["metadata"]["name"]
    for field in _EVENT_FIELDS:
        if not item.get(field):
            raise statuses.invalid(kind, name, field=field, message="Required value")
    if len(item.get("note", "").encode()) > _NOTE_BYTES:
        raise statuses.invalid(kind, name, field="note", message="can have at most 1024 characters")
    if item["type"] not in ("Normal", "Warning"):
        raise statuses.invalid(kind, name, field="type", message=f"has invalid value: {item['type']}")
    if item.get("series") and item["series"].get("count", 0) < 2:
        raise statuses.invalid(kind, name, field="series.count", message="should be at least 2")


def _decode(body: bytes, target: Target) -> dict[str, Any]:
    try:
        item = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise statuses.bad_request(f"the object provided is unrecognized: {error}") from None
    kind = target.kind
    if (
        item.get("kind", kind.kind) != kind.kind
        or item.get("apiVersion", kind.api_version) != kind.api_version
    ):
        raise statuses.bad_request(
            f"{item.get('kind')} in version {item.get('apiVersion')!r} cannot be handled"
        )
    metadata = item.setdefault("metadata", {})
    if kind.namespaced and metadata.setdefault("namespace", target.namespace) != target.namespace:
        raise statuses.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    return item
