"""Pains of external-dns's users that are gone here, as far as ownership can take them away."""

import pytest

from dnssync.changes import Action
from dnssync.ownership import TxtOptions, TxtRegistry
from dnssync.plan import PlanRules, SkipReason, plan
from tests.ownership.cases import ME, RULES, marker, record, reread, run, wanted
from tests.ownership.zone import StrictZone

APP = [wanted("app.x", "A", "10.0.0.1")]


def test_a_marker_left_over_by_a_crash_or_a_hand_is_taken_up_again() -> None:
    zone = StrictZone([marker("a-app.x")])
    registry = TxtRegistry(ME)
    content = registry.read(zone.raw())
    (bundle,) = registry.bundle(plan(content.records(), APP, RULES).changes, content)
    assert [(change.action, change.endpoint.dns_name) for change in bundle.changes] == [("create", "app.x")]
    zone.commit([bundle])
    assert reread(zone).at("app.x.")[0].labels["owner"] == "me"
    assert not run(zone, APP)[0]


def test_a_left_over_marker_that_says_something_else_is_replaced() -> None:
    zone = StrictZone([marker("a-app.x", resource="ingress/d/long-gone")])
    _, content = run(zone, APP)
    assert content.at("app.x.")[0].labels["resource"] == "ingress/d/web"
    assert reread(zone) == content


def test_a_left_over_marker_of_another_owner_keeps_its_name_from_us() -> None:
    zone = StrictZone([marker("a-app.x", owner="other")])
    registry = TxtRegistry(ME)
    content = registry.read(zone.raw())
    changes = plan(content.records(), APP, RULES).changes
    assert registry.bundle(changes, content) == []
    (refusal,) = registry.refusals(changes, content)
    assert (refusal.reason, refusal.other) == (SkipReason.FOREIGN_OWNER, "other")


def test_a_record_without_marker_is_left_to_whoever_made_it() -> None:
    zone = StrictZone([record("app.x", "A", "10.9.9.9")])
    result, _ = run(zone, APP)
    assert not result and [entry.reason for entry in result.skipped] == [SkipReason.NOT_OWNED]
    assert [side.targets for side in zone.raw()] == [("10.9.9.9",)]


def test_deleting_leaves_no_orphans_behind() -> None:
    zone = StrictZone()
    run(zone, [*APP, wanted("app.x", "AAAA", "::1"), wanted("*.x", "CNAME", "lb.y")])
    run(zone, [])
    assert zone.raw() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [(("CNAME", "lb.y"), ("A", "10.0.0.1")), (("A", "10.0.0.1"), ("CNAME", "lb.y"))],
)
def test_a_change_of_type_is_one_atomic_bundle(before: tuple[str, str], after: tuple[str, str]) -> None:
    zone = StrictZone()
    run(zone, [wanted("app.x", *before)])
    registry = TxtRegistry(ME)
    content = registry.read(zone.raw())
    (bundle,) = registry.bundle(plan(content.records(), [wanted("app.x", *after)], RULES).changes, content)
    assert sorted((change.action, change.endpoint.record_type) for change in bundle.changes) == sorted(
        [
            (Action.CREATE, after[0]),
            (Action.CREATE, "TXT"),
            (Action.DELETE, before[0]),
            (Action.DELETE, "TXT"),
        ]
    )
    zone.commit([bundle])
    assert {side.record_type for side in zone.raw()} == {after[0], "TXT"}


def test_a_new_owner_id_takes_over_what_the_old_one_held_in_one_pass() -> None:
    zone = StrictZone()
    old = TxtOptions(owner_id="old")
    run(zone, APP, old, PlanRules(owner_id="old"))
    assert not run(zone, APP)[0]
    new = TxtOptions(owner_id="me", migrate_from="old")
    result, content = run(zone, APP, new)
    assert [change.action for change in result.changes] == [Action.UPDATE]
    assert "external-dns/owner=me" in zone.texts()["a-app.x"]
    assert content.owned_count("me") == 1
    assert not run(zone, APP, new)[0]
    assert not run(zone, APP)[0]


def test_two_clusters_in_one_zone_never_touch_each_other() -> None:
    zone = StrictZone()
    run(zone, [*APP, wanted("one.x", "A", "10.0.0.1")])
    before = zone.raw()
    other = TxtOptions(owner_id="other")
    rules = PlanRules(owner_id="other")
    result, _ = run(zone, [wanted("app.x", "A", "10.9.9.9")], other, rules)
    assert not result and zone.raw() == before
    assert [entry.other for entry in result.skipped] == ["me"]
