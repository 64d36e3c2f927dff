"""The intake: each object off the wire goes through its source and, if it is ours, on to the sink."""

import logging

import msgspec

from dnssync.errors import ConfigError
from dnssync.kube.wire import MalformedError, WatchEvent, decode_error, decode_meta
from dnssync.objects import ObjectRef
from dnssync.sources import Sink, Source

log = logging.getLogger(__name__)


class Intake:
    """Keeps no object. One that the source cannot decode is counted (``undecodable``) and logged, and what is
    known of it stays as it was."""

    def __init__(self, source: Source, sink: Sink) -> None:
        self._source = source
        self._sink = sink
        self.undecodable = 0

    def take_listed(self, raw: msgspec.Raw) -> ObjectRef | None:
        """Hand on an object of a list; its identity if it is to be taken for present."""
        try:
            claims = self._source.claims(raw)
        except ConfigError as error:
            return self._keep_listed(raw, error)
        if claims is None:
            return None
        self._sink.seen(self._source.name, claims)
        return claims.ref

    def take_event(self, event: WatchEvent) -> str:
        """Hand on what a line of a watch says; the resource version that it carries.

        Raises ApiError for an ERROR event, MalformedError for an object without metadata.
        """
        if event.type == "ERROR":
            raise decode_error(event.object)
        meta = decode_meta(event.object)
        ref = self._source.ref(meta.namespace, meta.name)
        if event.type == "DELETED":
            self._sink.gone(self._source.name, ref)
        elif event.type in ("ADDED", "MODIFIED"):
            self._take_changed(event.object, ref)
        return meta.resource_version

    def _take_changed(self, raw: msgspec.Raw, ref: ObjectRef) -> None:
        try:
            claims = self._source.claims(raw)
        except ConfigError as error:
            self._keep(str(ref), error)
            return
        if claims is None:
            self._sink.gone(self._source.name, ref)
        else:
            self._sink.seen(self._source.name, claims)

    def _keep_listed(self, raw: msgspec.Raw, error: ConfigError) -> ObjectRef | None:
        try:
            meta = decode_meta(raw)
        except MalformedError:
            # Without a name it can be no object that was ever known.
            self._keep("an object without a name", error)
            return None
        ref = self._source.ref(meta.namespace, meta.name)
        self._keep(str(ref), error)
        return ref

    def _keep(self, what: str, error: ConfigError) -> None:
        self.undecodable += 1
        log.warning(
            "%s stays as it was: %s",
            what,
            error,
            extra={"object": what, "reason": "undecodable"},
        )
