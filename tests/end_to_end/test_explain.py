"""``dnssync explain``: the story of ordinary names, from every side."""

import json

import pytest

from tests.doubles.kube import ingress
from tests.end_to_end.conftest import ZONE, Stage
from tests.end_to_end.process import flags_for, run_cli
from tests.end_to_end.test_automatic_hostnames import GATEWAY, HTTPROUTE
from tests.generation.cluster import ingress as generated_ingress
from tests.generation.test_kinds import gateway, route
from tests.ports import free_port


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


def test_names_that_are_still_to_be_made_and_those_that_cannot_be(stage: Stage) -> None:
    asked = {"dnssync.io/generate-hostname": "true"}
    stage.api.put(generated_ingress("new", ips=["10.0.0.5"], annotations=asked))
    stage.api.put(generated_ingress("waits", annotations=asked))
    flags = ("--generate-hostnames", f"--hostname-domain=apps.{ZONE}")
    made = explain(stage, f"New-default-10-0-0-5.apps.{ZONE}.", *flags)
    assert "ingress/default/new: A 10.0.0.5" in made
    assert "which is still to be done (written into its spec, where no host was)" in made
    waits = explain(stage, f"waits-default-10-0-0-5.apps.{ZONE}", *flags)
    assert "ingress/default/waits: it asks for a generated name" in waits
    assert "! the load balancer has no address" in waits
    assert "no object" in explain(stage, f"waits-default-10-0-0-5.apps.{ZONE}")


def test_the_names_of_routes_are_told_with_the_addresses_of_their_gateways(stage: Stage) -> None:
    stage.api.kinds = (*stage.api.kinds, HTTPROUTE, GATEWAY)
    stage.api.put(route(), HTTPROUTE)
    stage.api.put(gateway("10.0.0.7"), GATEWAY)
    flags = ("--generate-hostnames", f"--hostname-domain=apps.{ZONE}", "--hostname-kind=httproute")
    story = explain(stage, f"web-default-10-0-0-7.apps.{ZONE}", *flags)
    assert "httproute/default/web: A 10.0.0.7" in story
    assert "still to be done" in story


@pytest.mark.parametrize("host", ["http://x/", "10.0.0.5", "2001:db8::1", "", "a..b"])
def test_what_is_no_host_name_is_refused_in_one_line(stage: Stage, host: str) -> None:
    told = run_cli("explain", host, f"--kubeconfig={stage.kubeconfig}")
    assert told.returncode == 1
    assert told.stderr.startswith(f"dnssync: error: {host!r} is no host name")
    assert len(told.stderr.splitlines()) == 1
