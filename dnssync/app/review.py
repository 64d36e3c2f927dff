"""Reading everything once: what ``plan``, ``apply``, ``endpoints`` and ``records`` are made of."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from dnssync.app import hostnames, parts
from dnssync.app.running import kube_options, watchers
from dnssync.changes import Change
from dnssync.computing import sources
from dnssync.controller.deleting import DeletionGate, only_deletes
from dnssync.controller.inbox import Inbox, ObjectSeen, SourceListed
from dnssync.controller.planning import Planner, Wanted, names_in_zone
from dnssync.deletions import DeletionLimits
from dnssync.desired import DesiredState
from dnssync.endpoints import LABEL_RESOURCE, Endpoint
from dnssync.errors import DnssyncError, RefusedError
from dnssync.generation.endpoints import GatewaySource
from dnssync.generation.reading import Gateway, read_gateway
from dnssync.generation.tap import TappedSource
from dnssync.hold import Holds
from dnssync.kube.client import Connection
from dnssync.names import is_within, normalise
from dnssync.objects import ObjectClaims
from dnssync.ownership import ZoneContent
from dnssync.planfile import PlanDocument, ZonePlan
from dnssync.providers import Provider, Zone
from dnssync.settings import Settings
from dnssync.sources import Source
from dnssync.zones import distinct_names

log = logging.getLogger(__name__)


def endpoints(settings: Settings) -> list[Endpoint]:
    """What the objects want, merged and shaped as the plan would get it; no provider is asked."""
    desired = read_objects(settings).desired
    shape = parts.shaper(settings)
    return [endpoint for name in sorted(desired.names()) for endpoint in shape(desired.endpoints_at(name))]


def records(settings: Settings) -> list[tuple[Zone, list[Endpoint]]]:
    """What the provider holds, zone by zone, with owners told by labels. Markers are left out."""
    registry = parts.registry(settings)
    provider = parts.provider(settings)
    try:
        return [
            (zone, registry.read(provider.records(zone), zone.name).records()) for zone in provider.zones()
        ]
    finally:
        provider.close()


def make_plan(settings: Settings) -> PlanDocument:
    """What ``run`` would change now. Raises if a source or a zone cannot be read: half a plan is none."""
    wanted = read_objects(settings)
    registry = parts.registry(settings)
    provider = parts.provider(settings)
    try:
        planner = Planner(
            provider, registry, parts.rules(settings, registry.owner_id), parts.shaper(settings)
        )
        zones = provider.zones()
        planner.use_zones(zones)
        contents = {zone.id: registry.read(provider.records(zone), zone.name) for zone in zones}
        _warn_of_homeless(wanted.desired, zones)
        plans = []
        bundles = []
        for zone in zones:
            content = contents[zone.id]
            planned = planner.plan_zone(zone, content, names_in_zone(zone, wanted.desired, content), wanted)
            plans.append(ZonePlan(zone, planned.plan))
            bundles += planned.bundles
        gate = DeletionGate(DeletionLimits(settings.max_deletes, settings.max_delete_percent))
        owned = sum(content.owned_count(registry.owner_id) for content in contents.values())
        held = gate.judge(list(filter(only_deletes, bundles)), owned, 0.0).message
    finally:
        provider.close()
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return PlanDocument(settings.provider, registry.owner_id, created, tuple(plans), held)


def apply_plan(settings: Settings, document: PlanDocument) -> int:
    """Make the changes of a reviewed plan, deletions included, and no others; the exit code."""
    registry = parts.registry(settings)
    if (document.provider, document.owner_id) != (settings.provider, registry.owner_id):
        raise RefusedError(
            f"the plan was made for provider {document.provider!r} and owner {document.owner_id!r}, these "
            f"options say {settings.provider!r} and {registry.owner_id!r}; use the options it was made with"
        )
    provider = parts.provider(settings)
    try:
        zones = {zone.id: zone for zone in provider.zones()}
        good = True
        for zone_plan in document.zones:
            if zone_plan.plan.changes:
                good &= _try_zone(provider, settings, zone_plan, zones)
    finally:
        provider.close()
    return 0 if good else 1


def _try_zone(provider: Provider, settings: Settings, zone_plan: ZonePlan, zones: dict[str, Zone]) -> bool:
    """Apply one zone's part; a zone that cannot be read does not keep the others from theirs."""
    try:
        return _apply_zone(provider, settings, zone_plan, zones)
    except DnssyncError as error:
        log.error("nothing is changed here: %s", error, extra={"zone": zone_plan.zone.name})
        return False


