"""The tap: the hostname generator reads along in the watch that feeds the controller, and starts no other."""

from collections.abc import Callable
from typing import Protocol

from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.sources import RawObject, Resource, Sink, Source

Take = Callable[[RawObject], None]


class Listener(Protocol):
    """Who reads along. Thread-safe, never blocks."""

    def gone(self, source: str, ref: ObjectRef) -> None:
        """See ``sources.Sink``."""

    def listed(self, source: str, refs: frozenset[ObjectRef]) -> None:
        """See ``sources.Sink``."""

    def failed(self, source: str, error: str) -> None:
        """See ``sources.Sink``."""


class TappedSource:
    """A source that shows every object which its filters let through to ``take`` as well."""

    def __init__(self, source: Source, take: Take) -> None:
        self._source = source
        self._take = take
        self.name: str = source.name
        self.resource: Resource = source.resource

    def ref(self, namespace: str, name: str) -> ObjectRef:
        """See ``Source``."""
        return self._source.ref(namespace, name)

    def claims(self, raw: RawObject) -> ObjectClaims | None:
        """See ``Source``."""
        claims = self._source.claims(raw)
        if claims is not None:
            self._take(raw)
        return claims


class ForkedSink:
    """A sink that tells listeners what ``TappedSource`` cannot: what is gone, and how the lists went.

    Without a ``sink`` behind it only the listeners hear.
    """

    def __init__(self, sink: Sink | None, *listeners: Listener) -> None:
        self._sink = sink
        self._listeners = listeners

    def seen(self, source: str, claims: ObjectClaims) -> None:
        """See ``Sink``."""
        if self._sink is not None:
            self._sink.seen(source, claims)

    def gone(self, source: str, ref: ObjectRef) -> None:
        """See ``Sink``."""
        if self._sink is not None:
            self._sink.gone(source, ref)
        for listener in self._listeners:
            listener.gone(source, ref)

    def listed(self, source: str, refs: frozenset[ObjectRef]) -> None:
        """See ``Sink``."""
        if self._sink is not None:
            self._sink.listed(source, refs)
        for listener in self._listeners:
            listener.listed(source, refs)

    def failed(self, source: str, error: str) -> None:
        """See ``Sink``."""
        if self._sink is not None:
            self._sink.failed(source, error)
        for listener in self._listeners:
            listener.failed(source, error)
