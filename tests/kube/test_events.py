"""Events written about objects."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.kube import Connection, EventRecorder, KubeOptions, ObjectEvent
from dnssync.kube.events import cut_note, event_name, micro_time
from tests.doubles.kube import KubeApi
from tests.doubles.kube.faults import Hang, Refuse
from tests.doubles.kube.kinds import BUILTIN_KINDS

EVENTS = next(kind for kind in BUILTIN_KINDS if kind.group == "events.k8s.io")


def about(name: str = "app", *, reason: str = "RecordCreated", note: str = "made a record") -> ObjectEvent:
    return ObjectEvent("Ingress", "networking.k8s.io/v1", "shop", name, "uid-1", reason, note)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorder(connection: Connection, clock: Clock) -> Iterator[EventRecorder]:
    recorder = EventRecorder(connection, instance="dnssync-test", clock=clock)
    stop = threading.Event()
    thread = threading.Thread(target=recorder.run, args=(stop,))
    thread.start()
    yield recorder
    stop.set()
    thread.join(2.0)
    assert not thread.is_alive()


def stored(api: KubeApi) -> list[dict[str, Any]]:
    return [msgspec.json.decode(body) for _, body in api.store.snapshot(EVENTS)[1]]


def test_an_event_stands_beside_its_object(api: KubeApi, recorder: EventRecorder) -> None:
    assert recorder.record(about())
    api.wait_for(lambda it: bool(stored(it)))
    (event,) = stored(api)
    assert event["metadata"]["namespace"] == "shop"
    assert event["regarding"] == {
        "kind": "Ingress",
        "apiVersion": "networking.k8s.io/v1",
        "namespace": "shop",
        "name": "app",
        "uid": "uid-1",
    }
    assert (event["reason"], event["note"], event["type"]) == ("RecordCreated", "made a record", "Normal")
    assert event["reportingController"] == "dnssync"
    assert event["reportingInstance"] == "dnssync-test"
    assert event["eventTime"] == "2023-11-14T22:13:20.000000Z"


def test_what_another_process_said_on_the_same_occasion_is_not_said_again(
    api: KubeApi, recorder: EventRecorder, connection: Connection
) -> None:
    made = msgspec.structs.replace(about(), occasion="made at noon")
    other = EventRecorder(connection, instance="restarted")
    stop = threading.Event()
    thread = threading.Thread(target=other.run, args=(stop,))
    thread.start()
    recorder.record(made)
    api.wait_for(lambda it: len(it.seen("create")) == 1)
    other.record(msgspec.structs.replace(made, reason="RecordChanged"))
    api.wait_for(lambda it: len(it.seen("create")) == 2)
    other.record(msgspec.structs.replace(made, occasion="made at one"))
    api.wait_for(lambda it: len(stored(it)) == 2)
    stop.set()
    thread.join(2.0)
    assert [event["reason"] for event in stored(api)] == ["RecordCreated", "RecordCreated"]
    assert other.dropped == 0


def test_repeats_are_folded_into_a_series(api: KubeApi, recorder: EventRecorder, clock: Clock) -> None:
    for _ in range(5):
        recorder.record(about())
    recorder.record(about("marker"))
    api.wait_for(lambda it: len(stored(it)) == 2)
    assert len(api.seen("create")) == 2
    clock.now += 301
    recorder.record(about())
    api.wait_for(lambda it: bool(it.seen("patch")))
    api.wait_for(lambda it: any("series" in event for event in stored(it)))
    (event,) = (event for event in stored(api) if "series" in event)
    assert event["series"] == {"count": 6, "lastObservedTime": "2023-11-14T22:18:21.000000Z"}


def test_a_series_whose_event_has_expired_begins_anew(
    api: KubeApi, recorder: EventRecorder, clock: Clock
) -> None:
    recorder.record(about())
    api.wait_for(lambda it: bool(stored(it)))
    (first,) = stored(api)
    api.store.delete(EVENTS, ("shop", first["metadata"]["name"]))
    clock.now += 301
    recorder.record(about())
    api.wait_for(lambda it: len(it.seen("create")) == 2)


def test_a_reason_with_ever_new_notes_is_bounded(api: KubeApi, recorder: EventRecorder) -> None:
    for index in range(30):
        recorder.record(about(note=f"attempt {index}"))
    recorder.record(about("marker"))
    api.wait_for(lambda it: any(event["regarding"]["name"] == "marker" for event in stored(it)))
    assert len(api.seen("create")) == 11
    assert recorder.dropped == 20


def test_missing_rights_are_logged_once_and_nothing_stops(
    api: KubeApi, recorder: EventRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    api.forbidden = {("create", "events")}
    for index in range(3):
        recorder.record(about(f"app-{index}"))
    api.wait_for(lambda it: len(it.seen("create")) == 3)
    api.forbidden = set()
    recorder.record(about("last"))
    api.wait_for(lambda it: bool(stored(it)))
    warnings = [record.getMessage() for record in caplog.records if "Events cannot" in record.getMessage()]
    assert len(warnings) == 1
    assert 'verbs: ["create", "patch"]' in warnings[0]
    assert recorder.dropped == 3


def test_a_passing_trouble_is_tried_again(api: KubeApi, recorder: EventRecorder) -> None:
    api.faults.add(Refuse(503, "unavailable"), "create")
    recorder.record(about())
    api.wait_for(lambda it: bool(stored(it)))
    assert recorder.dropped == 0


def test_a_full_queue_never_blocks_and_is_counted(api: KubeApi) -> None:
    api.faults.add(Hang(), "create", times=None)
    recorder = EventRecorder(Connection(KubeOptions(server=api.url, request_timeout=30.0)))
    stop = threading.Event()
    thread = threading.Thread(target=recorder.run, args=(stop,))
    thread.start()
    before = time.monotonic()
    taken = sum(recorder.record(about(f"app-{index}")) for index in range(1500))
    assert time.monotonic() - before < 5
    assert 1000 <= taken <= 1001
    assert recorder.dropped == 1500 - taken
    before = time.monotonic()
    stop.set()
    thread.join()
    assert time.monotonic() - before < 5


def test_what_is_queued_at_the_end_is_still_written(api: KubeApi, connection: Connection) -> None:
    recorder = EventRecorder(connection)
    recorder.record(about())
    stop = threading.Event()
    stop.set()
    recorder.run(stop)
    assert len(stored(api)) == 1


def test_an_object_of_the_cluster_has_its_events_in_default(api: KubeApi, recorder: EventRecorder) -> None:
    event = msgspec.structs.replace(about(), namespace="", kind="Node", warning=True, note="x" * 2000)
    recorder.record(event)
    api.wait_for(lambda it: bool(stored(it)))
    assert stored(api)[0]["metadata"]["namespace"] == "default"
    assert stored(api)[0]["type"] == "Warning"


@given(st.text(max_size=3000))
def test_a_note_always_fits(note: str) -> None:
    text = note.encode("utf-8", "ignore").decode()
    cut = cut_note(text)
    assert len(cut.encode()) <= 1024
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))


@given(st.floats(min_value=0, max_value=4e9))
def test_a_micro_time_has_six_digits(at: float) -> None:
    assert len(micro_time(at)) == len("2023-11-14T22:13:20.000000Z")


def test_an_event_name_is_a_valid_name_for_a_long_object() -> None:
    name = event_name(about("a" * 199 + "-" + "b" * 50), 1_700_000_000.0)
    assert len(name) <= 253
    assert name.startswith("a" * 199 + ".17979cfe362a0000")
