"""Shaping: each step does its one thing, and one bad endpoint stays alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.endpoints import Endpoint, Property
from dnssync.errors import ConfigError
from dnssync.sources import shaping
from dnssync.sources.shaping import ShapeOptions, shape

NAME = "a.example.com"
ADDRESSES = st.ip_addresses().map(str)


def test_without_options_a_good_endpoint_passes_unchanged() -> None:
    endpoint = Endpoint(
        NAME, "A", ("192.0.2.1",), 60, "blue", (Property("aws/weight", "1"),), {"resource": "r"}
    )
    assert shape([endpoint], ShapeOptions(provider="aws")) == [endpoint]


def test_an_endpoint_that_can_be_no_record_is_dropped_with_its_reason() -> None:
    bad, good = Endpoint(NAME, "A", ("2001:db8::1",)), Endpoint(NAME, "AAAA", ("2001:db8::1",))
    checked = shaping.deduplicate([bad, good])
    assert checked.endpoints == [good]
    assert [(entry.endpoint, entry.reason) for entry in checked.dropped] == [
        (bad, "target '2001:db8::1' of A is not an IPv4 address")
    ]


def test_an_alias_target_behind_nat64_is_passed_over_and_stops_nothing() -> None:
    """Pain: one bad endpoint stops everything."""
    alias = Endpoint(NAME, "AAAA", ("lb.example.net",), provider_specific=(Property("alias", "true"),))
    inside = Endpoint("b.example.com", "AAAA", ("64:ff9b::192.0.2.1",), 60)
    shaped = shape([alias, inside], ShapeOptions(nat64_networks=("64:ff9b::/96",)))
    assert shaped == [alias, inside, Endpoint("b.example.com", "A", ("192.0.2.1",), 60)]


def test_target_networks_are_asked_after_nat64() -> None:
    options = ShapeOptions(nat64_networks=("64:ff9b::/96",), target_net_filter=("192.0.2.0/24",))
    shaped = shape(
        [Endpoint(NAME, "AAAA", ("64:ff9b::c000:201",)), Endpoint(NAME, "CNAME", ("lb",))], options
    )
    assert shaped == [Endpoint(NAME, "A", ("192.0.2.1",))]


def test_default_targets_fill_only_what_is_empty_unless_forced() -> None:
    empty, full = Endpoint(NAME), Endpoint("b.example.com", "A", ("192.0.2.9",))
    targets = ("192.0.2.1", "lb.example.net")
    assert shape([empty, full], ShapeOptions(default_targets=targets)) == [
        Endpoint(NAME, "A", ("192.0.2.1",)),
        Endpoint(NAME, "CNAME", ("lb.example.net",)),
        full,
    ]
    forced = shape([full], ShapeOptions(default_targets=targets, force_default_targets=True))
    assert [endpoint.targets for endpoint in forced] == [("192.0.2.1",), ("lb.example.net",)]


def test_no_property_is_left_that_would_differ_for_ever() -> None:
    """Pain: churn by properties that no provider gives back."""
    kept, foreign, spent = (
        Property("alias", "true"),
        Property("coredns/group", "g"),
        Property("record-type", "ptr"),
    )
    shaped = shape(
        [Endpoint(NAME, "A", ("192.0.2.1",), provider_specific=(spent, foreign, kept))],
        ShapeOptions(provider="aws"),
    )
    assert shaped[0].provider_specific == (kept,)


def test_a_minimum_ttl_fills_in_and_raises_nothing() -> None:
    short, unset = Endpoint(NAME, "A", ("192.0.2.1",), 5), Endpoint(NAME, "AAAA", ("2001:db8::1",))
    assert [endpoint.ttl for endpoint in shape([short, unset], ShapeOptions(min_ttl=60))] == [5, 60]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"target_net_filter": ("10.0.0.0/33",)}, "--target-net-filter: '10.0.0.0/33'"),
        ({"exclude_target_net": ("here",)}, "--exclude-target-net: 'here'"),
        ({"nat64_networks": ("64:ff9b::/64",)}, "--nat64-networks: '64:ff9b::/64'"),
        ({"nat64_networks": ("10.0.0.0/8",)}, "/96"),
    ],
)
def test_a_bad_network_is_refused_at_the_start(options: dict[str, tuple[str, ...]], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        ShapeOptions(**options)  # type: ignore[arg-type]


@given(
    st.lists(
        st.builds(Endpoint, st.just(NAME), st.sampled_from(["A", "AAAA"]), st.tuples(ADDRESSES)), max_size=6
    )
)
def test_shaping_twice_is_shaping_once(endpoints: list[Endpoint]) -> None:
    options = ShapeOptions(min_ttl=30, provider="aws", exclude_target_net=("10.0.0.0/8",))
    once = shape(endpoints, options)
    assert shape(once, options) == once
