"""The voice of the generator: log lines, Kubernetes Events and metrics, each thing said once."""

import logging
from collections.abc import Callable

from dnssync.generation.deciding import Note
from dnssync.generation.subject import Subject
from dnssync.metrics import Metrics
from dnssync.objects import ObjectRef

log = logging.getLogger(__name__)

Announce = Callable[[Subject, Note, bool], None]
"""Write a Kubernetes Event on a subject's object; True for a warning."""


class Voice:
    """Says what was done to an object, and once what cannot be done."""

    def __init__(self, metrics: Metrics, announce: Announce | None) -> None:
        self._metrics = metrics
        self._announce = announce
        self._complaints: dict[ObjectRef, str] = {}

    def tell(self, subject: Subject, note: Note, *, warning: bool = False) -> None:
        """Say something about an object: in the log, and as an Event."""
        level = logging.WARNING if warning else logging.INFO
        log.log(level, note.text, extra={"object": subject.ref, "reason": note.reason})
        if self._announce:
            self._announce(subject, note, warning)

    def complain(self, subject: Subject, note: Note) -> None:
        """Say why a hostname cannot be made, if that is news."""
        if self._complaints.get(subject.ref) != note.text:
            self._complaints[subject.ref] = note.text
            self.tell(subject, note, warning=True)
        self._metrics.hostname_problems.set(len(self._complaints))

    def settle(self, ref: ObjectRef) -> None:
        """There is nothing to complain of any more."""
        if self._complaints.pop(ref, None) is not None:
            self._metrics.hostname_problems.set(len(self._complaints))

    def wrote(self, result: str) -> None:
        """Count a write: applied, conflict or failed."""
        self._metrics.hostname_writes.labels(result).inc()

    def turned(self, objects: int, waiting: int) -> None:
        """The loop turned once: objects with or for generated hostnames, and writes that wait."""
        self._metrics.hostname_objects.set(objects)
        self._metrics.hostname_queue.set(waiting)

    def ready(self, seconds: float) -> None:
        """A hostname is answered, so long after it was written."""
        self._metrics.hostname_ready.observe(seconds)
