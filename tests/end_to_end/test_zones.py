"""Several zones at once."""

from pathlib import Path

from tests.doubles.kube import ingress
from tests.end_to_end.conftest import Stage
from tests.end_to_end.process import Dnssync, run_cli
from tests.waiting import wait_for


def test_pain_2_the_brake_holds_for_all_zones_together_while_one_of_them_is_slow(stage: Stage) -> None:
    other = stage.cloud.add_zone("other.test")
    for index in range(10):
        stage.api.put(ingress(f"a{index}", hosts=[f"a{index}.example.test"], addresses=["10.0.0.5"]))
        stage.api.put(ingress(f"b{index}", hosts=[f"b{index}.other.test"], addresses=["10.0.0.5"]))
    flags = ("--provider=aws", "--txt-owner-id=me", f"--kubeconfig={stage.kubeconfig}", "--interval=1h")
    with Dnssync(*flags, environment=stage.cloud.environment()) as process:
        process.wait_until_ready()
        stage.cloud.faults.slow(2.0, operation="ChangeResourceRecordSets")
        for index in range(6):
            stage.api.delete("default", f"a{index}")
        wait_for(lambda: stage.cloud.faults.used["slow"], "the slow deletions")
        for index in range(6):
            stage.api.delete("default", f"b{index}")
        process.wait_for_log("6 deletions are held")
        stage.expect("a5", None)
        assert all(stage.cloud.values(other, f"b{index}.other.test", "A") for index in range(10))


def test_pain_15_a_record_pinned_to_a_zone_that_is_not_there_is_told_of(stage: Stage) -> None:
    pinned = ingress("web", hosts=["web.example.test"], addresses=["10.0.0.5"])
    pinned["metadata"]["annotations"] = {"external-dns.kubernetes.io/aws-hosted-zone-id": "ZNOWHERE"}
    stage.api.put(pinned)
    with stage.dnssync("--interval=1s") as process:
        line = process.wait_for_log("none of the zones it lies in may hold it")
        assert (line["object"], line["record"]) == ("ingress/default/web", "web.example.test")
        reads = stage.cloud.counts["ListResourceRecordSets"]
        wait_for(lambda: stage.cloud.counts["ListResourceRecordSets"] > reads + 2, "two resyncs")
        assert len(process.logged("may hold it")) == 1
        assert stage.address("web") is None


def test_a_zone_that_cannot_be_read_does_not_keep_the_others_from_a_saved_plan(
    stage: Stage, tmp_path: Path
) -> None:
    other = stage.cloud.add_zone("other.test")
    stage.api.put(ingress("web", hosts=["web.example.test", "web.other.test"], addresses=["10.0.0.5"]))
    flags = ("--provider=aws", "--txt-owner-id=me", f"--kubeconfig={stage.kubeconfig}", "--aws-api-retries=1")
    saved = tmp_path / "plan.json"
    made = run_cli("plan", f"--out={saved}", *flags, environment=stage.cloud.environment())
    assert made.returncode == 2, made.stderr
    stage.cloud.faults.server_error(operation="ListResourceRecordSets")
    applied = run_cli("apply", str(saved), *flags, environment=stage.cloud.environment())
    assert applied.returncode == 1
    assert "nothing is changed here" in applied.stderr
    assert stage.address("web") is None
    assert stage.cloud.values(other, "web.other.test", "A") == ["10.0.0.5"]
