"""What goes on wrong is said once, a dry run claims nothing, and the process ends when it is told to."""

import os
import signal
import time

from tests.doubles.kube import ingress, many_ingresses
from tests.doubles.kube.faults import EndWatch
from tests.end_to_end.conftest import Stage
from tests.waiting import wait_for


def test_sigterm_does_not_wait_for_a_read_that_hangs(stage: Stage) -> None:
    stage.cloud.faults.slow(30, operation="ListResourceRecordSets")
    with stage.dnssync() as process:
        wait_for(lambda: stage.cloud.faults.used["slow"], "the slow read")
        began = time.monotonic()
        assert process.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < 5


def test_a_second_interrupt_ends_the_process_at_once(stage: Stage) -> None:
    with stage.dnssync() as process:
        process.wait_until_ready()
        stage.cloud.faults.slow(30, operation="ChangeResourceRecordSets")
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
        wait_for(lambda: stage.cloud.faults.used["slow"], "the slow change")
        os.kill(process.pid, signal.SIGINT)
        process.wait_for_log("finishing what is under way")
        began = time.monotonic()
        assert process.stop(signal.SIGINT) == -signal.SIGINT
        assert time.monotonic() - began < 5


def test_a_dry_run_claims_no_change_and_says_each_once(stage: Stage) -> None:
    stage.api.load(many_ingresses(3))
    with stage.dnssync("--dry-run", "--interval=1s") as process:
        process.wait_until_ready()
        wait_for(lambda: stage.cloud.counts["ListResourceRecordSets"] > 3, "three resyncs")
        assert len(process.logged('"dry run: would create A ')) == 3
        assert process.logged('"created') == []
        assert process.metric("dnssync_changes_total") == 0
    assert stage.address("app-000000") is None


def test_a_right_taken_away_is_told_once_while_it_is_missing(stage: Stage) -> None:
    with stage.dnssync() as process:
        process.wait_until_ready()
        stage.api.forbidden = {("list", "ingresses"), ("watch", "ingresses")}
        stage.api.order(EndWatch())
        refused = len(stage.api.seen("list"))
        wait_for(lambda: len(stage.api.seen("list")) > refused + 3, "several tries", seconds=30)
        assert len(process.logged("cannot list ingresses")) == 1
        assert process.metric("external_dns_source_errors_total") >= 3


def test_pain_23_nothing_is_written_again_that_the_service_spells_or_holds_otherwise(stage: Stage) -> None:
    balancers = ["nlb-1.elb.us-east-1.amazonaws.com", "alb-1.us-east-1.elb.amazonaws.com"]
    stage.api.put(ingress("two", hosts=["two.example.test"], addresses=balancers))
    others = ["b.example.net", "a.example.net"]
    stage.api.put(ingress("plain", hosts=["plain.example.test"], addresses=others))
    stage.api.put(ingress("city", hosts=["stadt.example.test"], addresses=["zürich.example.net"]))
    with stage.dnssync("--once") as process:
        assert process.wait() == 0
        assert len(process.logged("a CNAME has one target, and here are 2")) == 2
    assert stage.cloud.values(stage.zone, "plain.example.test", "CNAME") == ["a.example.net"]
    written = stage.cloud.counts["ChangeResourceRecordSets"]
    with stage.dnssync("--once") as process:
        assert process.wait() == 0
    assert stage.cloud.counts["ChangeResourceRecordSets"] == written
