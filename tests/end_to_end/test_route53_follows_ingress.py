"""The main job: an Ingress gets an address in a cluster, Route 53 follows."""

from tests.doubles.kube import ingress, many_ingresses
from tests.end_to_end.conftest import Stage
from tests.waiting import wait_for


def test_records_follow_an_ingress_through_its_life(stage: Stage) -> None:
    with stage.dnssync() as process:
        process.wait_until_ready()
        stage.api.put(ingress("web", hosts=["web.example.test"]))
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"]))
        stage.expect("web", ["10.0.0.5"])
        assert stage.cloud.values(stage.zone, "a-web.example.test", "TXT") == [
            '"heritage=external-dns,external-dns/owner=me,external-dns/resource=ingress/default/web"'
        ]
        stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.6", "10.0.0.7"]))
        stage.expect("web", ["10.0.0.6", "10.0.0.7"])
        stage.api.delete("default", "web")
        stage.expect("web", None)
        assert stage.cloud.sets(stage.zone) == []
        assert process.stop() == 0


def test_one_changed_ingress_among_5000_costs_one_change_request_and_no_list(stage: Stage) -> None:
    stage.api.load(many_ingresses(5000))
    with stage.dnssync("--interval=1h") as process:
        wait_for(lambda: process.get("/readyz")[0] == 200, "the first sync", seconds=90)
        before = stage.cloud.counts.copy()
        requests = len(stage.api.requests)
        item = ingress(
            "app-004711", hosts=["app-004711.example.test"], addresses=["10.99.0.1"], namespace="team-11"
        )
        stage.api.put(item)
        stage.expect("app-004711", ["10.99.0.1"])
        wait_for(lambda: process.metric("dnssync_event_to_change_seconds_count") >= 1, "the answer taken in")
        assert stage.cloud.counts - before == {"ChangeResourceRecordSets": 1}
        assert stage.api.requests[requests:] == []


def test_a_restart_changes_nothing(stage: Stage) -> None:
    stage.api.load(many_ingresses(20))
    with stage.dnssync() as process:
        process.wait_until_ready()
    before = stage.cloud.counts["ChangeResourceRecordSets"]
    with stage.dnssync() as process:
        process.wait_until_ready()
    assert stage.cloud.counts["ChangeResourceRecordSets"] == before


def test_a_record_pinned_to_a_zone_is_written_once(stage: Stage) -> None:
    pinned = {"external-dns.kubernetes.io/aws-hosted-zone-id": stage.zone}
    stage.api.put(ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"], annotations=pinned))
    with stage.dnssync("--once") as process:
        assert process.wait() == 0
    stage.expect("web", ["10.0.0.5"])
    with stage.dnssync("--once") as process:
        assert process.wait() == 0
    assert stage.cloud.counts["ChangeResourceRecordSets"] == 1


def test_once_does_one_sync_and_exits_with_zero(stage: Stage) -> None:
    stage.api.load(many_ingresses(3))
    with stage.dnssync("--once") as process:
        assert process.wait() == 0
    assert stage.address("app-000001") == ["10.0.0.1"]


def test_dry_run_writes_nothing_and_says_what_it_would(stage: Stage) -> None:
    stage.api.load(many_ingresses(3))
    with stage.dnssync("--once", "--dry-run") as process:
        assert process.wait() == 0
        process.wait_for_log("would create A 10.0.0.1")
    assert stage.cloud.counts["ChangeResourceRecordSets"] == 0
