"""What is wanted: the objects' side of the controller. Messages of sources in, touched names out."""

from collections.abc import Iterable, Mapping

import msgspec

from dnssync.controller.inbox import ObjectGone, ObjectSeen, SourceFailed, SourceListed
from dnssync.controller.planning import Wanted
from dnssync.controller.report import Reporter
from dnssync.controller.status import SourceState
from dnssync.desired import DesiredState
from dnssync.hold import Holds
from dnssync.objects import ObjectRef


class Wants:
    """Desired state, holds and the state of each source. ``kinds``: source name → kind in its identities.

    Every method that takes a message returns the normalised names that have to be planned again. ``now``
    is monotonic, in seconds.
    """

    def __init__(self, kinds: Mapping[str, str], hold_targets: float, reporter: Reporter) -> None:
        self.desired = DesiredState()
        self.holds = Holds(hold_targets)
        self.sources = {name: SourceState() for name in kinds}
        self._kinds = kinds
        self._hold_targets = hold_targets
        self._reporter = reporter
        # Objects that are there but were never decoded, per source.
        self._unread: dict[str, frozenset[str]] = {}
        # Objects that an empty list after an error left out, per source, and how long they are believed in.
        self._vanished: dict[str, tuple[frozenset[ObjectRef], float]] = {}

    @property
    def wanted(self) -> Wanted:
        """What the planner needs to know."""
        return Wanted(self.desired, self.holds, frozenset[str]().union(*self._unread.values()))

    @property
    def complete(self) -> bool:
        """Whether every source was read whole once: only then is what is missing truly unwanted."""
        return all(state.listed for state in self.sources.values())

    @property
    def settled(self) -> bool:
        """Whether every source was read whole, or at least tried."""
        return all(state.listed or state.error for state in self.sources.values())

    def seen(self, message: ObjectSeen, now: float) -> set[str]:
        """An object is there, new or changed: the names that this touches."""
        claims = message.claims
        before = self.desired.get(claims.ref)
        touched = self.desired.apply(claims)
        if before != claims:
            self._reporter.problems(claims)
        found = not self.sources[message.source].listed
        for hold in self.holds.update(before, claims, now, found=found):
            if hold.endpoints:
                self._reporter.holding(hold, claims, self._hold_targets)
        return touched

    def gone(self, message: ObjectGone) -> set[str]:
        """An object is there no more: the names that this touches."""
        return self._forget([message.ref])

    def listed(self, message: SourceListed, now: float) -> set[str]:
        """A whole list: the names that it touches. One that is empty right after an error is believed only
        after a while."""
        missing = self.desired.missing_from(self._kinds[message.source], message.refs)
        suspicious = bool(missing) and not message.refs and bool(self.sources[message.source].error)
        self.sources[message.source] = SourceState(listed=True, objects=len(message.refs))
        self._reporter.source_listed(message.source, len(message.refs))
        self._unread[message.source] = frozenset(
            str(ref) for ref in message.refs if self.desired.get(ref) is None
        )
        self._vanished.pop(message.source, None)
        if suspicious and self._hold_targets > 0:
            self._vanished[message.source] = (frozenset(missing), now + self._hold_targets)
            self._reporter.empty_after_error(message.source, len(missing), self._hold_targets)
            return set()
        return self._forget(missing)

    def failed(self, message: SourceFailed) -> None:
        """A source cannot be read: what it wanted stays."""
        state = self.sources[message.source]
        self.sources[message.source] = msgspec.structs.replace(state, error=message.error)
        self._reporter.source_failed(message.source, message.error)

    def expire(self, now: float) -> set[str]:
        """End what was held long enough."""
        touched = set()
        for hold in self.holds.expire(now):
            self._reporter.hold_ended(hold)
            touched.add(hold.name)
        for source, (refs, deadline) in list(self._vanished.items()):
            if now >= deadline:
                del self._vanished[source]
                touched |= self._forget(refs)
        return touched

    def next_deadline(self) -> float | None:
        """When to call ``expire`` next, None if nothing is held."""
        deadlines = [deadline for _, deadline in self._vanished.values()]
        held_until = self.holds.next_deadline()
        return min(deadlines + ([] if held_until is None else [held_until]), default=None)

    def _forget(self, refs: Iterable[ObjectRef]) -> set[str]:
        touched: set[str] = set()
        for ref in refs:
            self.holds.forget(ref)
            self._reporter.forget(ref)
            touched |= self.desired.remove(ref)
        return touched
