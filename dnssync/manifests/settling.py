"""Which changed files may be believed yet: who writes a file anew empties it first, and fills it bit by bit.

Between the two, a file holds nothing, or the first of its objects; taking that for the whole would withdraw
the others' records. Pure: what files look like, and the time, are arguments.
"""

from dnssync.manifests.catalogue import Place
from dnssync.manifests.folders import Signature

EMPTY_SECONDS = 5.0
"""How long a file that held objects must be empty for that to be meant: ``render > file`` takes a while."""

QUIET_SECONDS = 0.4
"""How long a file that is written anew must stay as it is to count as written."""

MISSING_SECONDS = 0.2
"""How long a file must be gone for that to be meant: editors put the old one aside before they write anew."""


class Settling:
    """The files that may be half written, with their look and since when they have it (monotonic seconds)."""

    def __init__(self) -> None:
        self._looks: dict[Place, tuple[Signature | None, float]] = {}

    def places(self) -> set[Place]:
        """The files that are to be looked at again soon."""
        return set(self._looks)

    def is_settled(self, place: Place, before: Signature, after: Signature | None, now: float) -> bool:
        """Whether a file that held objects may be read; ``after`` is None if it is gone."""
        known = self._looks.get(place)
        if known is None and not _begins_anew(before, after):
            return True
        if known is None or known[0] != after:
            self._looks[place] = (after, now)
            return False
        if now - known[1] < _patience(after):
            return False
        del self._looks[place]
        return True


def _begins_anew(before: Signature, after: Signature | None) -> bool:
    """Whether the file is gone, empty, or has become shorter while it is the same file."""
    if after is None or after.size == 0:
        return True
    return after.inode == before.inode and after.size < before.size


def _patience(look: Signature | None) -> float:
    if look is None:
        return MISSING_SECONDS
    return QUIET_SECONDS if look.size else EMPTY_SECONDS
