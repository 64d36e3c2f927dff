"""DesiredState: one object's change touches its names only."""

import msgspec

from dnssync.desired import DesiredState
from dnssync.endpoints import Endpoint, new_endpoint
from dnssync.objects import ObjectClaims, ObjectRef


def ref(name: str) -> ObjectRef:
    return ObjectRef("ingress", "default", name)


def claims(name: str, *endpoints: Endpoint, waiting: tuple[str, ...] = ()) -> ObjectClaims:
    return ObjectClaims(ref(name), endpoints, waiting)


def address(host: str, target: str) -> Endpoint:
    return new_endpoint(host, "A", (target,))


def test_an_unchanged_object_touches_nothing() -> None:
    state = DesiredState()
    state.apply(claims("a", address("x.test", "10.0.0.1")))
    assert state.apply(claims("a", address("x.test", "10.0.0.1"))) == set()


def test_a_changed_target_touches_only_the_name_that_differs() -> None:
    state = DesiredState()
    state.apply(claims("a", address("x.test", "10.0.0.1"), address("y.test", "10.0.0.1")))
    touched = state.apply(claims("a", address("x.test", "10.0.0.1"), address("y.test", "10.0.0.2")))
    assert touched == {"y.test."}


def test_spellings_of_one_name_meet() -> None:
    state = DesiredState()
    state.apply(claims("a", address("Bücher.test", "10.0.0.1")))
    state.apply(claims("b", address("xn--bcher-kva.TEST", "10.0.0.2")))
    assert [e.targets for e in state.endpoints_at("xn--bcher-kva.test.")] == [("10.0.0.1",), ("10.0.0.2",)]


def test_a_removed_object_leaves_no_trace() -> None:
    state = DesiredState()
    state.apply(claims("a", address("x.test", "10.0.0.1"), waiting=("w.test",)))
    assert state.remove(ref("a")) == {"x.test.", "w.test."}
    assert list(state.names()) == []
    assert state.remove(ref("a")) == set()


def test_a_host_that_starts_waiting_is_touched() -> None:
    state = DesiredState()
    state.apply(claims("a", address("x.test", "10.0.0.1")))
    assert state.apply(claims("a", waiting=("x.test",))) == {"x.test."}
    assert [c.ref for c in state.claimants("x.test.")] == [ref("a")]


def test_objects_missing_from_a_full_list_are_named() -> None:
    state = DesiredState()
    for name in ("a", "b"):
        state.apply(claims(name, address(f"{name}.test", "10.0.0.1")))
    other = msgspec.structs.replace(claims("s"), ref=ObjectRef("service", "default", "s"))
    state.apply(other)
    assert state.missing_from("ingress", frozenset({ref("a")})) == [ref("b")]


def test_claimants_do_not_depend_on_the_order_of_arrival() -> None:
    one, two = DesiredState(), DesiredState()
    a, b = claims("a", address("x.test", "10.0.0.1")), claims("b", address("x.test", "10.0.0.2"))
    for state, order in ((one, (a, b)), (two, (b, a))):
        for entry in order:
            state.apply(entry)
    assert one.endpoints_at("x.test.") == two.endpoints_at("x.test.")
