"""The gate that all deletions pass: the deletion guard with the memory of what was deleted of late."""

from collections import deque
from collections.abc import Callable, Sequence

from dnssync.changes import Action, Bundle
from dnssync.deletions import DeletionLimits, Verdict, judge
from dnssync.names import normalise

WINDOW = 60.0
"""Seconds over which deletions are counted together: objects that go one by one are no less gone."""


class DeletionGate:
    """``held`` deletions wait at the gate, and ``notice`` says why and how to release them.

    ``answered`` says of a normalised name that it goes on being answered without its records: a name that
    carries its address, in a zone of the bundled resolver. Taking those away is not counted.
    """

    def __init__(self, limits: DeletionLimits, answered: Callable[[str], bool] = lambda name: False) -> None:
        self._limits = limits
        self._answered = answered
        self._recent: deque[tuple[float, int]] = deque()
        self._under_way = 0
        self.held = 0
        self.notice = ""

    def judge(self, bundles: Sequence[Bundle], owned: int, now: float) -> Verdict:
        """Whether these deletions, all that are planned in all zones, may be made now."""
        while self._recent and self._recent[0][0] <= now - WINDOW:
            self._recent.popleft()
        planned = self._count(bundles)
        recent = sum(count for _, count in self._recent) + self._under_way
        # What is under way is still counted as owned.
        verdict = judge(planned, owned - self._under_way, self._limits, recent=recent)
        self.held = 0 if verdict.allowed else planned
        self.notice = verdict.message
        return verdict

    def next_deadline(self) -> float | None:
        """When fewer recent deletions may let held ones through; None if nothing is held."""
        return self._recent[0][0] + WINDOW if self.held and self._recent else None

    def let_through(self, bundles: Sequence[Bundle]) -> None:
        """Deletions that were allowed are asked for now; until each has ``ended`` it counts as made."""
        self._under_way += self._count(bundles)

    def ended(self, bundle: Bundle, now: float, *, committed: bool) -> None:
        """A bundle was committed or not; deletions in one that stands count for a while."""
        if only_deletes(bundle):
            count = self._count([bundle])
            self._under_way -= count
            if committed and count:
                self._recent.append((now, count))

    def _count(self, bundles: Sequence[Bundle]) -> int:
        return sum(deleted_records(bundle) for bundle in bundles if not self._answered(bundle.name))


def only_deletes(bundle: Bundle) -> bool:
    """Whether the bundle takes a name's records away and puts nothing in their place.

    A TXT that is changed meanwhile is no replacement: a marker may share its RRset with other strings.
    """
    kept = any(
        change.action is not Action.DELETE and change.endpoint.record_type != "TXT"
        for change in bundle.changes
    )
    return not kept and deleted_records(bundle) > 0


def deleted_records(bundle: Bundle) -> int:
    """How many records (not markers) the bundle takes away from its own name."""
    return sum(
        change.action is Action.DELETE and normalise(change.endpoint.dns_name) == bundle.name
        for change in bundle.changes
    )
