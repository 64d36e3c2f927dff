"""A lane: what the controller knows of one zone and has still to do there. Data without threads or clock."""

import math
from collections.abc import Iterable, Mapping, Sequence

from dnssync.changes import Bundle, Outcome
from dnssync.ownership import ZoneContent
from dnssync.providers import Zone

NAMES_PER_PASS = 500
"""Names planned at once: about one full Route 53 request, and a few tens of milliseconds of planning."""


class Lane:
    """One zone's content as last read, the names to plan, and what failed there.

    ``hot`` are names that an event touched, with the time of that event; they go before ``cold``, the names
    of a full pass. ``deletes`` are planned deletions that wait for the deletion guard. Times are monotonic,
    in seconds.
    """

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.content: ZoneContent | None = None
        self.hot: dict[str, float] = {}
        self.cold: set[str] = set()
        self.deletes: dict[str, Bundle] = {}
        self.errors: dict[str, str] = {}
        self.applying = False
        self.not_before = 0.0
        self.failures = 0
        self.read_due: float | None = None
        self.read_failures = 0
        self.read_error = ""
        self._reading = False
        self._in_doubt = False
        self._retries: dict[str, tuple[float, int]] = {}
        self._committed_while_reading: list[Bundle] = []

    @property
    def can_plan(self) -> bool:
        """Whether the content is known well enough, and no request is under way that will change it."""
        return self.content is not None and not self.applying and not self._in_doubt

    def at_rest(self, *, deletes_held: bool) -> bool:
        """Whether nothing more can be done now; what failed, or is held, counts as done."""
        waiting_to_read = self._reading or (self.read_due is not None and not self.read_error)
        waiting_to_delete = bool(self.deletes) and not deletes_held
        if self.read_error and self.content is None:
            return not waiting_to_read
        return not (waiting_to_read or waiting_to_delete or self.hot or self.cold or self.applying)

    # Reading

    def wants_read(self, now: float) -> bool:
        """Whether a read is due and may begin."""
        due = self.read_due is not None and now >= self.read_due
        return due and not self._reading and not self.applying

    def want_read(self, now: float) -> None:
        """Ask for a read; one that is under way will do."""
        if not self._reading:
            self.read_due = now

    def begin_read(self) -> None:
        """A read is under way."""
        self._reading = True
        self.read_due = None
        self._committed_while_reading = []

    def finish_read(self, content: ZoneContent, names: Iterable[str]) -> None:
        """Take a fresh content; what was committed while it was read is put on top: it may lack that."""
        for bundle in self._committed_while_reading:
            content.apply(bundle)
        self.content = content
        self._reading = False
        # A write that went wrong while this was read asks for yet another read.
        self._in_doubt = self._in_doubt and self.read_due is not None
        self.read_failures, self.read_error = 0, ""
        self.cold = set(names)
        self.deletes = {}

    def fail_read(self, error: str, retry_at: float) -> None:
        """The zone could not be read; it is tried again at ``retry_at``."""
        self._reading = False
        self.read_due = retry_at
        self.read_failures += 1
        self.read_error = error

    # Names

    def touch(self, name: str, at: float) -> None:
        """An event touched ``name``: plan it next, whatever failed there before."""
        self.hot.setdefault(name, at)
        self._retries.pop(name, None)

    def take_names(self) -> tuple[list[str], float | None]:
        """The next names to plan, and when the oldest event behind them was seen (None: a full pass)."""
        if self.hot:
            names = list(self.hot)[:NAMES_PER_PASS]
            seen = [self.hot.pop(name) for name in names]
            self.cold.difference_update(names)
            for name in self._retries.keys() & set(names):
                self._retries[name] = (math.inf, self.attempts(name))
            return names, min(seen)
        names = [self.cold.pop() for _ in range(min(NAMES_PER_PASS, len(self.cold)))]
        return names, None

    def put_aside(self, names: Iterable[str], deletes: Mapping[str, Bundle], *, at_rest: set[str]) -> None:
        """``names`` were planned: keep their ``deletes`` for the guard; those ``at_rest`` need nothing."""
        for name in names:
            self.deletes.pop(name, None)
        for name in at_rest:
            self._retries.pop(name, None)
            self.errors.pop(name, None)
        self.deletes.update(deletes)

    def take_deletes(self) -> list[Bundle]:
        """The planned deletions, which the guard has released."""
        released, self.deletes = list(self.deletes.values()), {}
        return released

    # Outcomes

    def commit(self, bundle: Bundle) -> None:
        """A bundle stands in the zone now."""
        assert self.content is not None, "nothing is applied to a zone that was never read"
        self.content.apply(bundle)
        if self._reading:
            self._committed_while_reading.append(bundle)
        self._retries.pop(bundle.name, None)
        self.errors.pop(bundle.name, None)

    def fail(self, name: str, error: str, retry_at: float) -> None:
        """A bundle was refused or failed: its name is planned again at ``retry_at``."""
        self._retries[name] = (retry_at, self.attempts(name) + 1)
        self.errors[name] = error

    def due_among(self, names: set[str], now: float) -> set[str]:
        """Those of ``names`` that a fresh read is reason to plan: what was refused keeps its pause, or each
        resync would send it again. After doubt nothing is known, and all are planned."""
        if self._in_doubt:
            return names
        return names - {name for name, (due, _) in self._retries.items() if now < due < math.inf}

    def attempts(self, name: str) -> int:
        """How often in a row the name failed."""
        return self._retries.get(name, (0.0, 0))[1]

    def finish_apply(self, outcomes: Sequence[Outcome], now: float, pause: float) -> None:
        """A request ended. Doubt asks for a new read; if nothing got through, the zone gets a pause."""
        self.applying = False
        if any(outcome.doubtful for outcome in outcomes):
            self._in_doubt = True
            self.read_due = now
        zone_is_down = all(not outcome.ok and outcome.retryable for outcome in outcomes)
        self.failures = self.failures + 1 if zone_is_down else 0
        self.not_before = now + pause if zone_is_down else 0.0

    def wake_retries(self, now: float) -> None:
        """Make the names hot whose time to be tried again has come; their attempts are remembered."""
        for name, (due, _) in self._retries.items():
            if due <= now:
                self.hot.setdefault(name, now)

    def next_deadline(self, now: float, *, planning: bool) -> float | None:
        """When this lane has something to do next, None if only a message can change that."""
        deadlines = []
        if self.read_due is not None and not self._reading and not self.applying:
            deadlines.append(self.read_due)
        if planning and self.can_plan:
            if self.hot or self.cold:
                deadlines.append(max(now, self.not_before))
            deadlines += [due for name, (due, _) in self._retries.items() if name not in self.hot]
        return min(deadlines, default=None)
