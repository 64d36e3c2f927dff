"""Pains of external-dns's users that are gone here, as far as plan and guard can take them away."""

import itertools

from dnssync.changes import Action
from dnssync.controller.deleting import only_deletes
from dnssync.deletions import DeletionLimits, judge
from dnssync.endpoints import Property
from dnssync.ownership import NoopRegistry
from dnssync.plan import SkipReason, plan
from tests.plan.builders import MINE, held, told, wanted


def test_mass_deletion_has_a_brake() -> None:
    current = [held(f"app{n}.x", "A", "10.0.0.1") for n in range(1000)]
    result = plan(current, [wanted("app0.x", "A", "10.0.0.9"), wanted("new.x", "A", "10.0.0.1")], MINE)
    deletes = [change for change in result.changes if change.action is Action.DELETE]
    verdict = judge(len(deletes), len(current), DeletionLimits())
    assert not verdict.allowed and "999 deletions are held" in verdict.message
    assert len(result.changes) == len(deletes) + 2


def test_a_change_of_type_is_one_bundle_and_no_deletion() -> None:
    result = plan([held("a.x", "CNAME", "lb.y")], [wanted("a.x", "A", "10.0.0.1")], MINE)
    assert told(result) == ["create a.x A 10.0.0.1", "delete a.x CNAME lb.y"]
    bundles = NoopRegistry().bundle(result.changes, NoopRegistry().read([]))
    assert [only_deletes(bundle) for bundle in bundles] == [False]


def test_one_host_in_several_objects_does_not_flap_and_both_are_told_apart() -> None:
    claims = [
        wanted("a.x", "A", "10.0.0.2", by="ingress/d/two"),
        wanted("a.x", "A", "10.0.0.1", by="ingress/d/one"),
        wanted("a.x", "A", "10.0.0.3", by="ingress/d/three"),
    ]
    for order in itertools.permutations(claims):
        result = plan([], order, MINE)
        assert told(result) == ["create a.x A 10.0.0.1"]
        assert [entry.other for entry in result.skipped] == ["ingress/d/one"] * 2
        assert {entry.reason for entry in result.skipped} == {SkipReason.LOST_CONFLICT}


def test_the_first_holder_keeps_its_name_while_it_asks_for_it() -> None:
    current = [held("a.x", "A", "10.0.0.2", by="ingress/d/two")]
    claims = [
        wanted("a.x", "A", "10.0.0.1", by="ingress/d/one"),
        wanted("a.x", "A", "10.0.0.2", by="ingress/d/two"),
    ]
    for order in itertools.permutations(claims):
        result = plan(current, order, MINE)
        assert not result
        assert [entry.message for entry in result.skipped] == [
            "a.x A: ingress/d/one asks for 10.0.0.1, but ingress/d/two has this name with 10.0.0.2"
        ]
    assert told(plan(current, claims[:1], MINE)) == ["update a.x A 10.0.0.1"]


def test_there_is_no_churn_where_services_spell_things_their_own_way() -> None:
    current = held("app.example.com", "CNAME", "LB-1.Example.NET", ttl=300)
    service_order = (Property("alias", "false"), Property("aws/weight", "10"))
    wish_order = tuple(reversed(service_order))
    one = plan(
        [held("A.X", "AAAA", "2001:DB8:0:0::1", provider_specific=service_order)],
        [wanted("a.x.", "AAAA", "2001:db8::1", provider_specific=wish_order)],
        MINE,
    )
    assert not one and not one.skipped
    assert not plan([current], [wanted("App.Example.com", "CNAME", "lb-1.example.net")], MINE)
