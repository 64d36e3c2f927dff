"""The inbox: everything that the controller's thread learns comes through here, as immutable messages."""

import threading
import time
from collections.abc import Sequence

import msgspec

from dnssync.changes import Outcome
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.ownership import ZoneContent
from dnssync.providers import Zone


class ObjectSeen(msgspec.Struct, frozen=True, gc=False):
    """An object is there, new or changed."""

    source: str
    claims: ObjectClaims
    at: float


class ObjectGone(msgspec.Struct, frozen=True, gc=False):
    """An object was deleted or is filtered out."""

    source: str
    ref: ObjectRef
    at: float


class SourceListed(msgspec.Struct, frozen=True, gc=False):
    """A source was read whole."""

    source: str
    refs: frozenset[ObjectRef]


class SourceFailed(msgspec.Struct, frozen=True, gc=False):
    """A source cannot be read at the moment."""

    source: str
    error: str


class ZonesRead(msgspec.Struct, frozen=True, gc=False):
    """The provider's zones, or why they could not be read."""

    zones: tuple[Zone, ...] = ()
    error: str = ""


class RecordsRead(msgspec.Struct, frozen=True):
    """All that is in a zone, or why it could not be read. The content is the receiver's from now on."""

    zone: Zone
    content: ZoneContent | None = None
    error: str = ""


class BundlesApplied(msgspec.Struct, frozen=True, gc=False):
    """What came of one request to a zone; ``asked_at`` is when the oldest event behind it was seen."""

    zone: Zone
    outcomes: Sequence[Outcome]
    asked_at: float | None = None


class Crashed(msgspec.Struct, frozen=True, gc=False):
    """A worker thread met a bug: the process ends with it."""

    error: BaseException


class ResyncDue(msgspec.Struct, frozen=True, gc=False):
    """Time to read everything again."""


class Stop(msgspec.Struct, frozen=True, gc=False):
    """End the loop after what is under way."""


Message = (
    ObjectSeen
    | ObjectGone
    | SourceListed
    | SourceFailed
    | ZonesRead
    | RecordsRead
    | BundlesApplied
    | ResyncDue
    | Crashed
    | Stop
)


class Inbox:
    """A queue of messages with a wait that has a deadline; also the Sink that watchers write to.

    Nothing put in is ever lost or reordered. ``seen`` and ``gone`` carry the monotonic time at which they
    came in, from which the time to the change is measured.
    """

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._arrived = threading.Condition()

    def put(self, message: Message) -> None:
        """Add a message and wake the reader."""
        with self._arrived:
            self._messages.append(message)
            self._arrived.notify()

    def take(self, timeout: float | None) -> list[Message]:
        """All messages that are there; waits up to ``timeout`` seconds (None: for ever) for the first."""
        with self._arrived:
            self._arrived.wait_for(lambda: bool(self._messages), timeout)
            messages, self._messages = self._messages, []
        return messages

    def seen(self, source: str, claims: ObjectClaims) -> None:
        """See ``sources.Sink``."""
        self.put(ObjectSeen(source, claims, time.monotonic()))

    def gone(self, source: str, ref: ObjectRef) -> None:
        """See ``sources.Sink``."""
        self.put(ObjectGone(source, ref, time.monotonic()))

    def listed(self, source: str, refs: frozenset[ObjectRef]) -> None:
        """See ``sources.Sink``."""
        self.put(SourceListed(source, refs))

    def failed(self, source: str, error: str) -> None:
        """See ``sources.Sink``."""
        self.put(SourceFailed(source, error))
