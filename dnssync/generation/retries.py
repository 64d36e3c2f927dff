"""Retries: when an object that was refused, or that somebody changes back, is written again. Pure."""

import msgspec

from dnssync.backoff import Backoff
from dnssync.generation.deciding import Decision
from dnssync.generation.subject import Subject
from dnssync.objects import ObjectRef

CONFLICT = Backoff(first=0.05, cap=5.0)
REFUSAL = Backoff(first=5.0, cap=300.0)
QUARREL = Backoff(first=2.0, cap=300.0)

_LEAST_STALE_SECONDS = 10.0
_PEACE_SECONDS = 600.0


class _Trouble(msgspec.Struct, frozen=True):
    """Failures in a row, and the version that was refused as too old, and until when that is believed."""

    tries: int = 0
    stale: str = ""
    stale_until: float = 0.0


class _Written(msgspec.Struct, frozen=True):
    """What was written last, when, and how often somebody took it back."""

    content: tuple[object, ...]
    at: float
    undone: int


class Retries:
    """The past failures and writes of each object. Times are monotonic, in seconds."""

    def __init__(self) -> None:
        self._troubles: dict[ObjectRef, _Trouble] = {}
        self._written: dict[ObjectRef, _Written] = {}

    def forget(self, ref: ObjectRef) -> None:
        """The object is gone."""
        self._troubles.pop(ref, None)
        self._written.pop(ref, None)

    def settle(self, ref: ObjectRef) -> None:
        """The object is as it has to be, whoever wrote it: former failures say nothing of the next write."""
        self._troubles.pop(ref, None)

    def wait(self, subject: Subject, decision: Decision, now: float) -> float:
        """Seconds for which writing would be useless or a quarrel.

        Useless while the newer state of the object has not come in; a quarrel if the same was written
        before and somebody keeps taking it back (a GitOps tool that holds the former host).
        """
        trouble = self._troubles.get(subject.ref, _Trouble())
        if trouble.stale == subject.version and now < trouble.stale_until:
            return CONFLICT.delay(trouble.tries, 1.0)
        written = self._written.get(subject.ref)
        if written is None or written.content != _content(decision) or not written.undone:
            return 0.0
        return max(0.0, written.at + QUARREL.delay(written.undone, 1.0) - now)

    def failed(self, subject: Subject, *, conflict: bool, now: float, chance: float) -> float:
        """A write was refused; seconds until the next try."""
        tries = self.tries(subject.ref) + 1
        believed = max(_LEAST_STALE_SECONDS, REFUSAL.delay(tries, chance))
        stale = (subject.version, now + believed) if conflict else ("", 0.0)
        self._troubles[subject.ref] = _Trouble(tries, *stale)
        return (CONFLICT if conflict else REFUSAL).delay(tries, chance)

    def tries(self, ref: ObjectRef) -> int:
        """How often in a row writing the object failed."""
        return self._troubles.get(ref, _Trouble()).tries

    def wrote(self, subject: Subject, decision: Decision, now: float) -> int:
        """A write got through; how often in a row the same had been taken back before."""
        self._troubles.pop(subject.ref, None)
        before = self._written.get(subject.ref)
        content = _content(decision)
        again = before is not None and before.content == content and now < before.at + _PEACE_SECONDS
        undone = before.undone + 1 if before and again else 0
        self._written[subject.ref] = _Written(content, now, undone)
        return undone


def _content(decision: Decision) -> tuple[object, ...]:
    hosts = {at: entry.host for at, entry in decision.record.items()}
    return decision.hosts, decision.tls, hosts
