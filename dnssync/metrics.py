"""Every metric, in one place. Names that begin with ``external_dns_`` mean what they mean there.

The library is imported when the first ``Metrics`` is made; nobody else imports it.
"""

import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter, Gauge, Histogram

# A change may take from a few milliseconds (one request) to minutes (throttled, retried).
_LATENCY = (0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_DURATION = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)


class Metrics:
    """All metrics of one process, in a registry of their own. Times are seconds."""

    def __init__(self, version: str) -> None:
        from prometheus_client import CollectorRegistry, Gauge
        from prometheus_client.process_collector import ProcessCollector

        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        labels = ["version", "python_version", "os", "arch"]
        build = Gauge("dnssync_build_info", "Constant 1.", labels, registry=self._registry)
        build.labels(version, platform.python_version(), platform.system().lower(), platform.machine()).set(1)
        self._add_loop()
        self._add_sources()
        self._add_zones()
        self._add_hostnames()

    def exposition(self) -> bytes:
        """The metrics in Prometheus's text format (version 0.0.4)."""
        from prometheus_client import generate_latest

        return generate_latest(self._registry)

    def follow_watches(self, source: str, counts: Callable[[], tuple[int, int]]) -> None:
        """Ask ``counts`` for the lists and watches of a source whenever the metrics are read."""
        self.source_lists.labels(source).set_function(lambda: counts()[0])
        self.source_watches.labels(source).set_function(lambda: counts()[1])

    def _add_loop(self) -> None:
        loop = "external_dns_controller_"
        self.last_reconcile = self._gauge(
            f"{loop}last_reconcile_timestamp_seconds", "Start of the last full sync."
        )
        self.last_sync = self._gauge(f"{loop}last_sync_timestamp_seconds", "End of the last good full sync.")
        self.no_op_runs = self._counter(f"{loop}no_op_runs", "Full syncs that found nothing to change.")
        self.consecutive_soft_errors = self._gauge(
            f"{loop}consecutive_soft_errors", "Full syncs in a row that had an error."
        )
        self.verified_records = self._gauge(
            f"{loop}verified_records", "Records in the zones that are ours, by type.", "record_type"
        )
        self.sync_duration = self._histogram(
            "dnssync_sync_duration_seconds", "Time of a full sync.", _DURATION
        )
        self.event_to_change = self._histogram(
            "dnssync_event_to_change_seconds", "From an object's event to the provider's answer.", _LATENCY
        )
        self.queue_depth = self._gauge("dnssync_queue_depth", "Names that wait to be planned or applied.")
        self.ready = self._gauge("dnssync_ready", "1 after the first full sync.")
        self.held_targets = self._gauge("dnssync_held_targets", "Hosts whose last targets are held.")
        self.held_deletes = self._gauge("dnssync_held_deletes", "Deletes that the deletion guard holds.")

    def _add_sources(self) -> None:
        self.source_endpoints = self._gauge(
            "external_dns_source_endpoints_total", "Records that objects want."
        )
        self.source_records = self._gauge(
            "external_dns_source_records", "Records that objects want, by type.", "record_type"
        )
        self.source_errors = self._counter("external_dns_source_errors", "Failed reads of sources.")
        self.source_up = self._gauge("dnssync_source_up", "1 while the source can be read.", "source")
        self.source_objects = self._gauge("dnssync_source_objects", "Objects of the source.", "source")
        self.source_watches = self._gauge("dnssync_source_watches", "Watches begun so far.", "source")
        self.source_lists = self._gauge("dnssync_source_lists", "Full lists read so far.", "source")
        self.object_problems = self._counter("dnssync_object_problems", "Problems with objects.", "reason")

    def _add_zones(self) -> None:
        self.registry_endpoints = self._gauge(
            "external_dns_registry_endpoints_total", "Records in the zones."
        )
        self.registry_records = self._gauge(
            "external_dns_registry_records", "Records in the zones, by type.", "record_type"
        )
        self.registry_errors = self._counter("external_dns_registry_errors", "Failed reads of zones.")
        self.owner_mismatches = self._gauge(
            "external_dns_registry_skipped_records_owner_mismatch_per_sync",
            "Wanted records that are there and not ours.",
            "record_type",
            "owner",
            "foreign_owner",
            "domain",
        )
        self.changes = self._counter(
            "dnssync_changes", "Changes of records; result is applied or failed.", "zone", "action", "result"
        )
        self.zone_up = self._gauge("dnssync_zone_up", "1 while the zone can be read.", "zone")
        self.zone_records = self._gauge("dnssync_zone_records", "Records in the zone.", "zone")
        self.zone_owned_records = self._gauge(
            "dnssync_zone_owned_records", "Records in the zone that are ours.", "zone"
        )
        self.skipped_records = self._gauge(
            "dnssync_skipped_records", "Wanted records that are not written.", "zone", "reason"
        )

    def _add_hostnames(self) -> None:
        self.hostname_objects = self._gauge(
            "dnssync_hostname_objects", "Objects that have, or ask for, a generated hostname."
        )
        self.hostname_problems = self._gauge(
            "dnssync_hostname_problems", "Objects whose generated hostname cannot be made or kept up to date."
        )
        self.hostname_queue = self._gauge(
            "dnssync_hostname_queue", "Objects that wait for their generated hostname to be written."
        )
        self.hostname_writes = self._counter(
            "dnssync_hostname_writes",
            "Writes of generated hostnames; result is applied, conflict, failed or gone.",
            "result",
        )
        self.hostname_ready = self._histogram(
            "dnssync_hostname_ready_seconds", "From the write of a hostname to its answer.", _LATENCY
        )

    def _gauge(self, name: str, text: str, *labels: str) -> "Gauge":
        from prometheus_client import Gauge

        return Gauge(name, text, labels, registry=self._registry)

    def _counter(self, name: str, text: str, *labels: str) -> "Counter":
        from prometheus_client import Counter

        return Counter(name, text, labels, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...]) -> "Histogram":
        from prometheus_client import Histogram

        return Histogram(name, text, buckets=buckets, registry=self._registry)
