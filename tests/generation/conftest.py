"""A cluster over real HTTP, a watch of its Ingresses, and a generator that writes to them."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from dnssync.backoff import Backoff
from dnssync.generation.book import Book
from dnssync.generation.deciding import Note
from dnssync.generation.loop import Generator, LoopTiming, shown
from dnssync.generation.options import GenerationOptions
from dnssync.generation.subject import Subject
from dnssync.generation.tap import ForkedSink, TappedSource
from dnssync.generation.voice import Voice
from dnssync.generation.writer import KubeWriter, Writer
from dnssync.kube import Connection, KubeOptions, KubeWatcher, WatchTiming
from dnssync.metrics import Metrics
from dnssync.sources.ingress import IngressOptions, IngressSource
from tests.doubles.kube import INGRESS, KubeApi
from tests.generation.cluster import DOMAIN

TIMING = WatchTiming(page_size=100, idle=5.0, backoff=Backoff(first=0.04, cap=0.2))


class Live:
    """The double, and one generator after another on it."""

    def __init__(self, api: KubeApi) -> None:
        self.api = api
        self.connection = Connection(KubeOptions(server=api.url, request_timeout=3.0))
        self.told: list[tuple[str, Note]] = []
        self.probed: list[Subject] = []
        self.zones: list[str] | None = []
        self._stops: list[tuple[threading.Event, list[threading.Thread]]] = []

    def start(
        self, *, writer: Writer | None = None, rate: float = 1000.0, grace: float = 60.0, **options: Any
    ) -> Generator:
        """Start a generator; until ``stop``."""
        chosen = GenerationOptions(**{"domain": DOMAIN, **options})
        generator = Generator(
            Book(chosen, self._covered),
            writer or KubeWriter(self.connection),
            Voice(Metrics("test"), self._tell),
            sources={"ingress": "ingress"},
            probe=self.probed.append,
            timing=LoopTiming(rate=rate, grace=grace),
        )
        source = TappedSource(IngressSource(IngressOptions(generation=chosen)), shown("ingress", generator))
        watcher = KubeWatcher(self.connection, source, ForkedSink(None, generator), timing=TIMING)
        stop = threading.Event()
        threads = [
            threading.Thread(target=job, args=(stop,), daemon=True) for job in (watcher.run, generator.run)
        ]
        for thread in threads:
            thread.start()
        self._stops.append((stop, threads))
        return generator

    def stop(self) -> None:
        """End what was started."""
        for stop, threads in self._stops:
            stop.set()
            for thread in threads:
                thread.join(5.0)
                assert not thread.is_alive()
        self._stops = []

    def put(self, *items: dict[str, Any]) -> None:
        for item in items:
            self.api.put(msgspec.json.decode(msgspec.json.encode(item)))

    def get(self, name: str = "web", namespace: str = "default") -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.api.store.get(INGRESS, (namespace, name)))
        return found

    def edit(self, change: Callable[[dict[str, Any]], None], name: str = "web") -> None:
        """What a person or an Ingress controller does."""
        item = self.get(name)
        change(item)
        item["metadata"].pop("resourceVersion")
        self.api.put(item)

    def reasons(self) -> list[str]:
        return [note.reason for _, note in list(self.told)]

    def patches(self) -> int:
        return len(self.api.seen("patch"))

    def wait(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        pause = threading.Event()
        while not condition():
            assert time.monotonic() < deadline, (self.told[-5:], self.api.requests[-5:])
            pause.wait(0.01)

    def _covered(self, name: str) -> bool | None:
        if self.zones is None:
            return None
        return any(name == zone or name.endswith("." + zone) for zone in self.zones)

    def _tell(self, subject: Subject, note: Note, warning: bool) -> None:
        del warning
        self.told.append((subject.ref.name, note))


@pytest.fixture
def live() -> Iterator[Live]:
    with KubeApi() as api:
        stage = Live(api)
        yield stage
        stage.stop()
