"""The controller's loop: one thread that owns all state and never waits for a remote side."""

import random
import time
from collections.abc import Callable, Iterable

import msgspec

from dnssync.backoff import Backoff
from dnssync.changes import Bundle
from dnssync.controller import inbox as messages
from dnssync.controller.deleting import DeletionGate, only_deletes
from dnssync.controller.inbox import Message
from dnssync.controller.lane import Lane
from dnssync.controller.lanes import Lanes
from dnssync.controller.planning import Planner, names_in_zone
from dnssync.controller.remote import Remote
from dnssync.controller.report import Reporter
from dnssync.controller.status import Status
from dnssync.controller.wants import Wants

MAX_SETTLING = 0.1
"""Longest that a stream of events may put off the work that they ask for; seconds."""

LONGEST_WAIT = 30.0
"""The loop turns at least this often, so that a stuck one can be told from an idle one; seconds."""

FAILURES = Backoff(first=1.0, cap=300.0)


class LoopOptions(msgspec.Struct, frozen=True, kw_only=True):
    """``settle``: seconds to collect events before acting on them."""

    settle: float = 0.05
    act_on_events: bool = True
    once: bool = False


class FullPass(msgspec.Struct, frozen=True):
    """A full sync that is under way, and what came of it so far; ``began`` is monotonic, in seconds."""

    began: float
    changed: bool = False
    failed: bool = False


