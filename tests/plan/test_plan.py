"""What the plan decides, row by row."""

import msgspec
import pytest

from dnssync.domains import DomainFilter
from dnssync.endpoints import Property
from dnssync.plan import Plan, PlanRules, SkipReason, plan
from dnssync.policy import Policy
from tests.plan.builders import BOOKLESS, MINE, held, told, wanted


def reasons(result: Plan) -> list[SkipReason]:
    return [entry.reason for entry in result.skipped]


def test_a_free_name_is_created_and_an_unwanted_record_of_ours_deleted() -> None:
    result = plan([held("old.x", "A", "10.0.0.1")], [wanted("new.x", "A", "10.0.0.2")], MINE)
    assert told(result) == ["create new.x A 10.0.0.2", "delete old.x A 10.0.0.1"]


def test_what_is_as_wanted_gives_an_empty_plan() -> None:
    result = plan([held("a.x", "A", "10.0.0.1")], [wanted("A.X", "A", "10.0.0.1")], MINE)
    assert result == Plan() and not result


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("CNAME", "LB.example.net"), ("CNAME", "lb.example.net")),
        (("AAAA", "2001:DB8::1"), ("AAAA", "2001:db8:0::1")),
        (("CNAME", "xn--zrich-kva.example"), ("CNAME", "Zürich.example")),
    ],
)
def test_spelling_of_targets_is_no_difference(old: tuple[str, str], new: tuple[str, str]) -> None:
    assert not plan([held("a.x", *old)], [wanted("a.x", *new)], MINE)


def test_order_of_targets_and_settings_is_no_difference() -> None:
    one, two = Property("a", "1"), Property("b", "2")
    current = held("a.x", "A", "10.0.0.1", "10.0.0.2", provider_specific=(one, two))
    assert not plan(
        [current], [wanted("a.x", "A", "10.0.0.2", "10.0.0.1", provider_specific=(two, one))], MINE
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"targets": ("10.0.0.1", "10.0.0.2")},
        {"ttl": 60},
        {"provider_specific": (Property("aws/weight", "1"),)},
    ],
)
def test_a_difference_is_an_update_that_inherits_the_owner(changed: dict[str, object]) -> None:
    current = held("a.x", "A", "10.0.0.1", by="ingress/d/one")
    new = wanted("a.x", "A", "10.0.0.1", by="ingress/d/two", **changed)
    (change,) = plan([current], [new], MINE).changes
    assert change.old == current
    assert change.new == new.with_labels(owner="me")


def test_labels_and_an_unset_ttl_are_no_difference() -> None:
    current = held("a.x", "A", "10.0.0.1", by="ingress/d/one", ttl=1234)
    assert not plan([current], [wanted("a.x", "A", "10.0.0.1", by="ingress/d/two")], MINE)


def test_a_foreign_record_is_never_touched_and_its_owner_named() -> None:
    current = [held("a.x", "A", "10.0.0.1", owner="other"), held("gone.x", "A", "10.0.0.1", owner="other")]
    result = plan(current, [wanted("a.x", "A", "10.0.0.2")], MINE)
    assert not result
    (skipped,) = result.skipped
    assert (skipped.reason, skipped.other) == (SkipReason.FOREIGN_OWNER, "other")
    assert skipped.message == "a.x A: the A record there belongs to owner 'other', we are 'me'"


def test_a_record_without_owner_is_never_touched_nor_created_beside() -> None:
    current = [held("a.x", "A", "10.0.0.1", owner="")]
    desired = [wanted("a.x", "A", "10.0.0.2"), wanted("a.x", "AAAA", "2001:db8::1")]
    result = plan(current, desired, MINE)
    assert not result
    assert reasons(result) == [SkipReason.NOT_OWNED, SkipReason.NOT_OWNED]


def test_without_an_owner_id_everything_seen_may_be_changed() -> None:
    current = [held("a.x", "A", "10.0.0.1", owner=""), held("b.x", "A", "10.0.0.1", owner="other")]
    result = plan(current, [wanted("a.x", "A", "10.0.0.2")], BOOKLESS)
    assert told(result) == ["update a.x A 10.0.0.2", "delete b.x A 10.0.0.1"]


def test_set_identifiers_are_rows_of_their_own() -> None:
    current = [held("a.x", "A", "10.0.0.1", set_identifier="one")]
    result = plan(current, [wanted("a.x", "A", "10.0.0.1", set_identifier="two")], MINE)
    assert told(result) == ["delete a.x A 10.0.0.1", "create a.x A 10.0.0.1"]


def test_a_cname_beside_another_wanted_type_is_given_up() -> None:
    desired = [wanted("a.x", "CNAME", "lb.y"), wanted("a.x", "A", "10.0.0.1"), wanted("a.x", "AAAA", "::1")]
    result = plan([], desired, MINE)
    assert told(result) == ["create a.x A 10.0.0.1", "create a.x AAAA ::1"]
    assert [entry.message for entry in result.skipped] == [
        "a.x CNAME: a CNAME cannot stand beside A and AAAA, also wanted at this name; it is left out"
    ]


