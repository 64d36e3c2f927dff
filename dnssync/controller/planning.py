"""From names to bundles for one zone: everything between desired state and the provider, without I/O."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from dnssync.changes import Bundle
from dnssync.desired import DesiredState
from dnssync.domains import match_all
from dnssync.endpoints import LABEL_RESOURCE, Endpoint
from dnssync.hold import Hold, Holds, records_to_keep
from dnssync.names import normalise
from dnssync.ownership import Registry, ZoneContent
from dnssync.plan import Plan, PlanRules, plan
from dnssync.providers import Provider, Zone
from dnssync.skipped import Skipped, SkipReason, skip

_Placed = tuple[Endpoint, tuple[str, ...]]
"""An endpoint and the ids of the zones that it belongs into."""


class Wanted(NamedTuple):
    """What is wanted at the moment. ``unread`` has the resource labels of objects that cannot be decoded."""

    desired: DesiredState
    holds: Holds
    unread: frozenset[str] = frozenset()


class Planned(NamedTuple):
    """What is to be done in a zone: the plan as people read it, the bundles as the provider gets them."""

    plan: Plan
    bundles: list[Bundle]


class Planner:
    """The pure half of the controller. Remembers the shaped endpoints of each name until it is touched."""

    def __init__(
        self,
        provider: Provider,
        registry: Registry,
        rules: PlanRules,
        shape: Callable[[Sequence[Endpoint]], list[Endpoint]],
    ) -> None:
        self._provider = provider
        self._registry = registry
        self._rules = rules
        self._shape = shape
        self._zones: tuple[Zone, ...] = ()
        self._zone_rules = rules
        self._wanted: dict[str, tuple[_Placed, ...]] = {}

    def use_zones(self, zones: Sequence[Zone]) -> None:
        """The zones among which endpoints are distributed from now on."""
        self._zones = tuple(zones)
        provider_filter = self._provider.domain_filter(zones)
        self._zone_rules = msgspec.structs.replace(
            self._rules, domain_filters=(*self._rules.domain_filters, provider_filter)
        )
        self._wanted.clear()

    def forget(self, name: str) -> None:
        """The claims or holds at ``name`` changed."""
        self._wanted.pop(name, None)

    def plan_zone(
        self, zone: Zone, content: ZoneContent, names: Iterable[str], all_wanted: Wanted
    ) -> Planned:
        """What has to change in ``zone`` for ``names`` (normalised) to be as they are wanted.

        A name that is wanted, but in another zone, is left alone here: a parent zone's record is not
        deleted because a child zone turned up.
        """
        current: list[Endpoint] = []
        wanted: list[Endpoint] = []
        aside: list[Skipped] = []
        for name in names:
            at_name = self._wanted_at(name, all_wanted)
            here = [endpoint for endpoint, zone_ids in at_name if zone.id in zone_ids]
            if len(here) < len(at_name):
                aside += [self._homeless(endpoint) for endpoint, zone_ids in at_name if not zone_ids]
            if at_name and not here:
                continue
            records = content.at(name)
            current += records
            wanted += here
            holds = all_wanted.holds.at(name)
            if holds or all_wanted.unread:
                held = records_to_keep(
                    holds, all_wanted.unread, records, self._registry.owner_id, claimed=bool(at_name)
                )
                wanted += held
                aside += [_held(record, holds, all_wanted.unread) for record in held]
        result = plan(current, wanted, self._zone_rules)
        refused = self._registry.refusals(result.changes, content)
        if refused:
            keys = {skipped.endpoint.key for skipped in refused}
            kept = tuple(change for change in result.changes if change.endpoint.key not in keys)
            result = Plan(kept, (*result.skipped, *refused))
        if aside:
            result = Plan(result.changes, (*result.skipped, *aside))
        return Planned(result, self._registry.bundle(result.changes, content))

    def _homeless(self, endpoint: Endpoint) -> Skipped:
        """The endpoint lies in a zone of ours, and none may hold it."""
        if not match_all(self._rules.domain_filters, endpoint.dns_name):
            return skip(endpoint, SkipReason.DOMAIN_FILTER, "the domain filters keep it out")
        why = "none of the zones it lies in may hold it; check the annotation that names a zone for it"
        return skip(endpoint, SkipReason.NO_ZONE, why)

    def _wanted_at(self, name: str, wanted: Wanted) -> tuple[_Placed, ...]:
        """The endpoints wanted at ``name``, shaped and adjusted, each with the ids of its zones."""
        known = self._wanted.get(name)
        if known is None:
            held = [endpoint for hold in wanted.holds.at(name) for endpoint in hold.endpoints]
            asked = [*wanted.desired.endpoints_at(name), *held]
            if not asked:
                return ()  # Not worth remembering: names come and go for as long as the process runs.
            shaped = self._shape(asked)
            # Tuples: there is one of these per name for as long as the process lives.
            known = tuple((endpoint, self._zone_ids(endpoint)) for endpoint in self._provider.adjust(shaped))
            self._wanted[name] = known
        return known

    def _zone_ids(self, endpoint: Endpoint) -> tuple[str, ...]:
        return tuple(zone.id for zone in self._provider.zones_for(endpoint, self._zones))


def _held(record: Endpoint, holds: Sequence[Hold], unread: frozenset[str]) -> Skipped:
    """The record stays as it is, since what its object wants there is not known."""
    resource = record.labels.get(LABEL_RESOURCE, "")
    if resource in unread:
        why = f"{resource} cannot be read, so the record stays as it is"
        return skip(record, SkipReason.TARGETS_HELD, why)
    asking = [str(hold.ref) for hold in holds]
    holder = resource if resource in asking else asking[0]
    why = f"{holder} asks for it but has no address: it stays as it is for a while (--hold-targets)"
    return skip(record.with_labels(resource=holder), SkipReason.TARGETS_HELD, why)


def names_in_zone(zone: Zone, desired: DesiredState, content: ZoneContent) -> set[str]:
    """Every normalised name that a full pass over the zone has to look at."""
    suffix = normalise(zone.name)
    below = f".{suffix}"
    wanted = {name for name in desired.names() if name.endswith(below) or name == suffix}
    return wanted.union(content.names())
