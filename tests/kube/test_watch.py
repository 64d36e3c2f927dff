"""The watcher on a server that behaves."""

import threading
import time

import pytest

from dnssync.kube import Connection, KubeOptions, KubeWatcher
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.doubles.kube import KubeApi, ingress
from tests.kube.conftest import FAST, Follow


def test_a_list_is_read_in_pages_and_ends_in_one_listed(
    api: KubeApi, sink: RecordingSink, follow: Follow
) -> None:
    api.load(ingress(f"app-{index:02d}") for index in range(12))
    follow()
    sink.wait_for(lambda it: it.count("listed") == 1)
    assert len(sink.names()) == 12
    assert [request.query["limit"] for request in api.seen("list")] == ["5", "5", "5"]
    (refs,) = [value for name, value in sink.calls if name == "listed"]
    assert len(refs) == 12
    assert sink.calls[-1][0] == "listed" or sink.count("seen") == 12


def test_only_lists_ask_for_gzip(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    follow()
    api.wait_for(lambda it: bool(it.seen("watch")))
    assert api.seen("list")[0].headers["Accept-Encoding"] == "gzip"
    assert api.seen("watch")[0].headers["Accept-Encoding"] == "identity"


def test_a_gzipped_list_is_read(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    api.load(ingress(f"app-{index:04d}") for index in range(1500))
    follow(timing=FAST.__class__(page_size=2000))
    sink.wait_for(lambda it: it.count("listed") == 1)
    assert len(sink.names()) == 1500


def test_changes_arrive_through_the_watch(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    api.put(ingress("a", hosts=["a.test"]))
    follow()
    api.wait_for(lambda it: bool(it.seen("watch")))
    api.put(ingress("a", hosts=["a.test"], addresses=["10.0.0.1"]))
    sink.wait_for(lambda it: it.hosts() == {"a.test": ("10.0.0.1",)})
    api.put(ingress("b", hosts=["b.test"], addresses=["10.0.0.2"]))
    sink.wait_for(lambda it: "b" in it.names())
    api.delete("default", "a")
    sink.wait_for(lambda it: it.names() == {"b"})
    assert len(api.seen("list")) == 1


def test_a_watch_asks_for_bookmarks_and_a_random_end(api: KubeApi, follow: Follow) -> None:
    follow(chance=lambda: 0.5)
    api.wait_for(lambda it: bool(it.seen("watch")))
    query = api.seen("watch")[0].query
    assert query["allowWatchBookmarks"] == "true"
    assert query["timeoutSeconds"] == "270"


def test_a_bookmark_moves_the_place_to_resume_from(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    api.watches.bookmark_seconds = 0.05
    follow(timing=FAST.__class__(lifetime=(1, 1), backoff=FAST.backoff))
    api.wait_for(lambda it: bool(it.seen("watch")))
    api.put(ingress("a"))
    sink.wait_for(lambda it: "a" in it.names())
    for _ in range(3):
        api.store.forget()
    newest = api.store.version
    api.wait_for(lambda it: it.seen("watch")[-1].query["resourceVersion"] == str(newest))
    assert len(api.seen("list")) == 1
    assert sink.errors() == []


def test_an_object_that_a_filter_drops_is_gone(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    api.put(ingress("a"))
    api.put(ingress("b", labels={"ignore": ""}))
    follow()
    sink.wait_for(lambda it: it.count("listed") == 1)
    assert sink.names() == {"a"}
    api.put(ingress("a", labels={"ignore": ""}))
    sink.wait_for(lambda it: it.names() == set())


def test_one_namespace_alone_is_watched(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    api.put(ingress("a", namespace="mine"))
    api.put(ingress("b", namespace="other"))
    follow(namespace="mine")
    sink.wait_for(lambda it: it.count("listed") == 1)
    api.wait_for(lambda it: bool(it.seen("watch")))
    api.put(ingress("c", namespace="other"))
    api.put(ingress("d", namespace="mine"))
    sink.wait_for(lambda it: "d" in it.names())
    assert sink.names() == {"a", "d"}
    assert api.seen("list")[0].path == "/apis/networking.k8s.io/v1/namespaces/mine/ingresses"


def test_an_undecodable_object_keeps_what_is_known(
    api: KubeApi, sink: RecordingSink, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    api.put(ingress("a", hosts=["a.test"], addresses=["10.0.0.1"]))
    watcher = follow()
    api.wait_for(lambda it: bool(it.seen("watch")))
    broken = ingress("a")
    broken["spec"]["rules"] = "none"
    api.put(broken)
    api.put(ingress("b"))
    sink.wait_for(lambda it: "b" in it.names())
    assert sink.hosts()["a.test"] == ("10.0.0.1",)
    api.restart()
    sink.wait_for(lambda it: it.count("listed") == 2)
    assert sink.hosts()["a.test"] == ("10.0.0.1",)
    assert watcher.status.undecodable >= 2
    assert any("ingress/default/a" in record.getMessage() for record in caplog.records)


def test_a_listed_object_without_a_name_is_passed_over(
    api: KubeApi, sink: RecordingSink, follow: Follow
) -> None:
    api.put(ingress("a"))
    api.store._objects[("networking.k8s.io", "ingresses")][("default", "odd")] = b'{"metadata":{"name":7}}'
    watcher = follow()
    sink.wait_for(lambda it: it.count("listed") == 1)
    assert sink.names() == {"a"}
    assert watcher.status.undecodable == 1


def test_status_tells_how_the_watcher_fares(api: KubeApi, sink: RecordingSink, follow: Follow) -> None:
    watcher = follow()
    api.wait_for(lambda it: bool(it.seen("watch")))
    before = time.monotonic()
    api.put(ingress("a"))
    sink.wait_for(lambda it: "a" in it.names())
    status = watcher.status
    assert (status.state, status.error, status.lists) == ("watching", "", 1)
    assert status.last_contact is not None
    assert before - 1 < status.last_contact <= time.monotonic()


def test_stop_ends_a_silent_watch_soon(api: KubeApi, connection: Connection) -> None:
    stop = threading.Event()
    sink = RecordingSink()
    watcher = KubeWatcher(connection, PlainSource(), sink)
    thread = threading.Thread(target=watcher.run, args=(stop,))
    thread.start()
    api.wait_for(lambda it: bool(it.seen("watch")))
    api.put(ingress("a"))
    sink.wait_for(lambda it: "a" in it.names())
    before = time.monotonic()
    stop.set()
    thread.join()
    assert time.monotonic() - before < 5
    assert watcher.status.state == "stopped"


def test_a_quiet_watch_outlives_the_time_out_of_requests(api: KubeApi, sink: RecordingSink) -> None:
    stop = threading.Event()
    connection = Connection(KubeOptions(server=api.url, request_timeout=0.2))
    thread = threading.Thread(
        target=KubeWatcher(connection, PlainSource(), sink, timing=FAST).run, args=(stop,)
    )
    thread.start()
    api.wait_for(lambda it: bool(it.seen("watch")))
    time.sleep(0.6)
    api.put(ingress("a"))
    sink.wait_for(lambda it: "a" in it.names())
    stop.set()
    thread.join()
    assert len(api.seen("watch")) == 1


def test_a_bug_in_a_source_reaches_the_caller_of_run(api: KubeApi, connection: Connection) -> None:
    class BrokenSource(PlainSource):
        def claims(self, raw: object) -> None:
            raise ZeroDivisionError

    api.put(ingress("a"))
    watcher = KubeWatcher(connection, BrokenSource(), RecordingSink(), timing=FAST)
    with pytest.raises(ZeroDivisionError):
        watcher.run(threading.Event())


def test_read_once_lists_and_does_not_watch(
    api: KubeApi, connection: Connection, sink: RecordingSink
) -> None:
    api.put(ingress("a"))
    KubeWatcher(connection, PlainSource(), sink, timing=FAST).read_once()
    assert sink.names() == {"a"}
    assert sink.count("listed") == 1
    assert api.seen("watch") == []


def test_a_restored_server_that_went_back_in_time_is_listed_anew(
    api: KubeApi, sink: RecordingSink, follow: Follow
) -> None:
    api.put(ingress("a"))
    backup = api.store.version
    for index in range(20):
        api.put(ingress("b", hosts=[f"b{index}.test"]))
    follow(timing=FAST.__class__(idle=0.2, backoff=FAST.backoff))
    sink.wait_for(lambda it: it.names() == {"a", "b"})
    api.store.rewind(backup)
    sink.wait_for(lambda it: it.names() == {"a"})


def test_a_server_that_closes_each_answer_is_followed_too(sink: RecordingSink) -> None:
    """HTTP/1.0 without chunks: the shape of simple proxies."""
    with KubeApi(protocol="HTTP/1.0") as api:
        api.put(ingress("a"))
        stop = threading.Event()
        watcher = KubeWatcher(Connection(KubeOptions(server=api.url)), PlainSource(), sink, timing=FAST)
        thread = threading.Thread(target=watcher.run, args=(stop,))
        thread.start()
        api.wait_for(lambda it: bool(it.seen("watch")))
        api.put(ingress("b"))
        sink.wait_for(lambda it: "b" in it.names(), seconds=2)
        stop.set()
        thread.join(1.0)
        assert not thread.is_alive()