def _apply_zone(provider: Provider, settings: Settings, zone_plan: ZonePlan, zones: dict[str, Zone]) -> bool:
    zone = zones.get(zone_plan.zone.id)
    if zone is None:
        log.error("the zone of the plan is not there (any more)", extra={"zone": zone_plan.zone.name})
        return False
    called = distinct_names((known.id, known.name) for known in zones.values())[zone.id]
    registry = parts.registry(settings)
    content = registry.read(provider.records(zone), zone.name)
    fresh = [change for change in zone_plan.plan.changes if _still_true(change, content)]
    good = len(fresh) == len(zone_plan.plan.changes)
    for change in zone_plan.plan.changes:
        if change not in fresh:
            _log_change(called, change, "left alone: it is not as the plan saw it; make a new plan")
    for refused in registry.refusals(fresh, content):
        good = False
        log.error(
            "left alone: %s",
            refused.message,
            extra=_about(refused.endpoint, called) | {"reason": refused.reason},
        )
    for outcome in provider.apply(zone, registry.bundle(fresh, content)):
        good &= outcome.ok
        for change in outcome.bundle.changes:
            _log_change(called, change, outcome.error or "done", failed=not outcome.ok)
    return good


def _still_true(change: Change, content: ZoneContent) -> bool:
    """Whether the RRset is as it was when the plan was made."""
    there = content.find(change.endpoint)
    if change.old is None or there is None:
        return change.old is there
    return _shape(change.old) == _shape(there)


def _shape(record: Endpoint) -> tuple[object, ...]:
    return record.ttl, sorted(record.targets), sorted(record.provider_specific)


def _log_change(zone: str, change: Change, result: str, *, failed: bool = False) -> None:
    log.log(
        logging.ERROR if failed or result != "done" else logging.INFO,
        "%s %s: %s",
        change.action,
        change.endpoint.record_type,
        result,
        extra=_about(change.endpoint, zone),
    )


def _about(endpoint: Endpoint, zone: str) -> dict[str, object]:
    return {"object": endpoint.labels.get(LABEL_RESOURCE), "record": endpoint.dns_name, "zone": zone}


def _warn_of_homeless(desired: DesiredState, zones: Sequence[Zone]) -> None:
    suffixes = [normalise(zone.name) for zone in zones]
    for name in sorted(desired.names()):
        if any(is_within(name, suffix) for suffix in suffixes):
            continue
        for claims in desired.claimants(name):
            if name.removesuffix(".") in claims.encoded:
                continue
            log.warning(
                "%s: no zone of the provider holds this name",
                name.removesuffix("."),
                extra={"object": claims.ref, "reason": "NoZone"},
            )


def read_objects(settings: Settings, look: Callable[[Source], Source] = lambda source: source) -> Wanted:
    """Every object, read once; raises RetryableError or ConfigError if a source cannot be read.

    ``look`` may put something of its own in front of each source.
    """
    connection = None if settings.manifests else Connection(kube_options(settings))
    gateways = _gateways(settings, connection, look)
    readers = hostnames.join(settings, list(map(look, sources(settings))), Inbox(), gateways).readers
    inbox = Inbox()
    for watcher in watchers(settings, readers, connection, inbox):
        watcher.read_once()
    desired, holds = DesiredState(), Holds(settings.hold_targets)
    unread: set[str] = set()
    for message in inbox.take(0.0):
        if isinstance(message, ObjectSeen):
            _take(message.claims, desired, holds)
        elif isinstance(message, SourceListed):
            unread.update(str(ref) for ref in message.refs if desired.get(ref) is None)
    return Wanted(desired, holds, frozenset(unread))


def _gateways(
    settings: Settings, connection: Connection | None, look: Callable[[Source], Source]
) -> list[Gateway]:
    """The Gateways, whose addresses the hostnames of HTTPRoutes carry; none where nobody needs them."""
    found: list[Gateway] = []
    if connection and settings.generate_hostnames and "httproute" in settings.hostname_kind:
        source = TappedSource(look(GatewaySource()), lambda raw: found.append(read_gateway(raw)))
        for watcher in watchers(settings, [source], connection, Inbox()):
            watcher.read_once()
    return found


def _take(claims: ObjectClaims, desired: DesiredState, holds: Holds) -> None:
    holds.update(desired.get(claims.ref), claims, 0.0, found=True)
    desired.apply(claims)
    for problem in claims.problems:
        log.warning(problem.message, extra={"object": claims.ref, "reason": problem.reason})
