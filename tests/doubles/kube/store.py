"""The objects of the API double: one revision counter, a log of events, optimistic locking, snapshots.

Objects are kept encoded, without kind and apiVersion, as lists of built-in types carry them.
"""

import bisect
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from tests.doubles.kube import statuses
from tests.doubles.kube.kinds import Kind

Key = tuple[str, str]
"""Namespace and name."""
Row = tuple[Key, bytes]


class LogEvent(NamedTuple):
    """One change, at its revision; ``old`` is what stood there before."""

    version: int
    type: str
    collection: Key
    key: Key
    body: bytes
    old: bytes | None


class Store:
    """Thread-safe. ``changed`` is notified on each event."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.version = 1
        self._objects: dict[Key, dict[Key, bytes]] = {}
        self._log: list[LogEvent] = []
        self._floor = 0
        self._sorted: dict[Key, list[Key]] = {}
        self._snapshots: OrderedDict[tuple[Key, int], list[Row]] = OrderedDict()

    def get(self, kind: Kind, key: Key) -> bytes:
        """The encoded object; 404 if it is not there."""
        with self.changed:
            body = self._collection(kind).get(key)
        if body is None:
            raise statuses.not_found(kind, key[1])
        return body

    def has(self, kind: Kind, key: Key) -> bool:
        """Whether an object is there."""
        with self.changed:
            return key in self._collection(kind)

    def load(self, kind: Kind, objects: Iterable[dict[str, Any]]) -> int:
        """Put many objects in at once, as if they had always been there: their revisions are forgotten."""
        with self.changed:
            collection = self._collection(kind)
            for item in objects:
                self.version += 1
                fresh = _fresh(kind, item, self.version)
                collection[_key(fresh)] = encode(fresh)
            self._sorted.pop(_id(kind), None)
            self._floor = self.version
            return len(collection)

    def create(self, kind: Kind, item: dict[str, Any]) -> bytes:
        """A new object, with all that the server adds to it; 409 if it exists."""
        with self.changed:
            key = _key(item)
            if key in self._collection(kind):
                raise statuses.already_exists(kind, key[1])
            body = encode(_fresh(kind, item, self.version + 1))
            self._commit("ADDED", kind, key, body)
            self._sorted.pop(_id(kind), None)
            return body

    def update(self, kind: Kind, key: Key, item: dict[str, Any], *, subresource: str = "") -> bytes:
        """Replace an object, or its status alone; 409 for a stale resourceVersion, nothing for no change."""
        with self.changed:
            old_body = self.get(kind, key)
            old = msgspec.json.decode(old_body)
            asked = item.get("metadata", {}).get("resourceVersion")
            if asked and asked != old["metadata"]["resourceVersion"]:
                raise statuses.conflict(kind, key[1])
            new = _merge_update(kind, old, item, subresource=subresource)
            if new == old:
                return old_body
            if new["metadata"].get("deletionTimestamp") and not new["metadata"].get("finalizers"):
                self._remove(kind, key, new)
                return encode(new)
            new["metadata"]["resourceVersion"] = str(self.version + 1)
            body = encode(new)
            self._commit("MODIFIED", kind, key, body)
            return body

    def delete(self, kind: Kind, key: Key) -> tuple[bytes, bool]:
        """The object as it was, and whether it is gone; with finalizers it is only marked."""
        with self.changed:
            old = msgspec.json.decode(self.get(kind, key))
            metadata = old["metadata"]
            if not metadata.get("finalizers"):
                self._remove(kind, key, old)
                return encode(old), True
            if "deletionTimestamp" not in metadata:
                metadata |= {"deletionTimestamp": now(), "deletionGracePeriodSeconds": 0}
                if kind.generation:
                    metadata["generation"] = metadata.get("generation", 1) + 1
                metadata["resourceVersion"] = str(self.version + 1)
                self._commit("MODIFIED", kind, key, encode(old))
            return encode(old), False

    def snapshot(self, kind: Kind, version: int | None = None) -> tuple[int, list[Row]]:
        """All objects of a kind in order, now or as they were at a revision; 410 if that is forgotten."""
        with self.changed:
            version = self.version if version is None else version
            if version < self._floor:
                raise statuses.expired("The resourceVersion for the provided list is too old.")
            kept = self._snapshots.get((_id(kind), version))
            if kept is None:
                kept = self._rows_at(kind, version)
                self._snapshots[(_id(kind), version)] = kept
                if len(self._snapshots) > 4:
                    self._snapshots.popitem(last=False)
            return version, kept

    def since(self, version: int, kind: Kind, *, running: bool = False) -> tuple[int, list[LogEvent]]:
        """The present revision, and a kind's events after ``version``; 410 if some are forgotten.

        A watch that is already running has its own place in the events and never sees the 410.
        """
        with self.changed:
            if version < self._floor and not running:
                message = f"too old resource version: {version} ({self._floor})"
                raise statuses.expired(message)
            start = bisect.bisect_right(self._log, version, key=lambda event: event.version)
            return self.version, [event for event in self._log[start:] if event.collection == _id(kind)]

    def forget(self) -> None:
        """Drop all history: earlier revisions and continue tokens are expired (compaction, restart)."""
        with self.changed:
            self.version += 1
            self._floor = self.version
            self._snapshots.clear()

    def rewind(self, version: int) -> None:
        """Go back to the state at a revision, counter included, as when a backup of the store is restored."""
        with self.changed:
            for event in reversed(self._log):
                rows = self._objects[event.collection]
                if event.version > version and event.old is None:
                    del rows[event.key]
                elif event.version > version and event.old is not None:
                    rows[event.key] = event.old
            self._log = [event for event in self._log if event.version <= version]
            self.version = version
            self._sorted.clear()
            self._snapshots.clear()

    def _rows_at(self, kind: Kind, version: int) -> list[Row]:
        rows = self._collection(kind)
        later = [event for event in self._log if event.version > version and event.collection == _id(kind)]
        if not later:
            keys = self._sorted.get(_id(kind))
            if keys is None:
                keys = self._sorted[_id(kind)] = sorted(rows)
            return [(key, rows[key]) for key in keys]
        past = dict(rows)
        for event in reversed(later):
            if event.old is None:
                past.pop(event.key, None)
            else:
                past[event.key] = event.old
        return sorted(past.items())

    def _remove(self, kind: Kind, key: Key, last: dict[str, Any]) -> None:
        last = {**last, "metadata": {**last["metadata"], "resourceVersion": str(self.version + 1)}}
        self._commit("DELETED", kind, key, encode(last))
        self._sorted.pop(_id(kind), None)

    def _commit(self, event_type: str, kind: Kind, key: Key, body: bytes) -> None:
        collection = self._collection(kind)
        old = collection.get(key)
        if event_type == "DELETED":
            del collection[key]
        else:
            collection[key] = body
        self.version += 1
        self._log.append(LogEvent(self.version, event_type, _id(kind), key, body, old))
        self.changed.notify_all()

    def _collection(self, kind: Kind) -> dict[Key, bytes]:
        return self._objects.setdefault(_id(kind), {})


def encode(item: dict[str, Any]) -> bytes:
    """An object's bytes as they are kept."""
    return msgspec.json.encode({field: value for field, value in item.items() if field not in _TYPE_FIELDS})


