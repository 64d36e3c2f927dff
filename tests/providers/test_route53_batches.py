"""Batches: within the limits, whole bundles, nothing lost; and how a rejected one is taken apart."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.changes import Action, Bundle, Change
from dnssync.providers.route53 import Route53Options
from dnssync.providers.route53.batches import Batch, blamed, divide, fits, pack
from dnssync.providers.route53.writes import Prepared, in_order, prepare
from tests.providers.route53_cases import bundle, create, delete, record, update


def prepared(bundles: list[Bundle]) -> list[Prepared]:
    return [prepare(index, one, "Z1", evaluate_target_health=True) for index, one in enumerate(bundles)]


SIZES = st.lists(st.integers(1, 6), min_size=1, max_size=40)


@given(SIZES, st.integers(1, 12), st.integers(11, 200), st.integers(1, 12), st.booleans())
def test_batches_hold_every_bundle_once_within_all_limits(
    sizes: list[int], count: int, characters: int, values: int, upserts: bool
) -> None:
    options = Route53Options(batch_size=count, batch_characters=characters, batch_values=values)
    all_of_them = []
    for number, size in enumerate(sizes):
        new = record(f"h{number}", *(f"192.0.2.{host}" for host in range(size)))
        old = record(f"h{number}", "192.0.2.200") if upserts else None
        all_of_them.append(bundle(Change(Action.UPDATE if upserts else Action.CREATE, old, new)))
    fitting = [one for one in prepared(all_of_them) if fits((one,), options)]
    batches = list(pack(fitting, options))
    assert all(batch and fits(batch, options) for batch in batches)
    packed = [one for batch in batches for one in batch]
    assert sorted(one.index for one in packed) == sorted(one.index for one in fitting)
    for batch, following in itertools.pairwise(batches):
        assert not fits((*batch, following[0]), options)


def test_an_upsert_weighs_twice() -> None:
    (created,) = prepared([bundle(Change(Action.CREATE, new=record("a", "192.0.2.1", "192.0.2.2")))])
    (updated,) = prepared([update("a", "192.0.2.1", "192.0.2.2")])
    assert (created.writes[0].values, created.writes[0].characters) == (2, 18)
    assert (updated.writes[0].values, updated.writes[0].characters) == (2, 18)


def test_what_frees_a_name_comes_before_what_takes_it() -> None:
    retyped = bundle(
        Change(Action.CREATE, new=record("a", "x.example.org", kind="CNAME")),
        Change(Action.DELETE, old=record("a", "192.0.2.1")),
    )
    actions = [write.action for write in in_order(prepared([retyped, update("b", "192.0.2.1", "192.0.2.2")]))]
    assert actions == ["UPSERT", "DELETE", "CREATE"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"weight": "1"}, {"region": "us-east-1"}),
        ({"weight": "1"}, {"multi_value_answer": ""}),
        ({"geoproximity_region": "us-east-1"}, {"multi_value_answer": ""}),
        ({"geolocation_continent_code": "EU"}, {"geolocation_country_code": "DE"}),
    ],
)
def test_another_routing_policy_is_a_delete_and_a_create(old: dict[str, str], new: dict[str, str]) -> None:
    change = Change(
        Action.UPDATE,
        record("a", "192.0.2.1", ttl=60, kind="A", set_id="s", **old),
        record("a", "192.0.2.1", ttl=60, kind="A", set_id="s", **new),
    )
    (one,) = prepared([bundle(change)])
    assert [write.action for write in in_order([one])] == ["DELETE", "CREATE"]


def test_another_weight_is_an_upsert() -> None:
    change = Change(
        Action.UPDATE,
        record("a", "192.0.2.1", set_id="s", weight="1"),
        record("a", "192.0.2.1", set_id="s", weight="2"),
    )
    (one,) = prepared([bundle(change)])
    assert [write.action for write in one.writes] == ["UPSERT"]


def test_the_bundles_that_a_message_names_are_set_apart() -> None:
    batch = tuple(prepared([create(f"h{number}") for number in range(5)]))
    message = "[Tried to create resource record set [name='h3.example.com.', type='A'] but it already exists]"
    assert [one.index for one in blamed(batch, message)] == [3]
    assert [[one.index for one in part] for part in divide(batch, message)] == [[0, 1, 2, 4], [3]]


def test_a_name_inside_another_is_not_blamed() -> None:
    batch = tuple(prepared([create("b"), create("b.b")]))
    message = "RRSet with DNS name b.b.example.com., type A cannot be created"
    assert [one.index for one in blamed(batch, message)] == [1]


@given(st.integers(2, 40), st.sets(st.integers(0, 39)), st.booleans())
def test_dividing_ends_with_each_bundle_alone(count: int, guilty: set[int], named: bool) -> None:
    waiting: list[Batch] = [tuple(prepared([delete(f"h{number}") for number in range(count)]))]
    alone = set()
    while waiting:
        part = waiting.pop()
        if len(part) == 1:
            alone.add(part[0].index)
            continue
        here = sorted(guilty & {one.index for one in part}) if named else []
        parts = divide(part, " ".join(f"h{number}.example.com." for number in here))
        assert sorted(one.index for half in parts for one in half) == sorted(one.index for one in part)
        assert all(0 < len(half) < len(part) for half in parts)
        waiting += parts
    assert alone == set(range(count))