def test_a_cname_that_stands_beside_another_type_as_both_are_wanted_goes() -> None:
    both = ("CNAME", "lb.y"), ("A", "10.0.0.1")
    result = plan([held("a.x", *one) for one in both], [wanted("a.x", *one) for one in both], MINE)
    assert told(result) == ["delete a.x CNAME lb.y"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy.SYNC, ["update a.x A 10.0.0.2", "delete b.x A 10.0.0.1", "create c.x A 10.0.0.3"]),
        (Policy.UPSERT_ONLY, ["update a.x A 10.0.0.2", "create c.x A 10.0.0.3"]),
        (Policy.CREATE_ONLY, ["create c.x A 10.0.0.3"]),
    ],
)
def test_policies(policy: Policy, expected: list[str]) -> None:
    current = [held("a.x", "A", "10.0.0.1"), held("b.x", "A", "10.0.0.1")]
    desired = [wanted("a.x", "A", "10.0.0.2"), wanted("c.x", "A", "10.0.0.3")]
    result = plan(current, desired, PlanRules(owner_id="me", policy=policy))
    assert told(result) == expected
    assert len(result.changes) + len(result.skipped) == 3
    assert set(reasons(result)) <= {SkipReason.POLICY}


def test_a_policy_that_keeps_a_record_keeps_a_cname_from_being_put_beside_it() -> None:
    rules = PlanRules(owner_id="me", policy=Policy.UPSERT_ONLY)
    result = plan([held("a.x", "A", "10.0.0.1")], [wanted("a.x", "CNAME", "lb.y")], rules)
    assert not result
    assert [entry.message for entry in result.skipped] == [
        "a.x A: policy upsert-only forbids to delete it",
        "a.x CNAME: the A record there would have to go, and policy upsert-only keeps it",
    ]


def test_a_policy_that_keeps_an_a_record_lets_an_aaaa_be_put_beside_it() -> None:
    rules = PlanRules(owner_id="me", policy=Policy.UPSERT_ONLY)
    result = plan([held("a.x", "A", "10.0.0.1")], [wanted("a.x", "AAAA", "::1")], rules)
    assert told(result) == ["create a.x AAAA ::1"]


def test_what_a_domain_filter_leaves_out_is_invisible_and_said() -> None:
    rules = PlanRules(owner_id="me", domain_filters=(DomainFilter(include=("in.x",)),))
    current = [held("a.out.x", "A", "10.0.0.1"), held("a.in.x", "A", "10.0.0.1")]
    result = plan(current, [wanted("b.out.x", "A", "10.0.0.1")], rules)
    assert told(result) == ["delete a.in.x A 10.0.0.1"]
    assert [(entry.endpoint.dns_name, entry.reason) for entry in result.skipped] == [
        ("b.out.x", SkipReason.DOMAIN_FILTER)
    ]


def test_unmanaged_types_are_invisible_and_said() -> None:
    result = plan(
        [held("a.x", "MX", "1 mail.y")], [wanted("a.x", "SRV", "1 2 3 y"), wanted("a.x", "A", "::")], MINE
    )
    assert told(result) == ["create a.x A ::"]
    assert [(entry.endpoint.record_type, entry.reason) for entry in result.skipped] == [
        ("SRV", SkipReason.RECORD_TYPE)
    ]


def test_excluded_types_win_over_managed_ones() -> None:
    rules = PlanRules(owner_id="me", excluded_types=frozenset({"AAAA"}))
    assert not plan([held("a.x", "AAAA", "::1")], [wanted("b.x", "AAAA", "::1")], rules)


def test_a_plan_goes_to_json_and_back() -> None:
    current = [held("a.x", "A", "10.0.0.1"), held("f.x", "A", "10.0.0.1", owner="other")]
    desired = [
        wanted("a.x", "A", "10.0.0.2", ttl=60),
        wanted("b.x", "CNAME", "lb.y"),
        wanted("f.x", "A", "10.0.0.3"),
    ]
    result = plan(current, desired, MINE)
    assert result.changes and result.skipped
    assert msgspec.json.decode(msgspec.json.encode(result), type=Plan) == result


@pytest.mark.parametrize(
    ("owner", "reason"), [("other", SkipReason.FOREIGN_OWNER), ("", SkipReason.NOT_OWNED)]
)
def test_a_record_of_others_is_told_of_even_where_it_is_as_wanted(owner: str, reason: SkipReason) -> None:
    current = [
        held("a.x", kind, target, owner=owner) for kind, target in (("A", "10.0.0.1"), ("AAAA", "::1"))
    ]
    desired = [wanted("a.x", "A", "10.0.0.1"), wanted("a.x", "AAAA", "::1")]
    result = plan(current, desired, MINE)
    assert not result and reasons(result) == [reason, reason]
    assert plan(current, desired, BOOKLESS) == Plan()
