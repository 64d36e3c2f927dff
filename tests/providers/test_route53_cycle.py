"""Whole cycles against the strict service: what is wanted is accepted, and then nothing differs."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnssync.endpoints import Endpoint
from dnssync.ownership import TxtOptions, TxtRegistry
from dnssync.plan import PlanRules, plan
from dnssync.providers import Zone
from dnssync.providers.route53 import Route53Provider
from tests.doubles.route53 import Route53Double
from tests.providers.route53_cases import provider_on, record

ELB = "lb-1.us-east-1.elb.amazonaws.com"
NLB = "lb-2.elb.eu-west-1.amazonaws.com"
REGISTRY = TxtRegistry(TxtOptions(owner_id="me", prefix="own-"))
RULES = PlanRules(owner_id="me")

Setup = tuple[Route53Double, Route53Provider]


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    with Route53Double() as double, provider_on(double) as provider:
        yield double, provider


def shapes(name: str) -> list[list[Endpoint]]:
    """What one name may be wanted as."""
    return [
        [],
        [record(name, "192.0.2.1", ttl=0)],
        [record(name, "192.0.2.1", "192.0.2.2", ttl=120)],
        [record(name, "192.0.2.1"), record(name, "2001:db8::1", kind="AAAA")],
        [record(name, "x.example.org", kind="CNAME")],
        [record(name, ELB, kind="CNAME", ttl=0)],
        [record(name, NLB, kind="CNAME", evaluate_target_health="false")],
        [record(name, ELB, kind="CNAME", alias="A")],
        [record(name, ELB, kind="CNAME", alias="false")],
        [
            record(name, "192.0.2.1", set_id="one", weight="10"),
            record(name, "192.0.2.2", set_id="two", weight="020"),
        ],
        [record(name, "192.0.2.1", set_id="one", region="us-east-1", health_check_id="hc")],
        [record(name, "192.0.2.1", set_id="one", geoproximity_region="us-east-1")],
        [record(name, "192.0.2.1", set_id="one", multi_value_answer="true")],
        [record(name, "192.0.2.1", weight="7")],
    ]


NAMES = ("a", "*.w", "bücher")
STATES = st.tuples(*(st.sampled_from(shapes(name)) for name in NAMES))


def synchronise(provider: Route53Provider, zone: Zone, desired: Sequence[Endpoint]) -> int:
    """One cycle; the number of changes."""
    content = REGISTRY.read(provider.records(zone), zone.name)
    planned = plan(content.records(), provider.adjust(desired), RULES)
    bundles = REGISTRY.bundle(planned.changes, content)
    assert [outcome.error for outcome in provider.apply(zone, bundles) if not outcome.ok] == []
    return len(planned.changes)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STATES, min_size=1, max_size=4))
def test_pain_23_every_state_is_reached_in_one_cycle_and_then_nothing_differs(
    setup: Setup, states: list[tuple[list[Endpoint], ...]]
) -> None:
    double, provider = setup
    zone = Zone(double.add_zone("example.com"), "example.com")
    double.put(zone.id, "foreign.example.com", "A", "192.0.2.99")
    for state in states:
        desired = [endpoint for shape in state for endpoint in shape]
        synchronise(provider, zone, desired)
        assert synchronise(provider, zone, desired) == 0
    synchronise(provider, zone, [])
    assert [rrset.name for rrset in double.sets(zone.id)] == ["foreign.example.com."]
