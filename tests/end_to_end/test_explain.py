"""``dnssync explain``: the story of ordinary names, from every side."""

import json

from tests.doubles.kube import ingress
from tests.end_to_end.conftest import ZONE, Stage
from tests.end_to_end.process import flags_for, free_port, run_cli


def explain(stage: Stage, host: str, *flags: str) -> str:
    silent = f"--hostname-server=127.0.0.1:{free_port()}"
    told = run_cli(
        "explain",
        host,
        *flags_for(ZONE, f"--kubeconfig={stage.kubeconfig}", silent, *flags),
        environment=stage.cloud.environment(),
    )
    assert told.returncode == 0, told.stderr
    assert told.stderr == ""
    return told.stdout


def test_a_name_that_is_as_it_should_be(stage: Stage) -> None:
    stage.api.put(ingress("web", hosts=[f"web.{ZONE}"], addresses=["10.0.0.5"]))
    with stage.dnssync("--once") as process:
        assert process.wait() == 0
    story = explain(stage, f"WEB.{ZONE}.")
    assert "wanted by   ingress/default/web: A 10.0.0.5" in story
    assert "A 10.0.0.5, TTL 300, owned by me" in story
    assert "run would" not in story
    assert "no answer" in story


def test_a_name_that_is_still_to_be_written_one_that_is_foreign_and_one_of_nobody(stage: Stage) -> None:
    stage.api.put(ingress("new", hosts=[f"new.{ZONE}"], addresses=["10.0.0.5"]))
    stage.api.put(ingress("waits", hosts=[f"waits.{ZONE}"]))
    stage.api.put(ingress("away", hosts=["away.elsewhere.example"], addresses=["10.0.0.5"]))
    assert "run would create A 10.0.0.5" in explain(stage, f"new.{ZONE}")
    assert "ingress/default/waits: it has no address" in explain(stage, f"waits.{ZONE}")
    assert "no zone of the provider holds this name" in explain(stage, "away.elsewhere.example")
    assert "wanted by   no object" in explain(stage, f"nobody.{ZONE}")


def test_the_same_for_programs(stage: Stage) -> None:
    stage.api.put(ingress("new", hosts=[f"new.{ZONE}"], addresses=["10.0.0.5"]))
    story = json.loads(explain(stage, f"new.{ZONE}", "-o", "json"))
    assert story["host"] == f"new.{ZONE}"
    assert story["wishes"][0]["endpoints"][0]["targets"] == ["10.0.0.5"]
    assert story["places"][0]["plan"]["changes"][0]["action"] == "create"
    assert story["answers"][0]["problem"]


def test_what_is_no_host_name_is_refused_in_one_line(stage: Stage) -> None:
    told = run_cli("explain", "http://x/", f"--kubeconfig={stage.kubeconfig}")
    assert told.returncode == 1
    assert told.stderr.startswith("dnssync: error: 'http://x/' is no host name")
    assert len(told.stderr.splitlines()) == 1
