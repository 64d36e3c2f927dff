"""What it takes to hold a large cluster: memory per Ingress, and CPU of reading everything.

A real ``dnssync run`` reads the Ingresses from the Kubernetes API double, and their records and ownership
markers from the Route 53 double. A run with nothing to read shows what the program needs by itself.
"""

import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.cloud import OWNER, ZONE, cloud
from benchmarks.cluster import cluster
from benchmarks.report import Report
from benchmarks.usage import Memory, cpu_seconds, memory
from tests.end_to_end.process import Dnssync, flags_for
from tests.waiting import wait_for

INGRESSES = 50_000
TINY = 50

_START_SECONDS = 600.0
_RESYNCS = 2


class Use(NamedTuple):
    """What one run used until it was ready, and how much memory it held then and two resyncs later."""

    seconds: float
    cpu: float
    ready: Memory
    later: Memory


def run(ingresses: int = INGRESSES, *, interval: str = "20s") -> Report:
    """Measure an empty cluster and a full one."""
    empty, full = _use(0, interval), _use(ingresses, interval)
    return Report(
        name="memory",
        title="Memory and CPU of one process, from its start until every record is known",
        columns=("Ingresses", "ready after s", "CPU s", "MB", "MB later", "MB at most", "bytes per Ingress"),
        rows=[_row(0, empty, empty), _row(ingresses, full, empty)],
        notes=(
            "MB later: after two resyncs; so is bytes per Ingress: what an Ingress, its A record and its",
            "ownership marker add to the resident memory of the process.",
        ),
    )


def _row(ingresses: int, use: Use, empty: Use) -> tuple[str | int | float, ...]:
    each = round((use.later.now - empty.later.now) / ingresses) if ingresses else "-"
    megabytes = (round(size / 1e6) for size in (use.ready.now, use.later.now, use.later.peak))
    return (ingresses, use.seconds, use.cpu, *megabytes, each)


def _use(ingresses: int, interval: str) -> Use:
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(ingresses, Path(folder)) as source,
        cloud(ingresses) as target,
    ):
        flags = flags_for(ZONE, f"--kubeconfig={source.kubeconfig}", f"--interval={interval}", owner=OWNER)
        began = time.monotonic()
        with Dnssync(*flags, environment=target.environment) as process:
            wait_for(lambda: process.get("/readyz")[0] == 200, "the first sync", _START_SECONDS)
            seconds, cpu = time.monotonic() - began, cpu_seconds(process.pid)
            ready = memory(process.pid)
            passes = process.metric("dnssync_sync_duration_seconds_count") + _RESYNCS
            wait_for(
                lambda: process.metric("dnssync_sync_duration_seconds_count") >= passes,
                "two resyncs",
                _START_SECONDS,
            )
            return Use(seconds, cpu, ready, memory(process.pid))
