"""What the keeper shows of itself and its workers, for Prometheus: from plain values, when asked."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from resolver.answers.answer import Rcode
from resolver.records import type_text
from resolver.telemetry.tally import LATENCY_BOUNDS, Counts

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_PREFIX = "dnssync_resolver_"
_RCODES = {code.value: code.name for code in Rcode}
# Counted by name in the workers.
_OWN = {
    "rrl_dropped": "Questions dropped by the rate limit.",
    "rrl_slipped": "Questions answered with TC by the rate limit.",
    "query_log_dropped": "Lines of the query log that were dropped.",
}


class WorkerState(msgspec.Struct, frozen=True):
    """One worker's place: whether a process answers, how many were started, what they counted."""

    is_up: bool
    starts: int
    counts: Counts


class ZoneState(msgspec.Struct, frozen=True):
    """One zone: its name as people write it, its serial and how many RRsets it holds."""

    name: str
    serial: int
    rrsets: int


class Snapshot(msgspec.Struct, frozen=True):
    """All there is to show at one moment; workers by their index, and the number of changes of zones."""

    workers: Sequence[WorkerState]
    zones: Sequence[ZoneState]
    changes: int


def exposition(snapshot: Snapshot) -> bytes:
    """The metrics in Prometheus's text format (version 0.0.4)."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.process_collector import ProcessCollector

    registry = CollectorRegistry()
    registry.register(_Collector(snapshot))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Collector:
    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator["Metric"]:
        """All families of metrics."""
        yield _queries(self._snapshot.workers)
        yield _latency(self._snapshot.workers)
        yield from _events(self._snapshot.workers)
        yield from _states(self._snapshot)


def _queries(workers: Sequence[WorkerState]) -> "Metric":
    from prometheus_client.core import CounterMetricFamily

    labels = ["worker", "type", "rcode", "transport", "path"]
    family = CounterMetricFamily(f"{_PREFIX}queries", "Messages that were answered.", labels=labels)
    for index, worker in enumerate(workers):
        for kind, number in worker.counts.answered:
            rtype = type_text(kind.type) if kind.type else "other"
            rcode = _RCODES.get(kind.rcode, f"RCODE{kind.rcode}")
            family.add_metric([str(index), rtype, rcode, kind.transport, kind.path], number)
    return family


def _latency(workers: Sequence[WorkerState]) -> "Metric":
    from prometheus_client.core import HistogramMetricFamily

    text = "Seconds from reading a message to its answer."
    family = HistogramMetricFamily(f"{_PREFIX}latency_seconds", text, labels=["worker"])
    for index, worker in enumerate(workers):
        total, buckets = 0, []
        for bound, number in zip((*LATENCY_BOUNDS, float("inf")), worker.counts.latency, strict=True):
            total += number
            buckets.append(("+Inf" if bound == float("inf") else repr(bound), total))
        family.add_metric([str(index)], buckets, worker.counts.latency_sum)
    return family


def _events(workers: Sequence[WorkerState]) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily

    for name, text in _OWN.items():
        family = CounterMetricFamily(f"{_PREFIX}{name}", text, labels=["worker"])
        for index, worker in enumerate(workers):
            family.add_metric([str(index)], worker.counts.events.get(name, 0))
        yield family


def _states(snapshot: Snapshot) -> Iterator["Metric"]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    is_up = GaugeMetricFamily(f"{_PREFIX}worker_up", "1 while the worker answers.", labels=["worker"])
    starts = CounterMetricFamily(f"{_PREFIX}worker_starts", "Processes started.", labels=["worker"])
    for index, worker in enumerate(snapshot.workers):
        is_up.add_metric([str(index)], worker.is_up)
        starts.add_metric([str(index)], worker.starts)
    serial = GaugeMetricFamily(f"{_PREFIX}zone_serial", "Serial of the SOA.", labels=["zone"])
    rrsets = GaugeMetricFamily(f"{_PREFIX}zone_rrsets", "RRsets that the zone holds.", labels=["zone"])
    for zone in snapshot.zones:
        serial.add_metric([zone.name], zone.serial)
        rrsets.add_metric([zone.name], zone.rrsets)
    changes = CounterMetricFamily(f"{_PREFIX}zone_changes", "Changes of all zones.")
    changes.add_metric([], snapshot.changes)
    yield from (is_up, starts, serial, rrsets, changes)
