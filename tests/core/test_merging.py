"""Merging: several objects' endpoints become one record each, whatever the order."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dnssync.endpoints import Endpoint
from dnssync.merging import merge

TARGETS = st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]), max_size=3).map(tuple)
ENDPOINTS = st.lists(
    st.builds(
        Endpoint,
        st.sampled_from(["a", "b"]),
        st.sampled_from(["A", "TXT"]),
        TARGETS,
        st.sampled_from([0, 60]),
    ),
    max_size=8,
)


@given(ENDPOINTS)
def test_no_target_is_lost_and_none_is_twice(endpoints: list[Endpoint]) -> None:
    merged = merge(endpoints)
    keys = [(*endpoint.key, endpoint.ttl) for endpoint in merged]
    assert len(keys) == len(set(keys))
    for one in merged:
        parts = [each.targets for each in endpoints if (each.key, each.ttl) == (one.key, one.ttl)]
        assert one.targets == tuple(sorted({target for part in parts for target in part}))


@given(ENDPOINTS)
def test_merging_twice_is_merging_once(endpoints: list[Endpoint]) -> None:
    assert merge(merge(endpoints)) == merge(endpoints)


@given(ENDPOINTS, st.randoms())
def test_the_order_of_objects_does_not_matter_to_targets(endpoints: list[Endpoint], random: Random) -> None:
    shuffled = list(endpoints)
    random.shuffle(shuffled)
    assert sorted(map(repr, merge(shuffled))) == sorted(map(repr, merge(endpoints)))


def test_the_labels_of_a_merged_record_are_those_of_the_first_object() -> None:
    first = Endpoint("a", "A", ("192.0.2.2",), labels={"resource": "ingress/x/first"})
    second = Endpoint("a", "A", ("192.0.2.1",), labels={"resource": "ingress/x/second"})
    assert merge([first, second])[0].labels == first.labels


def test_different_cname_targets_stay_apart() -> None:
    apart = [Endpoint("a", "CNAME", ("one.example.net",)), Endpoint("a", "CNAME", ("two.example.net",))]
    assert merge(apart) == apart
    assert merge([apart[0], apart[0]]) == [apart[0]]
    assert merge([Endpoint("a", "CNAME")]) == []