_TYPE_FIELDS = ("kind", "apiVersion")


def now() -> str:
    """This moment in the API's whole seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _id(kind: Kind) -> Key:
    return (kind.group, kind.plural)


def _key(item: dict[str, Any]) -> Key:
    return (item["metadata"].get("namespace", ""), item["metadata"]["name"])


def _fresh(kind: Kind, item: dict[str, Any], version: int) -> dict[str, Any]:
    metadata = {
        **_set_fields(item["metadata"]),
        "uid": item["metadata"].get("uid") or str(uuid.uuid4()),
        "resourceVersion": str(version),
        "creationTimestamp": now(),
    }
    if kind.generation or not kind.builtin:
        metadata["generation"] = 1
    return {**item, "metadata": metadata}


def _merge_update(
    kind: Kind, old: dict[str, Any], new: dict[str, Any], *, subresource: str
) -> dict[str, Any]:
    new = {field: value for field, value in new.items() if field not in _TYPE_FIELDS}
    fixed = ("uid", "resourceVersion", "creationTimestamp", "generation", "deletionTimestamp")
    kept = {field: old["metadata"][field] for field in fixed if field in old["metadata"]}
    if subresource == "status":
        # The status endpoint leaves the spec alone, but takes labels and annotations.
        taken = {
            field: new["metadata"][field]
            for field in ("labels", "annotations")
            if field in new.get("metadata", {})
        }
        metadata = _set_fields({**old["metadata"], **taken})
        return {**old, "metadata": metadata, "status": new.get("status", {})}
    result = {**new, "metadata": {**_set_fields(new["metadata"]), **kept}}
    if "status" in old and kind.generation:
        result["status"] = old["status"]
    counts = kind.generation or not kind.builtin
    if counts and _content(result) != _content(old):
        result["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
    return result


def _set_fields(metadata: dict[str, Any]) -> dict[str, Any]:
    """Without maps and lists that are empty: to the server they are the same as none."""
    may_be_empty = ("annotations", "labels", "finalizers")
    return {field: value for field, value in metadata.items() if value or field not in may_be_empty}


def _content(item: dict[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in item.items() if field not in ("metadata", "status")}
