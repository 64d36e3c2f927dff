"""The watcher on a server that fails, in every way that a real one was seen to fail."""

import re
import threading
import time
from pathlib import Path

import pytest

from dnssync.backoff import Backoff
from dnssync.errors import RetryableError
from dnssync.kube import Connection, KubeOptions, KubeWatcher, WatchTiming
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.doubles.kube import INGRESS, KubeApi, ingress
from tests.doubles.kube.faults import (
    CutWatch,
    EndWatch,
    Fault,
    HalfLine,
    HalfList,
    Hang,
    Refuse,
    RefuseWithStatus,
    Reset,
    Silence,
    Slow,
    StreamError,
    StreamText,
)
from tests.kube.conftest import FAST, Follow

OVERLOADED = Refuse(429, headers={"Retry-After": "1"})
INITIALIZING = RefuseWithStatus(429, "TooManyRequests", "storage is (re)initializing", retry_after=1)
PAST_LIST = RefuseWithStatus(504, "Timeout", "Timeout: Too large resource version: 9, current: 2")
PROXY_ERROR = Refuse(502, "<html>\n<h1>Bad Gateway</h1></html>", "text/html")
NO_EVENT = StreamError(500, "", "etcd event received with PrevKv=nil, modRevision=3")

LIST_FAULTS: list[Fault] = [
    OVERLOADED,
    INITIALIZING,
    PAST_LIST,
    PROXY_ERROR,
    Refuse(200, "", "application/json"),
    Refuse(200, "null", "application/json"),
    Refuse(200, '{"kind":"Status","apiVersion":"v1","status":"Success"}', "application/json"),
    Refuse(200, '{"kind":"IngressList","metadata":{"resourceVersion":"9"}}', "application/json"),
    Refuse(200, '{"kind":"IngressList","metadata":{},"items":[]}', "application/json"),
    Refuse(200, "<html>please log in</html>", "text/html"),
    RefuseWithStatus(500, "", "something broke"),
    Hang(),
    HalfList(),
    HalfList(chunked=True),
    Reset(),
]

WATCH_FAULTS: list[Fault] = [
    OVERLOADED,
    INITIALIZING,
    PROXY_ERROR,
    Hang(),
    Reset(),
    EndWatch(),
    CutWatch(),
    HalfLine(),
    Silence(),
    StreamError(),
    NO_EVENT,
    StreamText("<html>please log in</html>"),
    StreamText('{"type":"ADDED","object":{"metadata":"none"}}\n'),
    StreamText('{"type":"ERROR","object":{}}\n'),
    RefuseWithStatus(410, "Expired", "too old resource version"),
    RefuseWithStatus(500, "", "strconv.ParseUint: parsing: invalid syntax"),
]


@pytest.mark.parametrize("fault", LIST_FAULTS, ids=str)
def test_a_failed_list_empties_nothing_and_is_tried_again(fault: Fault) -> None:
    with KubeApi() as api:
        sink = RecordingSink()
        api.load(ingress(f"app-{index}") for index in range(8))
        api.faults.add(fault, "list")
        stop = threading.Event()
        options = KubeOptions(server=api.url, request_timeout=0.5)
        watcher = KubeWatcher(Connection(options), PlainSource(), sink, timing=FAST)
        thread = threading.Thread(target=watcher.run, args=(stop,))
        thread.start()
        sink.wait_for(lambda it: it.count("listed") == 1)
        stop.set()
        thread.join()
        assert len(sink.names()) == 8
        assert len(sink.errors()) == 1
        assert re.match(
            "cannot (list|read) ingresses.networking.k8s.io in all namespaces: ", sink.errors()[0]
        )
        assert "\n" not in sink.errors()[0]


