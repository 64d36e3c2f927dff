"""A folder of manifests and what follows it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnssync.manifests import ManifestWatcher
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.manifests.files import Clock, Follow, text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "a.yaml").write_text(text("a"))
    return folder


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def follow(sink: RecordingSink, clock: Clock) -> Iterator[Follow]:
    """Start a watcher and wait until it watches; it must stop within a second at the end."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(*paths: Path) -> ManifestWatcher:
        watcher = ManifestWatcher(paths, [PlainSource()], sink, clock=clock)
        thread = threading.Thread(target=watcher.run, args=(stop,), daemon=True)
        thread.start()
        threads.append(thread)
        sink.wait_for(lambda it: it.count("listed") + it.count("failed") >= 1)
        return watcher

    yield start
    stop.set()
    for thread in threads:
        thread.join(1.0)
        assert not thread.is_alive()
