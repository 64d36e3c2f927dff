"""An API double, and watchers that follow it in threads of their own and are stopped at the end."""

import threading
from collections.abc import Callable, Iterator

import pytest

from dnssync.backoff import Backoff
from dnssync.kube import Connection, KubeOptions, KubeWatcher, WatchTiming
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.doubles.kube import KubeApi

FAST = WatchTiming(page_size=5, idle=5.0, backoff=Backoff(first=0.04, cap=0.2))

Follow = Callable[..., KubeWatcher]


@pytest.fixture
def api() -> Iterator[KubeApi]:
    """A running API double."""
    with KubeApi() as double:
        yield double


@pytest.fixture
def sink() -> RecordingSink:
    """A sink that remembers."""
    return RecordingSink()


@pytest.fixture
def connection(api: KubeApi) -> Connection:
    """A connection to the double, without credentials."""
    return Connection(KubeOptions(server=api.url, request_timeout=3.0))


@pytest.fixture
def follow(connection: Connection, sink: RecordingSink) -> Iterator[Follow]:
    """Start a watcher; whatever was started is stopped at the end, and must stop within a second."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(**options: object) -> KubeWatcher:
        chosen = {"timing": FAST, **options}
        reached = chosen.pop("connection", connection)
        watcher = KubeWatcher(reached, PlainSource(), sink, **chosen)  # type: ignore[arg-type]
        thread = threading.Thread(target=watcher.run, args=(stop,), daemon=True)
        thread.start()
        threads.append(thread)
        return watcher

    yield start
    stop.set()
    for thread in threads:
        thread.join(1.0)
        assert not thread.is_alive(), "a watcher must stop within a second"