@pytest.mark.parametrize("fault", LIST_FAULTS, ids=str)
def test_a_list_that_fails_on_its_second_page_is_no_list(fault: Fault) -> None:
    with KubeApi() as api:
        sink = RecordingSink()
        api.load(ingress(f"app-{index}") for index in range(8))
        watcher = KubeWatcher(
            Connection(KubeOptions(server=api.url, request_timeout=0.5)), PlainSource(), sink, timing=FAST
        )
        watcher.read_once()
        api.faults.add(Slow(0), "list")
        api.faults.add(fault, "list")
        watcher.read_once()
        assert len(sink.names()) == 8
        assert sink.count("listed") == 2
        assert sink.errors() == []


@pytest.mark.parametrize("fault", WATCH_FAULTS, ids=str)
def test_a_broken_watch_loses_nothing(fault: Fault) -> None:
    with KubeApi() as api:
        sink = RecordingSink()
        api.put(ingress("a"))
        api.faults.add(fault, "watch")
        stop = threading.Event()
        timing = WatchTiming(page_size=5, idle=0.5, backoff=Backoff(first=0.04, cap=0.2))
        options = KubeOptions(server=api.url, request_timeout=0.5)
        watcher = KubeWatcher(Connection(options), PlainSource(), sink, timing=timing)
        thread = threading.Thread(target=watcher.run, args=(stop,))
        thread.start()
        api.wait_for(lambda it: len(it.seen("watch")) >= 1)
        api.put(ingress("b"))
        api.delete("default", "a")
        sink.wait_for(lambda it: it.names() == {"b"})
        stop.set()
        thread.join()
        assert sink.errors() == []


@pytest.mark.parametrize("fault", [CutWatch(after=2), EndWatch(after=2), StreamError(after=2)], ids=str)
def test_a_watch_that_breaks_after_events_goes_on_after_them(
    api: KubeApi, sink: RecordingSink, follow: Follow, fault: Fault
) -> None:
    api.faults.add(fault, "watch")
    follow()
    api.wait_for(lambda it: bool(it.seen("watch")))
    for index in range(6):
        api.put(ingress(f"app-{index}"))
    sink.wait_for(lambda it: len(it.names()) == 6)
    if isinstance(fault, StreamError):
        assert ["continue" in request.query for request in api.seen("list")] == [False, False, True]
    else:
        assert len(api.seen("list")) == 1
        assert sink.count("seen") == 6


def test_an_expired_continue_token_restarts_the_list(
    api: KubeApi, sink: RecordingSink, follow: Follow
) -> None:
    api.load(ingress(f"app-{index}") for index in range(8))

    class ForgettingSink(RecordingSink):
        """Deletes and compacts between the first page and the second."""

        def seen(self, source: str, claims: object) -> None:
            super().seen(source, claims)  # type: ignore[arg-type]
            if self.count("seen") == 1:
                api.delete("default", "app-0")
                api.store.forget()

    forgetting = ForgettingSink()
    connection = Connection(KubeOptions(server=api.url))
    KubeWatcher(connection, PlainSource(), forgetting, timing=FAST).read_once()
    assert forgetting.names() == {f"app-{index}" for index in range(1, 8)}
    assert ["continue" in request.query for request in api.seen("list")] == [False, True, False]
    assert "limit" not in api.seen("list")[-1].query


def test_a_watch_refused_as_expired_is_listed_anew_at_once(
    api: KubeApi, sink: RecordingSink, follow: Follow
) -> None:
    api.faults.add(RefuseWithStatus(410, "Expired", "too old resource version"), "watch")
    follow()
    api.wait_for(lambda it: len(it.seen("watch")) == 2)
    assert [request.verb for request in api.requests] == ["list", "watch", "list", "watch"]


def test_a_restarted_server_is_listed_anew_and_what_vanished_is_gone(
    api: KubeApi, sink: RecordingSink, follow: Follow
) -> None:
    api.put(ingress("a"))
    api.put(ingress("b"))
    follow()
    api.wait_for(lambda it: bool(it.seen("watch")))
    api.stop()
    api.delete("default", "a")
    api.put(ingress("c"))
    api.store.forget()
    api.start()
    sink.wait_for(lambda it: it.names() == {"b", "c"})
    api.put(ingress("d"))
    sink.wait_for(lambda it: "d" in it.names())


