"""The gate of deletions: what counts, and for how long."""

from dnssync.changes import Action, Bundle, Change
from dnssync.controller.deleting import WINDOW, DeletionGate, only_deletes
from dnssync.deletions import DeletionLimits
from dnssync.endpoints import Endpoint, new_endpoint


def record(name: str, record_type: str = "A") -> Endpoint:
    return new_endpoint(f"{name}.example.test", record_type, ("10.0.0.1",))


def bundle(name: str, *changes: Change) -> Bundle:
    return Bundle(f"{name}.example.test.", changes)


def deletion(name: str) -> Bundle:
    return bundle(
        name,
        Change(Action.DELETE, old=record(name)),
        Change(Action.DELETE, old=record(f"a-{name}", "TXT")),
    )


def test_a_change_of_type_is_no_deletion() -> None:
    replaced = bundle(
        "web", Change(Action.DELETE, old=record("web", "CNAME")), Change(Action.CREATE, new=record("web"))
    )
    assert not only_deletes(replaced)
    assert only_deletes(deletion("web"))


def test_a_marker_that_only_loses_its_string_does_not_hide_the_deletion() -> None:
    shared = record("web", "TXT")
    stripped = bundle(
        "web",
        Change(Action.DELETE, old=record("web")),
        Change(Action.UPDATE, old=shared, new=shared),
    )
    assert only_deletes(stripped)


def test_markers_do_not_count() -> None:
    gate = DeletionGate(DeletionLimits(max_deletes=5))
    assert gate.judge([deletion(f"n{index}") for index in range(5)], owned=100, now=0.0).allowed


def test_many_small_steps_are_held_like_one_big_one() -> None:
    gate = DeletionGate(DeletionLimits(max_deletes=6))
    for index in range(6):
        assert gate.judge([deletion(f"n{index}")], owned=100 - index, now=float(index)).allowed
        gate.let_through([deletion(f"n{index}")])
        gate.ended(deletion(f"n{index}"), float(index), committed=True)
    verdict = gate.judge([deletion("n6")], owned=94, now=6.0)
    assert not verdict.allowed
    assert gate.held == 1
    assert gate.next_deadline() == WINDOW
    assert gate.judge([deletion("n6")], owned=94, now=WINDOW).allowed
    assert gate.notice == ""


def test_deletions_that_another_zone_is_still_working_on_count() -> None:
    gate = DeletionGate(DeletionLimits(max_deletes=6))
    slow = [deletion(f"n{index}") for index in range(4)]
    gate.let_through(slow)
    assert not gate.judge([deletion("a"), deletion("b"), deletion("c")], owned=100, now=0.0).allowed
    for bundle in slow:
        gate.ended(bundle, 0.0, committed=False)
    assert gate.judge([deletion("a"), deletion("b"), deletion("c")], owned=100, now=0.0).allowed


def test_nothing_to_delete_is_never_held() -> None:
    gate = DeletionGate(DeletionLimits(max_deletes=6))
    gate.let_through([deletion(f"n{index}") for index in range(20)])
    assert gate.judge([], owned=20, now=0.0).allowed
    assert gate.notice == ""


def test_names_that_are_answered_without_their_records_do_not_count() -> None:
    gate = DeletionGate(DeletionLimits(max_deletes=5), answered=lambda name: name.startswith("n"))
    many = [deletion(f"n{index}") for index in range(50)]
    assert gate.judge(many, owned=50, now=0.0).allowed
    gate.let_through(many)
    for each in many:
        gate.ended(each, 0.0, committed=True)
    assert gate.judge([deletion(f"own{index}") for index in range(5)], owned=100, now=1.0).allowed
    assert not gate.judge([deletion(f"own{index}") for index in range(6)], owned=100, now=1.0).allowed
