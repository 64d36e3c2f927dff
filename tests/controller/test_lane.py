"""A lane: reads and writes that overlap, doubt, retries."""

from dnssync.changes import Action, Bundle, Change, Outcome
from dnssync.controller.lane import Lane
from dnssync.endpoints import Endpoint, new_endpoint
from dnssync.ownership import NoopRegistry
from dnssync.providers import Zone

ZONE = Zone("Z1", "example.test")
REGISTRY = NoopRegistry()


def record(name: str, address: str = "10.0.0.1") -> Endpoint:
    return new_endpoint(f"{name}.example.test", "A", (address,))


def creation(name: str) -> Bundle:
    return Bundle(f"{name}.example.test.", (Change(Action.CREATE, new=record(name)),))


def loaded(*records: Endpoint) -> Lane:
    lane = Lane(ZONE)
    lane.begin_read()
    lane.finish_read(REGISTRY.read(records), [])
    return lane


def test_a_write_committed_while_the_zone_was_read_is_not_forgotten() -> None:
    lane = loaded()
    lane.begin_read()
    lane.commit(creation("web"))
    lane.finish_read(REGISTRY.read([]), [])
    assert lane.content is not None
    assert lane.content.at("web.example.test.") == [record("web")]


def test_a_resync_that_comes_while_the_zone_is_read_does_not_stop_planning() -> None:
    lane = loaded()
    lane.begin_read()
    lane.want_read(1.0)
    lane.finish_read(REGISTRY.read([]), [])
    assert lane.can_plan
    assert not lane.wants_read(2.0)


def test_doubt_stops_planning_until_the_zone_was_read_again() -> None:
    lane = loaded()
    lane.finish_apply([Outcome(creation("web"), "no answer", doubtful=True)], 1.0, 5.0)
    assert not lane.can_plan
    assert lane.wants_read(1.0)
    lane.begin_read()
    lane.finish_read(REGISTRY.read([]), [])
    assert lane.can_plan


def test_doubt_that_arises_while_the_zone_is_read_asks_for_another_read() -> None:
    lane = loaded()
    lane.begin_read()
    lane.finish_apply([Outcome(creation("web"), "no answer", doubtful=True)], 1.0, 5.0)
    lane.finish_read(REGISTRY.read([]), [])
    assert not lane.can_plan
    assert lane.wants_read(1.0)


def test_one_refused_record_does_not_hold_the_zone_up_but_a_dead_zone_gets_a_pause() -> None:
    lane = loaded()
    refused = Outcome(creation("bad"), "refused", retryable=False)
    lane.finish_apply([refused, Outcome(creation("good"))], 1.0, 5.0)
    assert lane.not_before == 0
    lane.finish_apply([Outcome(creation("web"), "throttled")], 1.0, 5.0)
    assert lane.not_before == 6.0


def test_a_failed_name_comes_back_at_its_time_and_remembers_its_tries() -> None:
    lane = loaded()
    lane.fail("web.example.test.", "throttled", 10.0)
    lane.wake_retries(9.9)
    assert not lane.hot
    lane.wake_retries(10.0)
    assert lane.take_names()[0] == ["web.example.test."]
    lane.fail("web.example.test.", "throttled", 30.0)
    assert lane.attempts("web.example.test.") == 2
    assert lane.next_deadline(11.0, planning=True) == 30.0


def test_an_event_is_planned_before_a_full_pass_and_only_once() -> None:
    lane = Lane(ZONE)
    lane.begin_read()
    lane.finish_read(REGISTRY.read([]), ["a.example.test.", "b.example.test."])
    lane.touch("b.example.test.", 7.0)
    assert lane.take_names() == (["b.example.test."], 7.0)
    assert lane.take_names() == (["a.example.test."], None)


def test_a_name_whose_deletion_is_held_is_not_tried_over_and_over() -> None:
    lane = loaded(record("web"))
    lane.fail("web.example.test.", "throttled", 10.0)
    lane.wake_retries(10.0)
    names, _ = lane.take_names()
    deletion = Bundle("web.example.test.", (Change(Action.DELETE, old=record("web")),))
    lane.put_aside(names, {"web.example.test.": deletion}, at_rest=set())
    lane.wake_retries(1000.0)
    assert not lane.hot


def test_what_was_refused_keeps_its_pause_when_the_zone_is_read_again() -> None:
    lane = loaded()
    lane.fail("bad.example.test.", "refused", 60.0)
    names = {"bad.example.test.", "good.example.test."}
    assert lane.due_among(names, 30.0) == {"good.example.test."}
    assert lane.due_among(names, 60.0) == names


def test_after_doubt_everything_is_planned_again() -> None:
    lane = loaded()
    lane.fail("web.example.test.", "no answer", 60.0)
    lane.finish_apply([Outcome(creation("web"), "no answer", doubtful=True)], 1.0, 5.0)
    assert lane.due_among({"web.example.test."}, 2.0) == {"web.example.test."}