def test_an_outage_is_told_and_its_end_is_a_list(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    api.put(ingress("a"))
    watcher = follow()
    api.wait_for(lambda it: bool(it.seen("watch")))
    api.stop()
    sink.wait_for(lambda it: it.count("failed") >= 1)
    assert "cannot be reached" in watcher.status.error
    assert sink.names() == {"a"}
    listed = sink.count("listed")
    api.start()
    sink.wait_for(lambda it: it.count("listed") > listed)
    assert watcher.status.error == ""


def test_missing_rights_are_told_with_the_cure_and_granting_them_helps(
    api: KubeApi, sink: RecordingSink, follow: Follow, tmp_path: Path
) -> None:
    api.tokens = {"t": "system:serviceaccount:dns:dnssync"}
    api.forbidden = {("list", "ingresses")}
    options = KubeOptions(kubeconfig=str(api.write_kubeconfig(tmp_path / "config", user={"token": "t"})))
    follow(connection=Connection(options))
    sink.wait_for(lambda it: it.count("failed") >= 2)
    error = sink.errors()[0]
    assert 'cannot list resource "ingresses" in API group "networking.k8s.io"' in error
    assert (
        'apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: ["get", "list", "watch"]' in error
    )
    api.forbidden = {("watch", "ingresses")}
    sink.wait_for(lambda it: any("cannot watch" in error for error in it.errors()))
    api.forbidden = set()
    failures = sink.count("failed")
    sink.wait_for(lambda it: it.calls[-1][0] == "listed")
    api.put(ingress("a"))
    sink.wait_for(lambda it: "a" in it.names())
    assert sink.count("failed") <= failures + 1


def test_an_absent_api_group_is_told_and_waited_for(
    api: KubeApi, sink: RecordingSink, follow: Follow
) -> None:
    api.withdraw(INGRESS)
    for kind in api.kinds:
        if kind.group == INGRESS.group:
            api.withdraw(kind)
    follow()
    sink.wait_for(lambda it: it.count("failed") >= 1)
    assert "404 page not found; the cluster does not serve networking.k8s.io/v1" in sink.errors()[0]
    api.serve(INGRESS)
    sink.wait_for(lambda it: it.count("listed") == 1)


def test_retry_after_is_obeyed(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    for fault in (OVERLOADED, INITIALIZING):
        api.faults.add(fault, "list")
    follow()
    sink.wait_for(lambda it: it.count("listed") == 1)
    first, second, third = (request.at for request in api.seen("list"))
    assert second - first >= 1.0
    assert third - second >= 1.0


@pytest.mark.parametrize("fault", [EndWatch(), StreamError(), CutWatch(), Reset(), OVERLOADED], ids=str)
def test_a_server_that_always_fails_is_not_hammered(fault: Fault) -> None:
    with KubeApi() as api:
        api.faults.add(fault, "watch", times=None)
        stop = threading.Event()
        watcher = KubeWatcher(Connection(KubeOptions(server=api.url)), PlainSource(), RecordingSink())
        thread = threading.Thread(target=watcher.run, args=(stop,))
        thread.start()
        api.wait_for(lambda it: len(it.seen("watch")) >= 2)
        time.sleep(1.0)
        stop.set()
        thread.join()
        assert 2 <= len(api.requests) <= 12


def test_an_event_before_each_410_does_not_make_it_spin(api: KubeApi, sink: RecordingSink) -> None:
    api.put(ingress("a"))
    fault = StreamText(
        '{"type":"MODIFIED","object":{"metadata":{"namespace":"default","name":"a","resourceVersion":"2"}}}\n'
        '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old"}}\n'
    )
    api.faults.add(fault, "watch", times=None)
    stop = threading.Event()
    watcher = KubeWatcher(Connection(KubeOptions(server=api.url)), PlainSource(), sink)
    thread = threading.Thread(target=watcher.run, args=(stop,))
    thread.start()
    time.sleep(1.5)
    stop.set()
    thread.join()
    assert len(api.seen("watch")) <= 9


def test_stop_ends_a_hanging_request_soon(api: KubeApi) -> None:
    api.faults.add(Hang(), "list", times=None)
    stop = threading.Event()
    sink = RecordingSink()
    connection = Connection(KubeOptions(server=api.url, request_timeout=30.0))
    thread = threading.Thread(target=KubeWatcher(connection, PlainSource(), sink).run, args=(stop,))
    thread.start()
    api.wait_for(lambda it: bool(it.seen("list")))
    before = time.monotonic()
    stop.set()
    thread.join()
    assert time.monotonic() - before < 5
    assert sink.calls == []


def test_an_answer_after_the_stop_reaches_nobody(api: KubeApi) -> None:
    api.put(ingress("a"))
    api.faults.add(Slow(1.2), "list")
    stop = threading.Event()
    sink = RecordingSink()
    watcher = KubeWatcher(Connection(KubeOptions(server=api.url)), PlainSource(), sink)
    thread = threading.Thread(target=watcher.run, args=(stop,))
    thread.start()
    api.wait_for(lambda it: bool(it.seen("list")))
    stop.set()
    thread.join()
    for left in [thread for thread in threading.enumerate() if thread.name == "watch-ingress"]:
        left.join()
    assert sink.calls == []


def test_stop_ends_a_pause_at_once(api: KubeApi) -> None:
    api.faults.add(Refuse(429, headers={"Retry-After": "60"}), "list", times=None)
    stop = threading.Event()
    sink = RecordingSink()
    thread = threading.Thread(
        target=KubeWatcher(Connection(KubeOptions(server=api.url)), PlainSource(), sink).run, args=(stop,)
    )
    thread.start()
    sink.wait_for(lambda it: it.count("failed") == 1)
    before = time.monotonic()
    stop.set()
    thread.join()
    assert time.monotonic() - before < 5


def test_read_once_gives_up_with_the_whole_explanation(api: KubeApi, sink: RecordingSink) -> None:
    api.forbidden = {("list", "ingresses")}
    watcher = KubeWatcher(Connection(KubeOptions(server=api.url)), PlainSource(), sink, timing=FAST)
    with pytest.raises(RetryableError, match="give this account a ClusterRole"):
        watcher.read_once()
    assert len(api.seen("list")) == 1
    api.forbidden = set()
    api.faults.add(Refuse(503, "unavailable"), "list", times=None)
    with pytest.raises(RetryableError, match="unavailable"):
        watcher.read_once()
    assert sink.count("failed") == 2
    assert sink.count("listed") == 0


def test_without_bookmarks_a_quiet_watch_is_resumed(
    api: KubeApi, sink: RecordingSink, follow: Follow
) -> None:
    api.watches.bookmarks = False
    follow(timing=WatchTiming(idle=0.2, backoff=FAST.backoff))
    api.wait_for(lambda it: len(it.seen("watch")) >= 3)
    assert all("limit" in request.query for request in api.seen("list"))
    assert sink.count("listed") == 1
    api.put(ingress("a"))
    sink.wait_for(lambda it: "a" in it.names())


def test_a_refused_connection_is_told_in_one_line(sink: RecordingSink) -> None:
    with KubeApi() as api:
        url = api.url
    watcher = KubeWatcher(Connection(KubeOptions(server=url)), PlainSource(), sink, timing=FAST)
    with pytest.raises(RetryableError, match=f"the Kubernetes API at {url} cannot be reached: .*refused"):
        watcher.read_once()
