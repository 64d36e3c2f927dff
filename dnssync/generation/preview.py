"""Hostnames without an API server: for manifest files, which are never written to, and for plans."""

import threading
from collections.abc import Callable

import msgspec

from dnssync.generation.book import Book
from dnssync.generation.deciding import Note
from dnssync.generation.patching import apply_patch, make_patch
from dnssync.generation.reading import read_subject
from dnssync.generation.record import Record
from dnssync.generation.subject import Subject
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.sources import RawObject, Resource, Source

Tell = Callable[[Subject, Note], None]


class GeneratingSource:
    """A source whose objects have their generated hostnames before it reads them.

    What was generated is remembered, as the annotation does it in a cluster: hosts are as sticky here. The
    objects themselves come and go by what the inner source says of them.
    """

    def __init__(self, source: Source, book: Book, tell: Tell) -> None:
        self._source = source
        self._book = book
        self._tell = tell
        self._records: dict[ObjectRef, Record] = {}
        self._said: dict[ObjectRef, Note | None] = {}
        self._lock = threading.Lock()
        self.name: str = source.name
        self.resource: Resource = source.resource

    def ref(self, namespace: str, name: str) -> ObjectRef:
        """See ``Source``."""
        return self._source.ref(namespace, name)

    def claims(self, raw: RawObject) -> ObjectClaims | None:
        """See ``Source``."""
        if self._source.claims(raw) is None:
            return None
        document = raw if not isinstance(raw, bytes | msgspec.Raw) else msgspec.json.decode(raw)
        with self._lock:
            return self._source.claims(self._generated(document))

    def gone(self, source: str, ref: ObjectRef) -> None:
        """See ``tap.Listener``."""
        if source == self.name:
            with self._lock:
                self._book.drop(ref)
                self._records.pop(ref, None)
                self._said.pop(ref, None)

    def listed(self, source: str, refs: frozenset[ObjectRef]) -> None:
        """See ``tap.Listener``."""
        if source == self.name:
            for ref in self._book.missing_from(self.ref("", "").kind, refs):
                self.gone(source, ref)

    def failed(self, source: str, error: str) -> None:
        """See ``tap.Listener``: what is known stays."""

    def _generated(self, document: RawObject) -> RawObject:
        plain = read_subject(self.ref("", "").kind, document, self._book.options)
        record = plain.record or self._records.pop(plain.ref, {})
        self._book.see(msgspec.structs.replace(plain, record=record))
        decided = self._book.decide(plain.ref)
        if decided is None or not isinstance(document, dict):
            return document
        subject, decision = decided
        self._say(subject, decision.note or decision.complaint)
        changed = apply_patch(document, make_patch(plain, decision, self._book.options.prefix))
        self._records[subject.ref] = decision.record
        self._book.see(read_subject(subject.ref.kind, changed, self._book.options))
        return changed

    def _say(self, subject: Subject, note: Note | None) -> None:
        if note and self._said.get(subject.ref) != note:
            self._tell(subject, note)
        self._said[subject.ref] = note
