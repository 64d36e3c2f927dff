"""The flap guard: when holds begin, what they hold, when they end."""

from dnssync.endpoints import Endpoint, new_endpoint
from dnssync.hold import Holds, records_to_keep
from dnssync.objects import ObjectClaims, ObjectRef

REF = ObjectRef("ingress", "default", "web")
TARGET = new_endpoint("x.test", "A", ("10.0.0.1",))
FULL = ObjectClaims(REF, (TARGET,))
EMPTY = ObjectClaims(REF, (), ("x.test",))


def test_a_host_that_loses_its_targets_is_held_with_the_last_ones() -> None:
    holds = Holds(300)
    [hold] = holds.update(FULL, EMPTY, now=10)
    assert hold.endpoints == (TARGET,)
    assert hold.until == 310
    assert holds.at("x.test.") == [hold]


def test_a_hold_ends_at_its_deadline_and_not_before() -> None:
    holds = Holds(300)
    holds.update(FULL, EMPTY, now=10)
    assert holds.expire(now=309.9) == []
    assert holds.next_deadline() == 310
    assert [hold.name for hold in holds.expire(now=310)] == ["x.test."]
    assert holds.at("x.test.") == []


def test_a_hold_that_expired_does_not_begin_again_while_the_object_goes_on_waiting() -> None:
    holds = Holds(300)
    holds.update(FULL, EMPTY, now=0)
    holds.expire(now=300)
    still_waiting = ObjectClaims(REF, (), ("x.test",), uid="other")
    assert holds.update(EMPTY, still_waiting, now=301) == []


def test_returning_targets_end_the_hold() -> None:
    holds = Holds(300)
    holds.update(FULL, EMPTY, now=0)
    holds.update(EMPTY, FULL, now=1)
    assert holds.at("x.test.") == []
    assert holds.expire(now=1000) == []


def test_a_host_that_is_no_longer_asked_for_is_not_held() -> None:
    holds = Holds(300)
    holds.update(FULL, EMPTY, now=0)
    holds.update(EMPTY, ObjectClaims(REF), now=1)
    assert len(holds) == 0


def test_a_deleted_object_holds_nothing() -> None:
    holds = Holds(300)
    holds.update(FULL, EMPTY, now=0)
    holds.forget(REF)
    assert len(holds) == 0


def test_duration_zero_switches_the_guard_off() -> None:
    assert Holds(0).update(FULL, EMPTY, now=0) == []


def test_after_a_restart_the_resource_label_tells_which_records_to_keep() -> None:
    holds = Holds(300)
    [hold] = holds.update(None, EMPTY, now=0)
    assert hold.endpoints == ()
    ours = owned("x.test", "me", "ingress/default/web")
    of_another_object = owned("x.test", "me", "ingress/default/api")
    foreign = owned("x.test", "them", "ingress/default/web")
    current = [ours, of_another_object, foreign]
    assert records_to_keep([hold], frozenset(), current, "me", claimed=False) == [ours]


def test_records_of_an_object_that_cannot_be_decoded_are_kept() -> None:
    ours = owned("x.test", "me", "ingress/default/web")
    other = owned("x.test", "me", "ingress/default/api")
    unread = frozenset({"ingress/default/web"})
    assert records_to_keep([], unread, [ours, other], "me", claimed=False) == [ours]


def owned(host: str, owner: str, resource: str) -> Endpoint:
    return new_endpoint(host, "A", ("10.0.0.1",), labels={"owner": owner, "resource": resource})


def test_a_record_that_names_a_former_object_is_held_for_the_one_found_asking() -> None:
    [hold] = Holds(300).update(None, EMPTY, now=0, found=True)
    former = owned("x.test", "me", "ingress/default/gone")
    assert records_to_keep([hold], frozenset(), [former], "me", claimed=False) == [former]
    assert records_to_keep([hold], frozenset(), [former], "me", claimed=True) == []
    [of_a_new_object] = Holds(300).update(None, EMPTY, now=0)
    assert records_to_keep([of_a_new_object], frozenset(), [former], "me", claimed=False) == []
