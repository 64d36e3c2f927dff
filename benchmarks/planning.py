"""What a full plan costs: CPU seconds of planning a zone that is in memory, beside octoDNS on the same data.

octoDNS does ``Zone.changes`` and ``Plan``. Of ours there are three figures: ``plan`` alone, which does the
same job; and the controller's whole way from claims to bundles with ownership markers, once with everything
to be shaped, as at the start, and once as at each resync, where only touched names are shaped again. Making
the records is not measured anywhere. The rounds are interleaved, since the machine may be busy.
"""

import gc
import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks.report import Report
from dnssync.controller.planning import Planner, Wanted, names_in_zone
from dnssync.desired import DesiredState
from dnssync.domains import DomainFilter
from dnssync.endpoints import LABEL_OWNER, LABEL_RESOURCE, Endpoint
from dnssync.hold import Holds
from dnssync.merging import merge
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.ownership import TxtOptions, TxtRegistry, ZoneContent
from dnssync.plan import PlanRules, plan
from dnssync.providers import Zone
from dnssync.providers.route53 import Route53Options, Route53Provider
from dnssync.sources.shaping import ShapeOptions, shape

RRSETS = 100_000
TINY = 200
ROUNDS = 5

_OWNER = "benchmark"
_DOMAIN = "example.test"
_ZONE = Zone("Z1", _DOMAIN)
_NAMES_AT_ONCE = 500
_RULES = PlanRules(
    owner_id=_OWNER,
    domain_filters=(DomainFilter(include=(_DOMAIN,)), DomainFilter(include=(_DOMAIN, f".{_DOMAIN}"))),
)

Addresses = Sequence[str]
"""One address per name; the name follows from the position. None at all is an empty zone."""
Contender = Callable[[], int]
"""Makes the whole plan, and says how many RRsets it would change."""


class Case(NamedTuple):
    """What stands in the zone, and what is wanted."""

    name: str
    held: Addresses
    wanted: Addresses


def run(rrsets: int = RRSETS, rounds: int = ROUNDS) -> Report:
    """Measure all cases."""
    return Report(
        name="planning",
        title=f"A full plan of {rrsets:,} RRsets, CPU seconds (median of {rounds} rounds)",
        columns=("case", "octoDNS", "plan", "÷", "from the start", "÷", "resync", "÷"),
        rows=[_row(case, rounds) for case in cases(rrsets)],
        notes=(
            "÷: by octoDNS's time. plan does what octoDNS does; the columns after it are the controller's",
            "whole way, with zone choice, ownership and markers, and from the start with shaping too.",
        ),
    )


def cases(rrsets: int) -> list[Case]:
    """Nothing changed, one record in a hundred has another address, and everything is new."""
    before = [f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}" for index in range(rrsets)]
    one_percent = [
        f"11{address.removeprefix('10')}" if index % 100 == 0 else address
        for index, address in enumerate(before)
    ]
    return [
        Case("nothing changed", before, before),
        Case("1 % changed", before, one_percent),
        Case("all new", [], before),
    ]


def _row(case: Case, rounds: int) -> tuple[str | int | float, ...]:
    contenders = {"octodns": _octodns(case), "plan": _plan(case), **_controller(case)}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        counts = {name: _timed(contender, times[name]) for name, contender in contenders.items()}
        assert len(set(counts.values())) == 1, f"the plans differ: {counts}"
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    peer = medians.pop("octodns")
    ours = ((seconds, seconds / peer) for seconds in medians.values())
    return (case.name, peer, *itertools.chain.from_iterable(ours))


def _timed(contender: Contender, times: list[float]) -> int:
    gc.collect()
    began = time.process_time()
    count = contender()
    times.append(time.process_time() - began)
    return count


def _octodns(case: Case) -> Contender:
    from octodns.provider.plan import Plan

    held, wanted, target = _octodns_zone(case.held), _octodns_zone(case.wanted), _Target()

    def work() -> int:
        changes = held.changes(wanted, target)
        return len(Plan(held, wanted, changes, True).changes)

    return work


class _Target:
    """What octoDNS asks of the provider that it plans for."""

    id = "benchmark"
    SUPPORTS_GEO = False
    SUPPORTS_DYNAMIC = False

    def supports(self, _record: object) -> bool:
        return True


def _octodns_zone(addresses: Addresses) -> Any:
    from octodns.record import Record
    from octodns.zone import Zone as OctodnsZone

    zone = OctodnsZone(f"{_DOMAIN}.", [])
    for index, address in enumerate(addresses):
        data = {"type": "A", "ttl": 300, "value": address}
        zone.add_record(Record.new(zone, _label(index), data, lenient=True), lenient=True)
    return zone


def _plan(case: Case) -> Contender:
    held = [endpoint.with_labels(owner=_OWNER) for endpoint in map(_endpoint, *_numbered(case.held))]
    wanted = list(map(_endpoint, *_numbered(case.wanted)))
    return lambda: len(plan(held, wanted, _RULES).changes)


def _controller(case: Case) -> dict[str, Contender]:
    registry = TxtRegistry(TxtOptions(owner_id=_OWNER))
    desired = DesiredState()
    for index, address in enumerate(case.wanted):
        desired.apply(ObjectClaims(_ref(index), (_endpoint(index, address),)))
    content = _content(case.held, registry)
    wanted = Wanted(desired, Holds(300.0))
    options = ShapeOptions(provider="aws")
    planner = Planner(
        Route53Provider(Route53Options()),
        registry,
        PlanRules(owner_id=_OWNER, domain_filters=_RULES.domain_filters[:1]),
        lambda endpoints: shape(merge(endpoints), options),
    )

    def work() -> int:
        names = iter(names_in_zone(_ZONE, desired, content))
        slices = iter(lambda: list(itertools.islice(names, _NAMES_AT_ONCE)), [])
        planned = (planner.plan_zone(_ZONE, content, one, wanted) for one in slices)
        return sum(len(one.bundles) for one in planned)

    def from_the_start() -> int:
        planner.use_zones([_ZONE])
        return work()

    return {"start": from_the_start, "resync": work}


def _content(addresses: Addresses, registry: TxtRegistry) -> ZoneContent:
    raw = []
    for index, address in enumerate(addresses):
        record = _endpoint(index, address)
        owned = record.with_labels(**{LABEL_OWNER: _OWNER})
        raw += [_bare(record), _bare(registry.books.new_marker(owned))]
    return registry.read(raw, _DOMAIN)


def _bare(endpoint: Endpoint) -> Endpoint:
    """As a service gives it back."""
    return Endpoint(endpoint.dns_name, endpoint.record_type, endpoint.targets, endpoint.ttl)


def _endpoint(index: int, address: str) -> Endpoint:
    labels = {LABEL_RESOURCE: str(_ref(index))}
    return Endpoint(f"{_label(index)}.{_DOMAIN}", "A", (address,), 300, labels=labels)


def _numbered(addresses: Addresses) -> tuple[range, Addresses]:
    return range(len(addresses)), addresses


def _label(index: int) -> str:
    return f"app-{index}.team-{index % 50}"


def _ref(index: int) -> ObjectRef:
    return ObjectRef("ingress", f"team-{index % 50}", f"app-{index}")
