"""What the controller says: each trouble when it begins, not while it lasts, and anew when it returns."""

import logging

import pytest

from dnssync.changes import Action, Bundle, Change, Outcome
from dnssync.controller.inbox import BundlesApplied
from dnssync.controller.report import Reporter
from dnssync.desired import DesiredState
from dnssync.endpoints import Endpoint
from dnssync.metrics import Metrics
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.ownership import NoopRegistry
from dnssync.plan import Plan
from dnssync.providers import Zone
from dnssync.skipped import SkipReason, skip

ZONE = Zone("Z1", "example.test")
CREATE = Change(Action.CREATE, new=Endpoint("web.example.test", "A", ("10.0.0.5",)))
BUNDLE = Bundle("web.example.test.", (CREATE,))


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("test")


@pytest.fixture
def reporter(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> Reporter:
    caplog.set_level(logging.INFO, "dnssync")
    return Reporter(metrics, "me")


def _applied(error: str = "") -> BundlesApplied:
    return BundlesApplied(ZONE, [Outcome(BUNDLE, error)])


def _said(caplog: pytest.LogCaptureFixture, text: str) -> int:
    return sum(text in record.getMessage() for record in caplog.records)


def test_a_change_that_fails_again_for_the_same_reason_is_told_once(
    reporter: Reporter, caplog: pytest.LogCaptureFixture
) -> None:
    for error in ("throttled", "throttled", "refused", "", "refused"):
        reporter.applied(_applied(error), DesiredState(), 0.0)
    assert _said(caplog, "not changed: throttled") == 1
    assert _said(caplog, "not changed: refused") == 2


def test_a_change_that_fails_is_told_with_object_record_zone_and_reason(
    reporter: Reporter, caplog: pytest.LogCaptureFixture
) -> None:
    change = Change(Action.CREATE, new=CREATE.endpoint.with_labels(resource="ingress/default/web"))
    outcome = Outcome(Bundle(BUNDLE.name, (change,)), "refused")
    reporter.applied(BundlesApplied(ZONE, [outcome]), DesiredState(), 0.0)
    told = vars(caplog.records[-1])
    assert [told[field] for field in ("object", "record", "zone", "reason")] == [
        "ingress/default/web",
        "web.example.test",
        "example.test",
        "RecordError",
    ]


def test_a_change_that_is_no_longer_wanted_is_told_anew_when_it_fails_later(
    reporter: Reporter, caplog: pytest.LogCaptureFixture
) -> None:
    reporter.applied(_applied("refused"), DesiredState(), 0.0)
    reporter.planned(ZONE, Plan((CREATE,)), [BUNDLE.name], DesiredState())
    reporter.applied(_applied("refused"), DesiredState(), 0.0)
    assert _said(caplog, "not changed") == 1
    reporter.planned(ZONE, Plan(), [BUNDLE.name], DesiredState())
    reporter.applied(_applied("refused"), DesiredState(), 0.0)
    assert _said(caplog, "not changed") == 2


def test_a_zone_that_cannot_be_read_is_told_once_and_so_is_its_return(
    reporter: Reporter, caplog: pytest.LogCaptureFixture
) -> None:
    content = NoopRegistry().read([])
    reporter.records_read(ZONE, content)
    for _ in range(3):
        reporter.zone_failed(ZONE, "throttled")
    for _ in range(3):
        reporter.records_read(ZONE, content)
    assert _said(caplog, "cannot be read: throttled") == 1
    assert _said(caplog, "can be read again") == 1


def test_zones_that_cannot_be_listed_are_told_once_until_they_could(
    reporter: Reporter, caplog: pytest.LogCaptureFixture
) -> None:
    reporter.zones_failed("throttled")
    reporter.zones_failed("throttled")
    assert _said(caplog, "zones cannot be read") == 1
    reporter.zones_listed()
    reporter.zones_failed("throttled")
    assert _said(caplog, "zones cannot be read") == 2


def test_every_failed_read_of_a_source_is_counted_but_told_once(
    reporter: Reporter, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        reporter.source_failed("ingress", "forbidden")
    assert _said(caplog, "forbidden") == 1
    assert b"external_dns_source_errors_total 3.0" in metrics.exposition()


def test_an_object_hears_of_its_record_s_end_also_when_it_asks_for_the_name_no_longer(
    metrics: Metrics,
) -> None:
    heard: list[tuple[str, str, str]] = []
    reporter = Reporter(
        metrics,
        "me",
        announce=lambda claims, _, reason, note: heard.append((str(claims.ref), reason, note)),
        events_emit=["RecordDeleted"],
    )
    desired = DesiredState()
    for name in ("web", "other"):
        desired.apply(ObjectClaims(ObjectRef("ingress", "shop", name)))
    for resource in ("ingress/shop/web", "ingress/shop/gone", "", "custom"):
        old = Endpoint("web.example.test", "A", ("10.0.0.5",), labels={"resource": resource})
        bundle = Bundle("web.example.test.", (Change(Action.DELETE, old=old),))
        reporter.applied(BundlesApplied(ZONE, [Outcome(bundle)]), desired, 0.0)
    assert heard == [("ingress/shop/web", "RecordDeleted", "deleted web.example.test A")]


def test_a_dry_run_counts_and_claims_no_change(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "dnssync")
    Reporter(metrics, "me", dry_run=True).applied(_applied(), DesiredState(), 0.0)
    assert caplog.records == []
    assert b"dnssync_changes_total{" not in metrics.exposition()


def _series(metrics: Metrics, name: str) -> dict[str, float]:
    lines = metrics.exposition().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line.startswith(f"{name}{{"))
    return {labels.removeprefix(name): float(value) for labels, value in pairs}


def test_zones_of_one_name_have_metrics_of_their_own(
    reporter: Reporter, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    private = Zone("Z2", "example.test", private=True)
    content = NoopRegistry().read([Endpoint("web.example.test", "A", ("10.0.0.5",))])
    reporter.zones_read([ZONE, private])
    reporter.records_read(ZONE, content)
    reporter.zone_failed(private, "throttled")
    assert _series(metrics, "dnssync_zone_up") == {
        '{zone="example.test (Z1)"}': 1,
        '{zone="example.test (Z2)"}': 0,
    }
    assert caplog.records[-1].zone == "example.test (Z2)"  # type: ignore[attr-defined]
    reporter.zones_read([ZONE])
    reporter.records_read(ZONE, content)
    assert _series(metrics, "dnssync_zone_up") == {'{zone="example.test"}': 1}
    assert _series(metrics, "dnssync_zone_records") == {'{zone="example.test"}': 1}


def test_what_is_no_longer_there_is_no_longer_counted(reporter: Reporter, metrics: Metrics) -> None:
    alone = skip(CREATE.endpoint, SkipReason.NOT_OWNED, "made by hand")
    reporter.zones_read([ZONE])
    reporter.records_read(ZONE, NoopRegistry().read([Endpoint("web.example.test", "CNAME", ("lb.test",))]))
    reporter.planned(ZONE, Plan(skipped=(alone,)), [BUNDLE.name], DesiredState())
    assert _series(metrics, "external_dns_registry_records") == {'{record_type="CNAME"}': 1}
    assert sum(_series(metrics, "dnssync_skipped_records").values()) == 1
    reporter.records_read(ZONE, NoopRegistry().read([]))
    assert _series(metrics, "external_dns_registry_records") == {}
    reporter.zones_read([])
    assert sum(_series(metrics, "dnssync_skipped_records").values()) == 0
    assert _series(metrics, "dnssync_zone_up") == {}
