"""Kubernetes Events: what dnssync has to say about an object, where ``kubectl describe`` shows it.

Events are a courtesy. They never hold up the caller, never stop the program, and repeats are folded into a
count (the series of events.k8s.io/v1) instead of flooding the API server.
"""

import hashlib
import logging
import queue
import random
import socket
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec

from dnssync.backoff import Backoff
from dnssync.errors import RetryableError
from dnssync.kube.advice import explain, is_lasting
from dnssync.kube.client import Connection, resource_path
from dnssync.kube.wire import ApiError
from dnssync.sources import Resource

log = logging.getLogger(__name__)

EVENTS = Resource("events.k8s.io", "v1", "events", "Event")
CONTROLLER = "dnssync"

_QUEUE_SIZE = 1000
_FOLD_SECONDS = 300.0
_NOTES_PER_REASON = 10
_REMEMBERED = 4096
_NOTE_BYTES = 1024
_NAME_CHARACTERS = 200
_TRIES = 4
_BACKOFF = Backoff(first=0.5, cap=10.0)
_FLUSH_SECONDS = 0.5


class ObjectEvent(msgspec.Struct, frozen=True, gc=False):
    """One thing to say about one object. ``kind`` is the API's word (``Ingress``); ``reason`` is a CamelCase
    word; ``note`` is for people and is cut at 1024 bytes (events.k8s.io/v1); a warning gets type Warning.
    Of the same object and ``occasion`` one Event is written, also by several processes."""

    kind: str
    api_version: str
    namespace: str
    name: str
    uid: str
    reason: str
    note: str
    warning: bool = False
    action: str = "Sync"
    occasion: str = ""


class _Series(msgspec.Struct):
    """An Event that stands in the cluster, how often it happened, and when that was last written."""

    event_name: str
    count: int
    written: float


