"""The patch formats: merge patch (RFC 7396, also for strategic merge) and JSON patch (RFC 6902)."""

import copy
from typing import Any

from tests.doubles.kube.statuses import StatusError

MERGE_TYPES = (
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
JSON_PATCH = "application/json-patch+json"


def merge(target: Any, patch: Any) -> Any:
    """RFC 7396: objects are merged, null removes, anything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def apply_json_patch(target: Any, operations: list[dict[str, Any]]) -> Any:
    """RFC 6902: add, remove, replace and test; any failure is the server's 422."""
    document = copy.deepcopy(target)
    for operation in operations:
        try:
            _apply(document, operation)
        except (KeyError, IndexError, ValueError, TypeError):
            message = "the server rejected our request due to an error in our request"
            raise StatusError(422, "Invalid", message, details={}) from None
    return document


def _apply(document: Any, operation: dict[str, Any]) -> None:
    path = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    parent = document
    for part in path[:-1]:
        parent = parent[int(part)] if isinstance(parent, list) else parent[part]
    key: Any = path[-1]
    if isinstance(parent, list):
        key = len(parent) if key == "-" else int(key)
    kind = operation["op"]
    if kind == "test":
        if parent[key] != operation["value"]:
            raise ValueError(operation["path"])
    elif kind == "remove":
        del parent[key]
    elif kind == "add" and isinstance(parent, list):
        parent.insert(key, operation["value"])
    elif kind in ("add", "replace"):
        if kind == "replace":
            parent[key]
        parent[key] = operation["value"]
    else:
        raise ValueError(kind)
