"""Laws of the plan that hold for whatever is there and whatever is wanted."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dnssync.changes import Action
from dnssync.endpoints import Endpoint
from dnssync.names import normalise
from dnssync.plan import Plan, plan
from dnssync.policy import Policy
from dnssync.rules import PlanRules
from tests.plan.builders import after, endpoints

_OWNERS = ("", "me", "other")
_desired = st.lists(endpoints(), max_size=8)
_rules = st.builds(
    PlanRules,
    policy=st.sampled_from(list(Policy)),
    owner_id=st.sampled_from(["", "me"]),
    managed_types=st.sampled_from([frozenset({"A", "AAAA", "CNAME"}), frozenset({"A", "TXT", "CNAME"})]),
)


def _key(endpoint: Endpoint) -> tuple[str, str, str]:
    return normalise(endpoint.dns_name), endpoint.record_type, endpoint.set_identifier


# In a zone an RRset is there once.
_current = st.lists(endpoints(owners=_OWNERS), max_size=8, unique_by=_key)


@given(_current, _desired, _rules)
def test_after_a_plan_there_is_nothing_left_to_do(
    current: list[Endpoint], desired: list[Endpoint], rules: PlanRules
) -> None:
    first = plan(current, desired, rules)
    assert plan(after(current, first, rules.owner_id), desired, rules).changes == ()


@given(_current, _desired, _rules, st.randoms(use_true_random=False))
def test_input_order_does_not_matter(
    current: list[Endpoint], desired: list[Endpoint], rules: PlanRules, dice: random.Random
) -> None:
    expected = plan(current, desired, rules)
    dice.shuffle(current)
    dice.shuffle(desired)
    assert plan(current, desired, rules) == expected


@given(st.lists(endpoints(owners=_OWNERS), max_size=8), _desired, _rules, st.randoms(use_true_random=False))
def test_an_rrset_that_is_read_twice_does_not_bring_chance_into_it(
    current: list[Endpoint], desired: list[Endpoint], rules: PlanRules, dice: random.Random
) -> None:
    expected = plan(current, desired, rules)
    dice.shuffle(current)
    assert plan(current, desired, rules) == expected


@given(_current, _desired, _rules, st.sets(st.sampled_from(["a", "b", "*", "xn--bcher-kva"])))
def test_a_plan_of_some_names_is_that_part_of_the_whole_plan(
    current: list[Endpoint], desired: list[Endpoint], rules: PlanRules, labels: set[str]
) -> None:
    names = {f"{label}.example.com." for label in labels}

    def some(items: list[Endpoint]) -> list[Endpoint]:
        return [item for item in items if normalise(item.dns_name) in names]

    whole = plan(current, desired, rules)
    part = plan(some(current), some(desired), rules)
    assert part == Plan(
        changes=tuple(change for change in whole.changes if normalise(change.endpoint.dns_name) in names),
        skipped=tuple(entry for entry in whole.skipped if normalise(entry.endpoint.dns_name) in names),
    )


@given(_current, _desired, _rules)
def test_nothing_that_is_not_ours_is_updated_or_deleted(
    current: list[Endpoint], desired: list[Endpoint], rules: PlanRules
) -> None:
    for change in plan(current, desired, rules).changes:
        if rules.owner_id and change.old is not None:
            assert change.old.labels.get("owner") == rules.owner_id


@given(_current, _desired, _rules)
def test_every_change_is_within_the_policy_and_the_types_and_really_changes_something(
    current: list[Endpoint], desired: list[Endpoint], rules: PlanRules
) -> None:
    result = plan(current, desired, rules)
    keys = [_key(change.endpoint) for change in result.changes]
    assert keys == sorted(set(keys))
    for change in result.changes:
        assert rules.policy.allows(change.action)
        assert change.endpoint.record_type in rules.managed_types
        assert (change.old is None) == (change.action is Action.CREATE)
        assert (change.new is None) == (change.action is Action.DELETE)
        assert change.old != change.new


@given(_current, _desired, _rules)
def test_every_plan_goes_to_json_and_back(
    current: list[Endpoint], desired: list[Endpoint], rules: PlanRules
) -> None:
    result = plan(current, desired, rules)
    assert msgspec.json.decode(msgspec.json.encode(result), type=Plan) == result
