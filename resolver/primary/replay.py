"""Signed updates that came before are not done again (RFC 8945 §5.2.3, §10). Pure; seconds come as arguments.

A message is known by its MAC for as long as its time would be taken. What comes again, bit for bit, gets
the answer that it got: a client that lost it repeats itself. Of what the table could not hold, and of what
the journal no longer has, only the last time is kept, per key; what was signed up to then is not taken.
"""

from collections import OrderedDict

import msgspec

from resolver.names import Labels
from resolver.primary.tsig import Signature

_MOST = 4096


class _Seen(msgspec.Struct, frozen=True):
    signed: int
    until: int
    answer: bytes


class Replays:
    """What was done, by key and MAC, at most ``most`` of it."""

    def __init__(self, *, most: int = _MOST) -> None:
        self._floors: dict[Labels, int] = {}
        self._most = most
        self._seen: OrderedDict[tuple[Labels, bytes], _Seen] = OrderedDict()

    def find(self, signature: Signature) -> bytes | None:
        """The answer that this message got before, empty if that is not known; None if it is new."""
        seen = self._seen.get((signature.key, signature.mac))
        return seen.answer if seen else None

    def is_stale(self, signature: Signature, now: int) -> bool:
        """Whether a message that is not in the table may have been in it.

        A last time that lies further ahead than any clock may be wrong is of a clock that was set back;
        it tells nothing.
        """
        floor = self._floors.get(signature.key, 0)
        return signature.time <= floor <= now + signature.fudge and self.find(signature) is None

    def add(self, signature: Signature, answer: bytes) -> None:
        """Remember what was answered to a message; empty if that is not known."""
        key, until = (signature.key, signature.mac), signature.time + signature.fudge
        self._seen[key] = _Seen(signature.time, until, answer)
        while len(self._seen) > self._most:
            self._raise_floor()

    def add_floor(self, key: Labels, signed: int) -> None:
        """Of this key nothing is known up to and with what it signed at ``signed``."""
        self._floors[key] = max(self._floors.get(key, 0), signed)

    def expire(self, now: int) -> None:
        """Forget the oldest for as long as they would not be taken any more."""
        while self._seen and next(iter(self._seen.values())).until < now:
            self._seen.popitem(last=False)

    def latest(self) -> dict[Labels, int]:
        """Per key, when the last of its messages was signed: the floors of a process to come."""
        latest = dict(self._floors)
        for (key, _), seen in self._seen.items():
            latest[key] = max(latest.get(key, 0), seen.signed)
        return latest

    def _raise_floor(self) -> None:
        (key, _), seen = self._seen.popitem(last=False)
        self.add_floor(key, seen.signed)
