"""The writer: one patch to one object, and what its failure means."""

import logging
from collections.abc import Sequence
from typing import Protocol

import msgspec

from dnssync.generation.patching import Operation
from dnssync.generation.reading import RESOURCES
from dnssync.generation.subject import Subject
from dnssync.kube.client import Connection, resource_path

log = logging.getLogger(__name__)


class Writer(Protocol):
    """Who writes patches to objects."""

    def write(self, subject: Subject, operations: Sequence[Operation]) -> bytes | None:
        """The JSON of the object as it is afterwards, None if it was not to be written.

        Raises RetryableError (an ApiError for what the server refused: 409 if the object is another by now).
        """


class KubeWriter:
    """Patches over the Kubernetes API. The field manager is the first word of the user agent, ``dnssync``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, subject: Subject, operations: Sequence[Operation]) -> bytes | None:
        """See ``Writer``."""
        path = resource_path(RESOURCES[subject.ref.kind], subject.ref.namespace, subject.ref.name)
        return self._connection.send("PATCH", path, operations, content_type="application/json-patch+json")


class DryWriter:
    """Says what it would write (``--dry-run``)."""

    def write(self, subject: Subject, operations: Sequence[Operation]) -> bytes | None:
        """See ``Writer``."""
        log.info(
            "would patch %s",
            msgspec.json.encode(operations).decode(),
            extra={"object": subject.ref, "reason": "dry run"},
        )
        return None
