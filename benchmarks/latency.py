"""How long DNS takes to follow: from the patch of an Ingress's status to the provider's request.

A real ``dnssync run`` with default settings stands between the Kubernetes API double and the Route 53 double,
each in its own process. Random Ingresses get a new address at random moments, for a little longer than the
interval between two resyncs, so that a whole resync falls into the measured time.
"""

import math
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from benchmarks.cloud import OWNER, ZONE, Arrival, Cloud, cloud
from benchmarks.cluster import Cluster, cluster
from benchmarks.report import Report
from benchmarks.usage import cpu_seconds
from tests.end_to_end.process import Dnssync, flags_for
from tests.waiting import wait_for

_START_SECONDS = 300.0
_GRACE_SECONDS = 20.0


class Load(NamedTuple):
    """Patches per second over some seconds, with so many Ingresses present."""

    ingresses: int
    rates: tuple[float, ...]
    seconds: float
    interval: float = 60.0


LOADS = (Load(1_000, (5.0, 20.0), 65.0), Load(20_000, (5.0, 20.0), 65.0))
TINY = (Load(10, (20.0,), 2.0, interval=1.0),)


class Patch(NamedTuple):
    """A host's new address, and the monotonic time in seconds just before the API was asked for it."""

    host: str
    address: str
    at: float


class Resync(NamedTuple):
    """A resync by its requests: from the first to the end of the pass, monotonic seconds."""

    began: float
    ended: float


class Sample(NamedTuple):
    """CPU seconds that the process has used by a monotonic time in seconds."""

    at: float
    cpu: float


class Phase(NamedTuple):
    """What was measured at one rate. ``delays`` are milliseconds; ``resync_cpu`` is of all resyncs, in
    seconds, and ``patch_cpu`` of all patches outside of these."""

    rate: float
    delays: list[float]
    during_resync: list[float]
    resyncs: list[Resync]
    resync_cpu: float
    patch_cpu: float


def run(loads: Sequence[Load] = LOADS) -> Report:
    """Measure all loads."""
    rows = [_row(load, phase) for load in loads for phase in _measure(load)]
    return Report(
        name="latency",
        title="From a status patch to the provider's request, milliseconds",
        columns=(
            "Ingresses",
            "patches/s",
            "patches",
            "p50",
            "p99",
            "max",
            "CPU each",
            "in a resync",
            "p99 there",
            "resync s",
            "CPU s",
        ),
        rows=rows,
        notes=(
            "CPU each: milliseconds of CPU that the dnssync process uses per patch outside of resyncs.",
            "in a resync: patches that fell into a full resync; p99 there: of these alone.",
            "resync s, CPU s: how long a full resync takes, and its CPU time.",
        ),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least ``share`` of the values do not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _row(load: Load, phase: Phase) -> tuple[str | int | float, ...]:
    return (
        load.ingresses,
        f"{phase.rate:g}",
        len(phase.delays),
        round(statistics.median(phase.delays)),
        round(percentile(phase.delays, 0.99)),
        round(max(phase.delays)),
        1000 * phase.patch_cpu / max(1, len(phase.delays) - len(phase.during_resync)),
        len(phase.during_resync),
        round(percentile(phase.during_resync, 0.99)),
        statistics.mean(resync.ended - resync.began for resync in phase.resyncs),
        phase.resync_cpu / len(phase.resyncs),
    )


def _measure(load: Load) -> Iterator[Phase]:
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster(load.ingresses, Path(folder)) as source,
        cloud(load.ingresses) as target,
    ):
        flags = [f"--kubeconfig={source.kubeconfig}"]
        if load.interval != 60.0:
            flags.append(f"--interval={load.interval:g}s")
        with Dnssync(*flags_for(ZONE, *flags, owner=OWNER), environment=target.environment) as process:
            wait_for(lambda: process.get("/readyz")[0] == 200, "the first sync", _START_SECONDS)
            for rate in load.rates:
                yield _phase(load, rate, source, target, process)


def _phase(load: Load, rate: float, source: Cluster, target: Cloud, process: Dnssync) -> Phase:
    passes, seconds = _passes(process)
    began = time.monotonic()
    patches, samples = _patch(load, rate, source, process.pid)
    wait_for(lambda: _passes(process)[0] > passes, "a resync", load.interval + _START_SECONDS)
    more, longer = _passes(process)
    resync_seconds = (longer - seconds) / (more - passes)
    wait_for(lambda: len(_seen(target.arrivals(), patches)) == len(patches), "every change", _GRACE_SECONDS)
    arrivals = target.arrivals()
    seen = _seen(arrivals, patches)
    resyncs = _resyncs([one for one in arrivals if began <= one.at <= samples[-1].at], resync_seconds)
    delays = {patch: 1000 * (seen[patch] - patch.at) for patch in patches}
    inside = [
        delay
        for patch, delay in delays.items()
        if any(resync.began <= patch.at <= resync.ended for resync in resyncs)
    ]
    resync_cpu = _cpu_in(resyncs, samples)
    patch_cpu = samples[-1].cpu - samples[0].cpu - resync_cpu
    return Phase(rate, list(delays.values()), inside, resyncs, resync_cpu, patch_cpu)


def _cpu_in(resyncs: Sequence[Resync], samples: Sequence[Sample]) -> float:
    return sum(
        after.cpu - before.cpu
        for before, after in pairwise(samples)
        if any(resync.began <= after.at and before.at <= resync.ended for resync in resyncs)
    )


def _patch(load: Load, rate: float, source: Cluster, pid: int) -> tuple[list[Patch], list[Sample]]:
    """Patch random Ingresses at random moments (exponential pauses), none of them twice within a round.

    The samples are of the process ``pid``, one before each patch and one at the end.
    """
    chance = random.Random(f"{load.ingresses} {rate}")
    order = chance.sample(range(load.ingresses), load.ingresses)
    due = time.monotonic()
    end = due + load.seconds
    patches: list[Patch] = []
    samples: list[Sample] = []
    while due < end:
        index = order[len(patches) % len(order)]
        time.sleep(max(0.0, due - time.monotonic()))
        name, number = f"app-{index:06d}", len(patches)
        address = f"172.{int(rate)}.{number >> 8 & 255}.{number & 255}"
        samples.append(Sample(time.monotonic(), cpu_seconds(pid)))
        at = time.monotonic()
        source.patch_status(f"team-{index % 50:02d}", name, address)
        patches.append(Patch(f"{name}.{ZONE}", address, at))
        due += chance.expovariate(rate)
    return patches, [*samples, Sample(time.monotonic(), cpu_seconds(pid))]


def _seen(arrivals: Sequence[Arrival], patches: Sequence[Patch]) -> dict[Patch, float]:
    """When the request for each patch arrived, as far as it did."""
    at = {(host, address): one.at for one in arrivals for host, address in one.addresses.items()}
    return {patch: at[patch[:2]] for patch in patches if patch[:2] in at}


def _resyncs(arrivals: Sequence[Arrival], seconds: float) -> list[Resync]:
    starts = [one.at for one in arrivals if one.operation == "ListHostedZones"]
    return [Resync(at, at + seconds) for at in starts]


def _passes(process: Dnssync) -> tuple[float, float]:
    """How many full passes there were, and their seconds together."""
    metric = "dnssync_sync_duration_seconds"
    return process.metric(f"{metric}_count"), process.metric(f"{metric}_sum")