class EventRecorder:
    """Takes events from any thread without blocking, and writes them from its own.

    The same object, reason and note within five minutes is counted and not written; later it updates the
    Event's series. No more than ten different notes per object and reason are written in that time.
    ``dropped`` counts what was lost: a full queue, too many notes, or a server that would not take it.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        instance: str = "",
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._connection = connection
        self._instance = (instance or f"{CONTROLLER}-{socket.gethostname()}")[:128]
        self._chance = chance
        self._clock = clock
        self._queue: queue.Queue[ObjectEvent | None] = queue.Queue(_QUEUE_SIZE)
        self._series: OrderedDict[tuple[str, ...], dict[str, _Series]] = OrderedDict()
        self._complained = False
        self.dropped = 0

    def record(self, event: ObjectEvent) -> bool:
        """Queue an event; False (and one more in ``dropped``) if there is no room."""
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self.dropped += 1
            return False
        return True

    def run(self, stop: threading.Event) -> None:
        """Write events until ``stop`` is set, then what is queued for another half second at most."""
        writer = threading.Thread(target=self._write_queued, args=(stop,), name="events", daemon=True)
        writer.start()
        stop.wait()
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            pass  # The writer looks at ``stop`` too.
        writer.join(_FLUSH_SECONDS)

    def _write_queued(self, stop: threading.Event) -> None:
        while (event := self._queue.get()) is not None:
            self._write(event, stop)
            if stop.is_set() and self._queue.empty():
                return

    def _write(self, event: ObjectEvent, stop: threading.Event) -> None:
        key = (event.api_version, event.kind, event.namespace, event.name, event.uid, event.reason)
        now = self._clock()
        notes = self._notes(key, now)
        series = notes.get(event.note)
        if series is None and len(notes) >= _NOTES_PER_REASON:
            self.dropped += 1
        elif series is None:
            name = event_name(event, now)
            if self._deliver(lambda: self._create(event, name, now), stop):
                notes[event.note] = _Series(name, 1, now)
        else:
            series.count += 1
            if now - series.written >= _FOLD_SECONDS and self._deliver(
                lambda: self._repeat(event, series, now), stop
            ):
                series.written = now

    def _notes(self, key: tuple[str, ...], now: float) -> dict[str, _Series]:
        """The Events known for an object and reason. The oldest objects are forgotten first, and so are
        notes that have not been written for two periods: their Event may have expired in the cluster."""
        known = self._series.pop(key, {})
        fresh = {note: series for note, series in known.items() if now - series.written < 2 * _FOLD_SECONDS}
        self._series[key] = fresh
        if len(self._series) > _REMEMBERED:
            self._series.popitem(last=False)
        return fresh

    def _create(self, event: ObjectEvent, name: str, now: float) -> None:
        body = event_body(event, name, instance=self._instance, at=now)
        try:
            self._connection.send("POST", resource_path(EVENTS, event.namespace or "default"), body)
        except ApiError as error:
            if error.code != 409 or not event.occasion:
                raise
            # Another process said it, before it was killed perhaps.

    def _repeat(self, event: ObjectEvent, series: _Series, now: float) -> None:
        path = resource_path(EVENTS, event.namespace or "default", series.event_name)
        body = {"series": {"count": series.count, "lastObservedTime": micro_time(now)}}
        try:
            self._connection.send("PATCH", path, body, content_type="application/merge-patch+json")
        except ApiError as error:
            if error.code != 404:
                raise
            series.event_name = event_name(event, now)
            self._create(event, series.event_name, now)

    def _deliver(self, write: Callable[[], None], stop: threading.Event) -> bool:
        """Whether ``write`` got through, after a few tries where trying again can help."""
        for tries in range(1, _TRIES + 1):
            try:
                write()
                self._complained = False
                return True
            except RetryableError as error:
                if is_lasting(error) or tries == _TRIES or stop.is_set():
                    self._complain(error)
                    break
                stop.wait(max(_BACKOFF.delay(tries, self._chance()), min(error.retry_after or 0.0, 30.0)))
        self.dropped += 1
        return False

    def _complain(self, error: RetryableError) -> None:
        if not self._complained:
            self._complained = True
            log.warning(
                "Events cannot be written (they are dropped until they can): %s",
                explain(error, "create", EVENTS),
                extra={"reason": "events refused"},
            )


def event_body(event: ObjectEvent, name: str, *, instance: str, at: float) -> dict[str, Any]:
    """The JSON of an events.k8s.io/v1 Event; ``at`` is in seconds since 1970. Pure."""
    regarding = {
        "kind": event.kind,
        "apiVersion": event.api_version,
        "namespace": event.namespace,
        "name": event.name,
        "uid": event.uid,
    }
    return {
        "apiVersion": EVENTS.api_version,
        "kind": EVENTS.kind,
        "metadata": {"name": name, "namespace": event.namespace or "default"},
        "eventTime": micro_time(at),
        "reportingController": CONTROLLER,
        "reportingInstance": instance,
        "action": event.action,
        "reason": event.reason[:128],
        "note": cut_note(event.note),
        "type": "Warning" if event.warning else "Normal",
        "regarding": {field: value for field, value in regarding.items() if value},
    }


def event_name(event: ObjectEvent, at: float) -> str:
    """A name for a new Event: the object's and the time, as other controllers do it, and what tells apart
    the Events of one moment; or the occasion, which makes the same name at any time."""
    start = event.name[:_NAME_CHARACTERS].rstrip("-.")
    if event.occasion:
        return f"{start}.{hashlib.sha256(f'{event.uid} {event.occasion}'.encode()).hexdigest()[:24]}"
    content = zlib.crc32(f"{event.reason}\0{event.note}".encode("utf-8", "replace"))
    return f"{start}.{int(at * 1e9):x}{content:08x}"


def micro_time(at: float) -> str:
    """RFC 3339 with exactly six digits: the API refuses a MicroTime with fewer."""
    whole, micros = divmod(round(at * 1e6), 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{micros:06d}Z"


def cut_note(note: str) -> str:
    """The note within the API's 1024 bytes, cut between two characters."""
    if len(note.encode()) <= _NOTE_BYTES:
        return note
    return note.encode()[: _NOTE_BYTES - 3].decode("utf-8", "ignore") + "…"
