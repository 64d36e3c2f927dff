"""Faults on both sides: killed, cut, throttled, refused, half done. The state is right afterwards."""

import signal

from tests.doubles.kube import ingress, many_ingresses
from tests.doubles.kube.faults import EndWatch, HalfLine, HalfList, StreamError
from tests.end_to_end.conftest import Stage
from tests.waiting import wait_for


def test_an_api_server_killed_and_restarted_in_the_middle_of_a_watch_loses_no_change(stage: Stage) -> None:
    stage.api.load(many_ingresses(5))
    with stage.dnssync() as process:
        process.wait_until_ready()
        stage.api.stop()
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
        stage.api.delete("team-00", "app-000000")
        stage.api.store.forget()
        stage.api.start()
        stage.expect("web", ["10.0.0.5"])
        stage.expect("app-000000", None)
        assert stage.address("app-000001") == ["10.0.0.1"]


def test_a_watch_that_ends_with_410_is_listed_anew(stage: Stage) -> None:
    with stage.dnssync() as process:
        process.wait_until_ready()
        stage.api.order(StreamError(410, "Expired", "too old resource version: 1 (2)"))
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
        stage.expect("web", ["10.0.0.5"])


def test_a_watch_cut_within_a_line_goes_on(stage: Stage) -> None:
    with stage.dnssync() as process:
        process.wait_until_ready()
        stage.api.order(HalfLine())
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
        stage.api.order(EndWatch())
        stage.api.put(ingress("api", hosts=["api.example.test"], addresses=["10.0.0.6"]))
        stage.expect("web", ["10.0.0.5"])
        stage.expect("api", ["10.0.0.6"])


def test_half_a_list_is_never_a_list(stage: Stage) -> None:
    stage.api.load(many_ingresses(30))
    with stage.dnssync("--interval=1s") as process:
        process.wait_until_ready()
        stage.api.faults.add(HalfList(), "list", times=2)
        stage.api.restart()
        stage.api.faults.add(HalfList(), "list", times=2)
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
        stage.expect("web", ["10.0.0.5"])
        assert all(stage.address(f"app-{index:06d}") for index in range(30))


def test_a_throttled_provider_gets_the_change_in_the_end(stage: Stage) -> None:
    with stage.dnssync() as process:
        process.wait_until_ready()
        stage.cloud.faults.throttle(6)
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
        stage.expect("web", ["10.0.0.5"])
        wait_for(lambda: process.health().get("status") == "ok", "health after throttling")


def test_pain_4_one_bad_change_among_500_does_not_stop_the_others(stage: Stage) -> None:
    stage.api.load(many_ingresses(500))
    # Accepted by the Kubernetes API, refused by Route 53: a CNAME at the zone's apex.
    stage.api.put(ingress("bad", hosts=["example.test"], addresses=["lb.example.net"]))
    with stage.dnssync("--interval=1h", "--txt-prefix=%{record_type}-owner.") as process:
        wait_for(lambda: stage.address("app-000499") is not None, "the good ones", seconds=60)
        wait_for(lambda: process.logged('"record": "example.test'), "the bad one named", seconds=60)
        assert all(stage.address(f"app-{index:06d}") for index in range(500))
        wait_for(lambda: process.health().get("status") == "degraded", "the reason on the health page")


def test_a_process_killed_in_the_middle_of_its_writes_converges_after_the_restart(stage: Stage) -> None:
    stage.api.load(many_ingresses(900))
    stage.cloud.faults.slow(0.2, times=100, operation="ChangeResourceRecordSets")
    flags = ("--interval=1h", "--aws-batch-change-size=100", "--aws-batch-change-interval=0s")
    with stage.dnssync(*flags) as process:
        stage.cloud.wait_until(lambda: stage.cloud.counts["ChangeResourceRecordSets"] >= 2)
        process.stop(signal.SIGKILL)
    done = len(stage.cloud.sets(stage.zone))
    assert 0 < done < 1800, "killed too early or too late to prove anything"
    with stage.dnssync(*flags) as process:
        wait_for(lambda: process.get("/readyz")[0] == 200, "the second run's sync", seconds=60)
    sets = stage.cloud.sets(stage.zone)
    assert len(sets) == 1800
    assert {rrset.type for rrset in sets} == {"A", "TXT"}


def test_a_lost_answer_is_recognised_and_not_taken_for_a_refusal(stage: Stage) -> None:
    with stage.dnssync() as process:
        process.wait_until_ready()
        stage.cloud.faults.drop(1, committed=True)
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
        stage.expect("web", ["10.0.0.5"])
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.6"]))
        stage.expect("web", ["10.0.0.6"])
        assert not [line for line in process.log if line.get("level") == "error"]


def test_a_zone_changed_by_someone_else_is_repaired_at_the_next_resync(stage: Stage) -> None:
    stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
    with stage.dnssync("--interval=1s") as process:
        process.wait_until_ready()
        stage.cloud.put(stage.zone, "web.example.test", "A", "192.0.2.1")
        stage.expect("web", ["10.0.0.5"])


def test_pain_5_a_broken_object_does_not_stop_the_others(stage: Stage) -> None:
    bad = ingress("bad", hosts=["bad.example.test"], addresses=["10.0.0.4"])
    bad["metadata"]["annotations"] = {
        "external-dns.kubernetes.io/ttl": "abc",
        "external-dns.kubernetes.io/target": "not a name",
    }
    stage.api.put(bad)
    stage.api.put(ingress("long", hosts=["x" * 64 + ".example.test"], addresses=["10.0.0.4"]))
    stage.api.put(ingress("far", hosts=["web.elsewhere.test"], addresses=["10.0.0.4"]))
    stage.api.put(ingress("good", hosts=["good.example.test"], addresses=["10.0.0.5"]))
    with stage.dnssync() as process:
        stage.expect("good", ["10.0.0.5"])
        for name, word in (("bad", "abc"), ("bad", "not a name"), ("long", "63"), ("far", "no zone")):
            line = process.wait_for_log(f"(?=.*ingress/default/{name})(?=.*{word})")
            assert line["level"] == "warning"


def test_ctrl_c_ends_it_cleanly(stage: Stage) -> None:
    with stage.dnssync() as process:
        process.wait_until_ready()
        assert process.stop(signal.SIGINT) == 0
        assert not process.logged("Traceback")
