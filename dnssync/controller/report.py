"""What the controller tells people: log lines, metrics and Kubernetes Events, each thing said once."""

import logging
import time
from collections.abc import Callable, Sequence

from dnssync.changes import Action, Change, Outcome
from dnssync.controller.census import Census
from dnssync.controller.complaints import Complaints
from dnssync.controller.inbox import BundlesApplied
from dnssync.controller.status import Status
from dnssync.deletions import Verdict
from dnssync.desired import DesiredState
from dnssync.endpoints import LABEL_RESOURCE
from dnssync.hold import Hold
from dnssync.metrics import Metrics
from dnssync.names import normalise
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.ownership import ZoneContent
from dnssync.plan import Plan
from dnssync.providers import Zone
from dnssync.skipped import Skipped, SkipReason

log = logging.getLogger(__name__)

Announce = Callable[[ObjectClaims, str, str, str], None]
"""Write a Kubernetes Event: on which object, ``Normal`` or ``Warning``, reason, note."""

# What an operator or an object's owner should hear of; the rest is the daily business of filters.
_LOUD = frozenset(SkipReason) - {SkipReason.DOMAIN_FILTER, SkipReason.RECORD_TYPE, SkipReason.POLICY}

_TARGETS_HELD = "TargetsHeld"

_EVENT_REASONS = {Action.CREATE: "RecordReady", Action.UPDATE: "RecordReady", Action.DELETE: "RecordDeleted"}


