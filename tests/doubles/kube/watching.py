"""GET of a collection with watch=1: initial events, changes as they come, bookmarks, and how it can break."""

import time
from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec

from tests.doubles.kube import statuses
from tests.doubles.kube.faults import (
    CutWatch,
    EndWatch,
    Fault,
    HalfLine,
    Silence,
    StreamError,
    StreamText,
)
from tests.doubles.kube.kinds import Kind, Target
from tests.doubles.kube.listing import select, typed
from tests.doubles.kube.statuses import StatusError
from tests.doubles.kube.store import LogEvent, Store

_LAST_BOOKMARK_SECONDS = 1.5


class Line(Protocol):
    """Where the stream goes."""

    def send(self, data: bytes) -> None:
        """Send one chunk."""

    def cut(self, data: bytes) -> None:
        """Send the first half of a chunk and close the connection."""

    def hold(self) -> None:
        """Send nothing until the faults are cleared or the server stops."""


class WatchSettings(msgspec.Struct):
    """What all watches of a server share. ``orders`` are faults for watches that are running; ``running``
    turns False when the server stops."""

    bookmarks: bool = True
    bookmark_seconds: float = 60.0
    default_seconds: float = 2700.0
    orders: list[Fault] = []
    running: bool = True


class Watch:
    """One watch request."""

    def __init__(
        self, store: Store, target: Target, query: Mapping[str, str], *, settings: WatchSettings
    ) -> None:
        self._store = store
        self._kind: Kind = target.kind
        self._matches = select(target, query)
        self._settings = settings
        self._obeyed = len(settings.orders)
        self._sent = 0
        self._bookmarks = query.get("allowWatchBookmarks") in ("true", "1") and settings.bookmarks
        seconds = float(query.get("timeoutSeconds") or settings.default_seconds)
        self._opened = time.monotonic()
        self._deadline = self._opened + seconds
        asked = query.get("resourceVersion", "")
        if asked and not asked.isdigit():
            why = f'strconv.ParseUint: parsing "{asked}": invalid syntax'
            raise StatusError(500, "", f'resourceVersion: Invalid value: "{asked}": {why}')
        self._initial = _wants_initial(query, asked)
        self._start = self._position = int(asked or 0)

    def serve(self, line: Line, fault: Fault | None) -> None:
        """Send the stream until it ends; returns where the body shall end properly."""
        if isinstance(fault, Silence):
            line.hold()
            return
        if isinstance(fault, HalfLine):
            line.send(b'{"type":"ADDED","object":{"kind":"Ingr')
            return
        if isinstance(fault, StreamText):
            line.send(fault.text.encode())
            return
        for data in self._lines():
            order = self._order() or fault
            if _is_due(order, self._sent):
                self._break(line, order, data)
                return
            if data:
                line.send(data)
                self._sent += 1

    def _break(self, line: Line, order: Fault | None, data: bytes) -> None:
        if isinstance(order, CutWatch):
            line.cut(data or self._bookmark())
        elif isinstance(order, StreamError):
            line.send(_error_line(StatusError(order.code, order.reason, order.message)))
        elif isinstance(order, Silence):
            line.hold()

    def _order(self) -> Fault | None:
        orders = self._settings.orders
        if self._obeyed < len(orders):
            self._obeyed += 1
            return orders[self._obeyed - 1]
        return None

    def _lines(self) -> Iterator[bytes]:
        """The lines of the stream; an empty one says that there was time to look at the orders."""
        yield b""
        if self._initial:
            yield from self._initial_lines()
        try:
            self._store.since(self._position, self._kind)
        except StatusError as error:
            yield _error_line(error)
            return
        for bookmark_at in [*self._bookmark_times(), self._deadline]:
            yield from self._lines_until(bookmark_at)
            if not self._settings.running:
                return
            if self._bookmarks and bookmark_at < self._deadline and self._position > self._start:
                yield self._bookmark()

    def _initial_lines(self) -> Iterator[bytes]:
        self._position, rows = self._store.snapshot(self._kind)
        for key, body in rows:
            if self._matches(key, body):
                yield _line("ADDED", typed(self._kind, body))
        if self._bookmarks:
            yield self._bookmark(annotation=True)

    def _bookmark_times(self) -> list[float]:
        times = [self._deadline - _LAST_BOOKMARK_SECONDS]
        at = self._opened + self._settings.bookmark_seconds
        while at < min(self._deadline, self._opened + 10_000 * self._settings.bookmark_seconds):
            times.append(at)
            at += self._settings.bookmark_seconds
        return sorted(moment for moment in times if moment > self._opened)

    def _lines_until(self, moment: float) -> Iterator[bytes]:
        while self._settings.running:
            with self._store.changed:
                self._store.changed.wait_for(self._has_news, max(0.0, moment - time.monotonic()))
                newest, events = self._store.since(self._position, self._kind, running=True)
            for event in events:
                data = self._event_line(event)
                if data:
                    yield data
            self._position = max(newest, self._position)
            yield b""
            if time.monotonic() >= moment:
                return

    def _has_news(self) -> bool:
        ordered = self._obeyed < len(self._settings.orders)
        return self._store.version > self._position or ordered or not self._settings.running

    def _event_line(self, event: LogEvent) -> bytes:
        is_in = event.type != "DELETED" and self._matches(event.key, event.body)
        was_in = event.old is not None and self._matches(event.key, event.old)
        if is_in:
            return _line("MODIFIED" if was_in else "ADDED", typed(self._kind, event.body))
        if not was_in:
            return b""
        body = event.body
        if event.type != "DELETED" and event.old is not None:
            body = _with_version(event.old, event.version)
        return _line("DELETED", typed(self._kind, body))

    def _bookmark(self, *, annotation: bool = False) -> bytes:
        metadata: dict[str, object] = {"resourceVersion": str(self._position)}
        if annotation:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        item = {"kind": self._kind.kind, "apiVersion": self._kind.api_version, "metadata": metadata}
        if self._kind.kind == "Ingress":
            item |= {"spec": {}, "status": {"loadBalancer": {}}}
        return _line("BOOKMARK", msgspec.json.encode(item))


def _is_due(order: Fault | None, sent: int) -> bool:
    if isinstance(order, CutWatch | EndWatch | StreamError):
        return sent >= order.after
    return isinstance(order, Silence)


def _wants_initial(query: Mapping[str, str], asked: str) -> bool:
    wish = query.get("sendInitialEvents")
    if wish == "true" and query.get("resourceVersionMatch") != "NotOlderThan":
        raise statuses.invalid_options(
            "sendInitialEvents: Forbidden: sendInitialEvents requires resourceVersionMatch=NotOlderThan"
        )
    return wish == "true" or (wish is None and asked in ("", "0"))


def _line(event_type: str, item: bytes) -> bytes:
    return b'{"type":"' + event_type.encode() + b'","object":' + item + b"}\n"


def _error_line(error: StatusError) -> bytes:
    return _line("ERROR", error.body.rstrip())


def _with_version(body: bytes, version: int) -> bytes:
    item = msgspec.json.decode(body)
    item["metadata"]["resourceVersion"] = str(version)
    return msgspec.json.encode(item)