class Controller:
    """Turns messages into requests to the provider until stopped or, with ``once``, done."""

    def __init__(
        self,
        remote: Remote,
        wants: Wants,
        planner: Planner,
        gate: DeletionGate,
        *,
        reporter: Reporter,
        options: LoopOptions,
    ) -> None:
        self._remote = remote
        self._wants = wants
        self._planner = planner
        self._gate = gate
        self._reporter = reporter
        self._options = options
        self._lanes = Lanes()
        self._settled_at = 0.0
        self._unsettled_since: float | None = None
        self._something_failed = False
        self._synced = False
        self._pass: FullPass | None = FullPass(time.monotonic())
        self._stopping = False
        self.status = Status(beat=time.monotonic())
        self._handlers: dict[type[Message], Callable[..., None]] = {
            messages.ObjectSeen: self._object_seen,
            messages.ObjectGone: self._object_gone,
            messages.SourceListed: self._source_listed,
            messages.SourceFailed: self._source_failed,
            messages.ZonesRead: self._zones_read,
            messages.RecordsRead: self._records_read,
            messages.BundlesApplied: self._bundles_applied,
            messages.ResyncDue: self._resync_due,
            messages.Crashed: self._crashed,
            messages.Stop: self._stop,
        }

    def run(self) -> bool:
        """Work until stopped (or, with ``once``, until nothing is left to do). Whether all went well."""
        self._reporter.pass_began()
        while True:
            for message in self._remote.inbox.take(self._timeout(time.monotonic())):
                self._handlers[type(message)](message, time.monotonic())
            if not self._stopping:
                self._work(time.monotonic())
            self._close_pass(time.monotonic())
            self.status = self._current_status(time.monotonic())
            self._reporter.turned(self.status)
            done = self._options.once and self._nothing_left()
            if (done or self._stopping) and not self._lanes.any_applying():
                return not self._something_failed and not self._gate.held

    # Messages

    def _object_seen(self, message: messages.ObjectSeen, now: float) -> None:
        self._touch(self._wants.seen(message, now), message.at)

    def _object_gone(self, message: messages.ObjectGone, now: float) -> None:
        self._touch(self._wants.gone(message), min(message.at, now))

    def _source_listed(self, message: messages.SourceListed, now: float) -> None:
        self._touch(self._wants.listed(message, now), now)

    def _source_failed(self, message: messages.SourceFailed, now: float) -> None:
        del now
        self._something_failed = True
        self._wants.failed(message)

    def _zones_read(self, message: messages.ZonesRead, now: float) -> None:
        lanes = self._lanes
        if message.error:
            self._something_failed = True
            lanes.fail_read(message.error, now + self._backoff(lanes.read_failures + 1))
            self._reporter.zones_failed(message.error)
            return
        self._reporter.zones_listed()
        if lanes.take_zones(message.zones, now):
            self._planner.use_zones(message.zones)
            self._reporter.zones_read(message.zones)
            for name in list(self._wants.desired.names()):
                self._report_homeless(name)

    def _records_read(self, message: messages.RecordsRead, now: float) -> None:
        lane = self._lanes.get(message.zone)
        if lane is None:
            return
        content = message.content
        if content is None:
            self._something_failed = True
            lane.fail_read(message.error, now + self._backoff(lane.read_failures + 1))
            self._reporter.zone_failed(lane.zone, message.error)
            return
        names = names_in_zone(lane.zone, self._wants.desired, content)
        lane.finish_read(content, lane.due_among(names, now))
        self._reporter.records_read(lane.zone, content)

    def _bundles_applied(self, message: messages.BundlesApplied, now: float) -> None:
        for outcome in message.outcomes:
            self._gate.ended(outcome.bundle, now, committed=outcome.ok)
        lane = self._lanes.get(message.zone)
        if lane is None:
            return
        for outcome in message.outcomes:
            name = outcome.bundle.name
            if outcome.ok:
                lane.commit(outcome.bundle)
            else:
                lane.fail(name, outcome.error, now + self._backoff(lane.attempts(name) + 1))
        lane.finish_apply(message.outcomes, now, self._backoff(lane.failures + 1))
        if lane.content is not None:
            self._reporter.counted(lane.zone, lane.content)
        failed = not all(outcome.ok for outcome in message.outcomes)
        self._something_failed |= failed
        if self._pass:
            self._pass = FullPass(self._pass.began, changed=True, failed=self._pass.failed or failed)
        self._reporter.applied(message, self._wants.desired, now)

    def _resync_due(self, message: messages.ResyncDue, now: float) -> None:
        del message
        self._lanes.read_due = now
        if self._pass is None:
            self._pass = FullPass(now)
            self._reporter.pass_began()

    def _crashed(self, message: messages.Crashed, now: float) -> None:
        del now
        raise message.error

    def _stop(self, message: messages.Stop, now: float) -> None:
        del message, now
        self._stopping = True

    def _touch(self, names: Iterable[str], at: float) -> None:
        for name in names:
            self._planner.forget(name)
            self._report_homeless(name)
            if not self._options.act_on_events:
                continue
            for lane in self._lanes.at(name):
                lane.touch(name, at)
                self._unsettled_since = self._unsettled_since or at
                self._settled_at = min(at + self._options.settle, self._unsettled_since + MAX_SETTLING)

    def _report_homeless(self, name: str) -> None:
        if self._lanes.loaded and not self._lanes.at(name):
            for claims in self._wants.desired.claimants(name):
                self._reporter.no_zone(claims, name)

    # Work

    def _work(self, now: float) -> None:
        self._touch(self._wants.expire(now), now)
        self._start_reads(now)
        if now < self._settled_at or not self._may_plan():
            return
        self._unsettled_since = None
        ready: dict[str, tuple[list[Bundle], float | None]] = {}
        for lane in self._lanes:
            lane.wake_retries(now)
            if lane.can_plan and now >= lane.not_before and (lane.hot or lane.cold):
                ready[lane.zone.id] = self._plan_lane(lane)
        released = self._release_deletes(now)
        for lane in self._lanes:
            bundles, seen = ready.get(lane.zone.id, ([], None))
            bundles = bundles + released.get(lane.zone.id, [])
            if bundles:
                lane.applying = True
                self._remote.apply(lane.zone, bundles, seen)

    def _plan_lane(self, lane: Lane) -> tuple[list[Bundle], float | None]:
        """Plan the lane's next names; deletions are put aside, the rest may go. Also its event's time."""
        names, seen = lane.take_names()
        assert lane.content is not None
        planned = self._planner.plan_zone(lane.zone, lane.content, names, self._wants.wanted)
        self._reporter.planned(lane.zone, planned.plan, names, self._wants.desired)
        deletes = {bundle.name: bundle for bundle in planned.bundles if only_deletes(bundle)}
        lane.put_aside(names, deletes, at_rest=set(names) - {bundle.name for bundle in planned.bundles})
        return [bundle for bundle in planned.bundles if bundle.name not in deletes], seen

    def _release_deletes(self, now: float) -> dict[str, list[Bundle]]:
        """The deletions that may go, by zone id; none while a plan is half made or a source unread."""
        if not self._wants.complete or self._lanes.any_incomplete():
            return {}
        planned = [bundle for lane in self._lanes for bundle in lane.deletes.values()]
        verdict = self._gate.judge(planned, self._lanes.owned_count(self._remote.owner_id), now)
        self._reporter.deletions_judged(verdict)
        if not verdict.allowed:
            return {}
        released = {
            lane.zone.id: lane.take_deletes()
            for lane in self._lanes
            if lane.deletes and lane.can_plan and now >= lane.not_before
        }
        for bundles in released.values():
            self._gate.let_through(bundles)
        return released

    def _start_reads(self, now: float) -> None:
        if self._lanes.wants_read(now):
            self._lanes.begin_read()
            self._remote.read_zones()
        for lane in self._lanes:
            if lane.wants_read(now):
                lane.begin_read()
                self._remote.read_records(lane.zone)

    # Conditions

    def _may_plan(self) -> bool:
        """Before every source was read, or at least tried, half of what is wanted may be unknown."""
        return self._lanes.loaded and self._wants.settled

    def _nothing_left(self) -> bool:
        if not self._wants.settled:
            return False
        return self._lanes.at_rest(deletes_held=not self._wants.complete or bool(self._gate.held))

    def _close_pass(self, now: float) -> None:
        """Note the end of a full pass: everything was read, and nothing more can be done at the moment."""
        if self._pass is None or not self._may_plan():
            return
        if not self._lanes.at_rest(deletes_held=not self._wants.complete or bool(self._gate.held)):
            return
        errors = [lane.read_error for lane in self._lanes] + [s.error for s in self._wants.sources.values()]
        failed = self._pass.failed or any(errors) or bool(self._lanes.read_error)
        seconds = now - self._pass.began
        self._reporter.pass_ended(seconds, self._wants.desired, changed=self._pass.changed, failed=failed)
        self._pass = None
        self._synced = self._synced or self._wants.complete

    def _timeout(self, now: float) -> float:
        deadlines = [now + LONGEST_WAIT, self._lanes.next_deadline(now, planning=self._may_plan())]
        deadlines += [self._wants.next_deadline(), self._gate.next_deadline()]
        first = min(deadline for deadline in deadlines if deadline is not None)
        if self._unsettled_since is not None:
            first = max(first, self._settled_at)
        return max(0.0, first - now)

    def _backoff(self, tries: int) -> float:
        return FAILURES.delay(tries, random.random())

    def _current_status(self, now: float) -> Status:
        return Status(
            beat=now,
            sources=dict(self._wants.sources),
            zones=tuple(lane.zone.name for lane in self._lanes) if self._lanes.loaded else None,
            zones_error=self._lanes.read_error,
            zone_errors={str(lane.zone): lane.read_error for lane in self._lanes if lane.read_error},
            record_errors={name: error for lane in self._lanes for name, error in lane.errors.items()},
            synced=self._synced,
            held_deletes=self._gate.held,
            deletes_notice=self._gate.notice,
            held_targets=len(self._wants.holds),
            pending=sum(len(lane.hot) + len(lane.cold) for lane in self._lanes),
        )