class Reporter:
    """Says each thing when it begins, and not again while it goes on."""

    def __init__(
        self,
        metrics: Metrics,
        owner_id: str,
        *,
        announce: Announce | None = None,
        events_emit: Sequence[str] = (),
        dry_run: bool = False,
    ) -> None:
        self._metrics = metrics
        self._announce = announce
        self._events_emit = frozenset(events_emit)
        self._owner_id = owner_id
        self._dry_run = dry_run
        self._complaints = Complaints()
        self._census = Census(metrics, owner_id)
        self._zones: Sequence[Zone] = ()
        self._left_alone: dict[tuple[Zone, str], Sequence[Skipped]] = {}
        self._said_of_object: dict[ObjectRef, set[str]] = {}
        self._held_notice = ""
        # Records whose object has no address since before we started: their targets are not known.
        self._held_as_found = 0

    # Objects

    def problems(self, claims: ObjectClaims) -> None:
        """An object changed: say what is wrong with it, unless that was said before."""
        said = self._said_of_object.pop(claims.ref, set())
        for problem in claims.problems:
            self._say_of_object(claims, problem.reason, problem.message, already=problem.message in said)

    def no_zone(self, claims: ObjectClaims, name: str) -> None:
        """An object wants a name that lies in no zone of the provider, and that nobody else answers."""
        if name.removesuffix(".") in claims.encoded:
            return
        message = f"{name.removesuffix('.')}: no zone of the provider holds this name; check --domain-filter"
        self._say_of_object(claims, "NoZone", message)

    def forget(self, ref: ObjectRef) -> None:
        """The object is gone."""
        self._said_of_object.pop(ref, None)

    def holding(self, hold: Hold, claims: ObjectClaims, seconds: float) -> None:
        """The flap guard keeps a record for an object whose targets vanished."""
        note = (
            f"{hold.name.removesuffix('.')}: the object has no address any more but still asks for the host; "
            f"its last targets are held for {seconds:.0f} s (--hold-targets)"
        )
        log.warning(
            note, extra={"object": hold.ref, "record": hold.name.removesuffix("."), "reason": _TARGETS_HELD}
        )
        if self._announce:
            self._announce(claims, "Warning", _TARGETS_HELD, note)

    def hold_ended(self, hold: Hold) -> None:
        """The flap guard's time is over for a name; says so if anything was held there."""
        kept = any(
            skipped.reason is SkipReason.TARGETS_HELD
            for zone in self._zones
            for skipped in self._left_alone.get((zone, hold.name), ())
        )
        if hold.endpoints or kept:
            log.warning(
                "targets are withdrawn: the object has had no address for the whole of --hold-targets",
                extra={"object": hold.ref, "record": hold.name.removesuffix("."), "reason": "HoldEnded"},
            )

    # Sources and zones

    def source_listed(self, source: str, objects: int) -> None:
        """A source was read whole."""
        self._complaints.settle("source", source)
        log.info("source %s read: %d objects", source, objects)
        self._metrics.source_up.labels(source).set(1)
        self._metrics.source_objects.labels(source).set(objects)

    def source_failed(self, source: str, error: str) -> None:
        """A source cannot be read."""
        if self._complaints.is_news(("source", source), error):
            log.error("source %s cannot be read, its last good state stays: %s", source, error)
        self._metrics.source_up.labels(source).set(0)
        self._metrics.source_errors.inc()

    def empty_after_error(self, source: str, objects: int, seconds: float) -> None:
        """A source came back with nothing right after an error."""
        log.warning(
            "source %s is empty right after an error: its %d objects are believed to live for %.0f s more",
            source,
            objects,
            seconds,
            extra={"reason": "EmptyAfterError"},
        )

    def zones_read(self, zones: Sequence[Zone]) -> None:
        """Zones came or went."""
        for zone in set(self._zones) - set(zones):
            self._complaints.settle("zone", zone.id)
        for (zone, _), entries in self._left_alone.items():
            self._count_left_alone(zone, entries, -1)
        self._zones = zones
        self._census.take(zones)
        there = set(zones)
        self._left_alone = {key: entries for key, entries in self._left_alone.items() if key[0] in there}
        for (zone, _), entries in self._left_alone.items():
            self._count_left_alone(zone, entries, 1)
        if zones:
            log.info("%d zones: %s", len(zones), ", ".join(str(zone) for zone in zones[:20]))
        else:
            log.warning("the provider has no zone that the filters let through: nothing can be written")

    def zones_listed(self) -> None:
        """The list of zones was read."""
        if self._complaints.settle("zones"):
            log.info("the provider's zones can be read again")

    def zones_failed(self, error: str) -> None:
        """The list of zones cannot be read."""
        if self._complaints.is_news(("zones",), error):
            log.error("the provider's zones cannot be read: %s", error)
        self._metrics.registry_errors.inc()

    def records_read(self, zone: Zone, content: ZoneContent) -> None:
        """A zone was read whole."""
        if self._complaints.settle("zone", zone.id):
            log.info("the zone can be read again", extra={"zone": self._census.name(zone)})
        self._census.read(zone, content)

    def counted(self, zone: Zone, content: ZoneContent) -> None:
        """A zone has more or fewer records than before."""
        self._census.counted(zone, content)

    def zone_failed(self, zone: Zone, error: str) -> None:
        """A zone cannot be read."""
        if self._complaints.is_news(("zone", zone.id), error):
            log.error("the zone cannot be read: %s", error, extra={"zone": self._census.name(zone)})
        self._census.unreadable(zone)

    # Plans and changes

    def planned(self, zone: Zone, plan: Plan, names: Sequence[str], desired: DesiredState) -> None:
        """Say what was left alone, once per name and reason."""
        by_name: dict[str, list[Skipped]] = {}
        for skipped in plan.skipped:
            by_name.setdefault(normalise(skipped.endpoint.dns_name), []).append(skipped)
        if self._complaints:
            for name in set(names) - {normalise(change.endpoint.dns_name) for change in plan.changes}:
                self._complaints.settle("record", zone.id, name)
        for name in names:
            before = self._left_alone.pop((zone, name), ())
            now = by_name.get(name, [])
            if now:
                self._left_alone[zone, name] = now
            said = {skipped.message for skipped in before}
            for skipped in now:
                self._skipped(zone, skipped, desired, loud=skipped.message not in said)
            if before or now:
                self._count_left_alone(zone, before, -1)
                self._count_left_alone(zone, now, 1)

    def deletions_judged(self, verdict: Verdict) -> None:
        """Say when deletions begin to be held, when their number changes, and when they are let go."""
        self._metrics.held_deletes.set(0 if verdict.allowed else verdict.planned)
        if verdict.message != self._held_notice:
            self._held_notice = verdict.message
            if verdict.message:
                log.error(verdict.message, extra={"reason": "DeletesHeld"})
            else:
                log.info("deletions are no longer held")

    def applied(self, message: BundlesApplied, desired: DesiredState, now: float) -> None:
        """Say what a request came to, record by record."""
        if message.asked_at is not None and any(outcome.ok for outcome in message.outcomes):
            self._metrics.event_to_change.observe(now - message.asked_at)
        if self._dry_run:
            return  # Nothing was changed; the provider says what would have been.
        for outcome in message.outcomes:
            for change in outcome.bundle.changes:
                self._changed(message.zone, change, outcome, desired)
            self._failed(message.zone, outcome)

    def _failed(self, zone: Zone, outcome: Outcome) -> None:
        """Say that a record could not be changed, once for each reason."""
        name = outcome.bundle.name
        if outcome.ok:
            self._complaints.settle("record", zone.id, name)
        elif self._complaints.is_news(("record", zone.id, name), outcome.error):
            resources = {
                change.endpoint.labels.get(LABEL_RESOURCE, ""): None for change in outcome.bundle.changes
            }
            named = list(filter(None, resources))[:8]
            where = {
                "object": ", ".join(named) or None,
                "record": name.removesuffix("."),
                "zone": self._census.name(zone),
                "reason": "RecordError",
            }
            log.error("not changed: %s", outcome.error, extra=where)

    def turned(self, status: Status) -> None:
        """The loop turned once."""
        metrics = self._metrics
        metrics.queue_depth.set(status.pending)
        metrics.held_targets.set(status.held_targets + self._held_as_found)
        metrics.ready.set(status.synced)

    def pass_began(self) -> None:
        """A full pass over everything begins."""
        self._metrics.last_reconcile.set(time.time())

    def pass_ended(self, seconds: float, desired: DesiredState, *, changed: bool, failed: bool) -> None:
        """A full pass over everything ended."""
        metrics = self._metrics
        metrics.sync_duration.observe(seconds)
        if failed:
            metrics.consecutive_soft_errors.inc()
        else:
            metrics.consecutive_soft_errors.set(0)
            metrics.last_sync.set(time.time())
        if not changed and not failed:
            metrics.no_op_runs.inc()
        metrics.source_endpoints.set(desired.types.total())
        for record_type, count in desired.types.items():
            metrics.source_records.labels(record_type).set(count)

    def _count_left_alone(self, zone: Zone, entries: Sequence[Skipped], change: int) -> None:
        metrics = self._metrics
        for skipped in entries:
            if skipped.reason is SkipReason.TARGETS_HELD:
                self._held_as_found += change
                continue
            where = self._census.name(zone)
            metrics.skipped_records.labels(where, skipped.reason).inc(change)
            if skipped.reason in (SkipReason.FOREIGN_OWNER, SkipReason.NOT_OWNED):
                kind = skipped.endpoint.record_type
                metrics.owner_mismatches.labels(kind, self._owner_id, skipped.other, where).inc(change)

    def _skipped(self, zone: Zone, skipped: Skipped, desired: DesiredState, *, loud: bool) -> None:
        worth_hearing = loud and skipped.reason in _LOUD
        held = skipped.reason is SkipReason.TARGETS_HELD
        log.log(
            logging.WARNING if worth_hearing else logging.DEBUG,
            "left alone: %s",
            skipped.message,
            extra={
                "object": skipped.endpoint.labels.get(LABEL_RESOURCE),
                "record": skipped.endpoint.dns_name,
                "zone": self._census.name(zone),
                "reason": _TARGETS_HELD if held else skipped.reason,
            },
        )
        if worth_hearing and self._announce:
            for claims in _holders(skipped.endpoint.dns_name, desired):
                if str(claims.ref) == skipped.endpoint.labels.get(LABEL_RESOURCE):
                    event = _TARGETS_HELD if held else "RecordSkipped"
                    self._announce(claims, "Warning", event, skipped.message)

    def _changed(self, zone: Zone, change: Change, outcome: Outcome, desired: DesiredState) -> None:
        endpoint = change.endpoint
        result = "applied" if outcome.ok else "failed"
        self._metrics.changes.labels(self._census.name(zone), change.action, result).inc()
        is_marker = normalise(endpoint.dns_name) != outcome.bundle.name
        resource = endpoint.labels.get(LABEL_RESOURCE, "")
        if outcome.ok and not is_marker:
            log.info(
                "%sd %s %s",
                change.action,
                endpoint.record_type,
                " ".join(endpoint.targets[:8]),
                extra={
                    "object": resource,
                    "record": endpoint.dns_name,
                    "zone": self._census.name(zone),
                },
            )
        reason = _EVENT_REASONS[change.action] if outcome.ok else "RecordError"
        if self._announce and not is_marker and reason in self._events_emit:
            note = outcome.error or f"{change.action}d {endpoint.dns_name} {endpoint.record_type}"
            for claims in _concerned(endpoint.dns_name, resource, desired):
                self._announce(claims, "Normal" if outcome.ok else "Warning", reason, note)

    def _say_of_object(
        self, claims: ObjectClaims, reason: str, message: str, *, already: bool = False
    ) -> None:
        said = self._said_of_object.setdefault(claims.ref, set())
        if message in said:
            return
        said.add(message)
        self._metrics.object_problems.labels(reason).inc(0 if already else 1)
        if already:
            return
        log.warning(message, extra={"object": claims.ref, "reason": reason})
        if self._announce:
            self._announce(claims, "Warning", reason, message)


def _holders(name: str, desired: DesiredState) -> list[ObjectClaims]:
    return desired.claimants(normalise(name))


def _concerned(name: str, resource: str, desired: DesiredState) -> list[ObjectClaims]:
    """Who asks for the name, and the object whose record it is, which may ask for it no longer."""
    holders = _holders(name, desired)
    former = desired.get(ObjectRef.parse(resource))
    return holders if former is None or former in holders else [*holders, former]
