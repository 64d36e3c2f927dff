"""How long answers take while the syncer works: the bundled resolver of ``dnssync run`` beside NSD.

The syncer follows a folder of manifests in which a hundred Ingresses are written ten times a second, with
their old addresses and then with new ones, and does a resync every two seconds. It shares one core with the
servers, of which one at a time is asked; the client has the other core.
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from benchmarks.questions import write_questions
from benchmarks.report import Report
from benchmarks.resolver import LATENCY_RATE, Latency, measure_latency, median_latency
from benchmarks.servers import PEERS, SERVER_CORE, WILD, ZONE, Running, available, running
from benchmarks.usage import cpu_seconds
from tests.end_to_end.process import Dnssync
from tests.ports import free_port
from tests.waiting import wait_for

_PER_FILE = 100
_PAUSE = 0.1
_START_SECONDS = 60.0


class Load(NamedTuple):
    """So many Ingresses, and so many rounds of so many seconds for each server."""

    ingresses: int = 5_000
    rounds: int = 7
    seconds: float = 2.0


TINY = Load(200, rounds=1, seconds=0.3)


def run(load: Load = Load()) -> Report:  # noqa: B008 - a frozen value
    """Ask the servers in turn: while the syncer rests, while it works, while records change besides."""
    rows: list[tuple[str | int | float, ...]] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        questions = write_questions(folder)["mixed"]
        manifests = folder / "manifests"
        manifests.mkdir()
        files = [manifests / f"{number:03d}.json" for number in range(load.ingresses // _PER_FILE)]
        for number in range(len(files)):
            _write(files, number)
        ours = stack.enter_context(_serving(manifests))
        peers = [
            stack.enter_context(running(c, folder / c.name)) for c in available(PEERS) if c.name == "NSD"
        ]
        rows += _measure("at rest", [*peers, ours], questions, load)
        for state, moves in (("reads manifests", False), ("changes 1,000 records a second", True)):
            with _churn(files, moves=moves):
                rows += _measure(state, [*peers, ours], questions, load)
    return Report(
        name="busy",
        title="Answers while the syncer works",
        columns=("syncer", "server", "p50 ms", "p99 ms", "the syncer's CPU %"),
        rows=rows,
        notes=(
            f"{LATENCY_RATE} mixed questions a second; medians of {load.rounds} rounds with both in turn.",
        ),
    )


def _measure(
    state: str, servers: list[Running], questions: Path, load: Load
) -> Iterator[tuple[str | int | float, ...]]:
    found: dict[str, list[Latency]] = {server.name: [] for server in servers}
    syncer = servers[-1].pid
    busy = {server.name: 0.0 for server in servers}
    for _ in range(load.rounds):
        for server in servers:
            before = cpu_seconds(syncer)
            found[server.name].append(measure_latency(server, questions, load.seconds))
            busy[server.name] += cpu_seconds(syncer) - before
    for name, latencies in found.items():
        yield state, name, *median_latency(latencies), 100 * busy[name] / (load.seconds * load.rounds)


@contextmanager
def _serving(manifests: Path) -> Iterator[Running]:
    """``dnssync run`` with its resolver, all on the servers' core."""
    port = free_port()
    flags = [f"--manifests={manifests}", "--provider=builtin", f"--listen=127.0.0.1:{port}", "--interval=2s"]
    process = Dnssync(*flags, f"--zone={ZONE}", f"--zone={WILD}")
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CORE})
    with process:
        os.sched_setaffinity(0, everywhere)
        wait_for(lambda: process.get("/readyz")[0] == 200, "the first sync", _START_SECONDS)
        yield Running("ours", port, process.pid)


@contextmanager
def _churn(files: list[Path], *, moves: bool) -> Iterator[None]:
    """Write one file after the other anew until the block ends; with new addresses if the Ingresses move."""
    over = threading.Event()

    def work() -> None:
        number = len(files)
        while not over.wait(_PAUSE):
            _write(files, number, turn=number // len(files) if moves else 0)
            number += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _write(files: list[Path], number: int, turn: int = 0) -> None:
    """Write one file, never the same twice; each ``turn`` has other addresses."""
    index = number % len(files)
    items = [
        _ingress(f"app-{index:03d}-{place:02d}", f"10.{turn % 256}.{index}.{place}", number)
        for place in range(_PER_FILE)
    ]
    fresh = files[index].with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode({"apiVersion": "v1", "kind": "List", "items": items}))
    fresh.rename(files[index])


def _ingress(name: str, address: str, number: int) -> dict[str, object]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "bench", "labels": {"number": str(number)}},
        "spec": {"rules": [{"host": f"{name}.{ZONE}"}]},
        "status": {"loadBalancer": {"ingress": [{"ip": address}]}},
    }
