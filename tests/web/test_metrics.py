"""Metric names are part of the interface: dashboards read them."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dnssync.metrics import Metrics

# Of external-dns's metrics, those that mean the same here.
EXTERNAL_DNS = {
    "external_dns_controller_consecutive_soft_errors": "gauge",
    "external_dns_controller_last_reconcile_timestamp_seconds": "gauge",
    "external_dns_controller_last_sync_timestamp_seconds": "gauge",
    "external_dns_controller_no_op_runs": "counter",
    "external_dns_controller_verified_records": "gauge",
    "external_dns_registry_endpoints_total": "gauge",
    "external_dns_registry_errors": "counter",
    "external_dns_registry_records": "gauge",
    "external_dns_registry_skipped_records_owner_mismatch_per_sync": "gauge",
    "external_dns_source_endpoints_total": "gauge",
    "external_dns_source_errors": "counter",
    "external_dns_source_records": "gauge",
}


def families(metrics: Metrics) -> dict[str, str]:
    # The library adds a time of creation to each counter and histogram.
    parsed = text_string_to_metric_families(metrics.exposition().decode())
    return {family.name: family.type for family in parsed if not family.name.endswith("_created")}


@pytest.mark.parametrize(("name", "kind"), EXTERNAL_DNS.items())
def test_metrics_of_external_dns_keep_their_names(name: str, kind: str) -> None:
    assert families(Metrics("1"))[name] == kind


def test_every_other_metric_is_our_own_or_the_process() -> None:
    others = families(Metrics("1")).keys() - EXTERNAL_DNS.keys()
    assert all(name.startswith(("dnssync_", "process_")) for name in others)


def test_labels_of_the_owner_mismatch_are_those_of_external_dns() -> None:
    metrics = Metrics("1")
    metrics.owner_mismatches.labels("A", "me", "other", "example.com").set(1)
    sample = (
        "external_dns_registry_skipped_records_owner_mismatch_per_sync"
        '{domain="example.com",foreign_owner="other",owner="me",record_type="A"} 1.0'
    )
    assert sample in metrics.exposition().decode()


def test_two_processes_worth_of_metrics_do_not_meet() -> None:
    first, second = Metrics("1"), Metrics("1")
    first.changes.labels("example.com", "create", "applied").inc()
    assert b"dnssync_changes_total{" in first.exposition()
    assert b"dnssync_changes_total{" not in second.exposition()
