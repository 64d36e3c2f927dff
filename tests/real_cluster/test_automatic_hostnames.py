"""Ingresses of a real cluster get hostnames that work, and nobody's edit is lost."""

import copy
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from dnssync.generation.record import decode_record
from tests.doubles.route53 import Route53Double
from tests.end_to_end.process import Dnssync
from tests.end_to_end.test_cloud_dns_and_builtin import ask
from tests.ports import free_port
from tests.real_cluster.conftest import Cluster
from tests.real_cluster.objects import ASKED, ingress, status
from tests.real_cluster.server import ApiServer, RefusedRequest
from tests.waiting import wait_for

DOMAIN = "xip.test"
RECORD = "dnssync.io/generated-hostnames"
POLICIES = "/apis/admissionregistration.k8s.io/v1"


class Named(Cluster):
    """A cluster whose hostnames the bundled resolver answers."""

    port = 0

    def generator(self, *flags: str) -> Dnssync:
        self.port = free_port()
        listen = ("--provider=builtin", f"--zone={DOMAIN}", f"--listen=127.0.0.1:{self.port}")
        return self.dnssync(*listen, "--generate-hostnames", *flags, provider=False)

    def host(self, name: str = "web", rule: int = 0) -> str:
        host: str = self.get(name)["spec"]["rules"][rule].get("host", "")
        return host

    def named(self, address: str, name: str = "web") -> str:
        return f"{name}-{self.namespace}-{address.replace('.', '-')}.{DOMAIN}"

    def recorded(self, name: str = "web") -> list[str]:
        text = self.get(name)["metadata"].get("annotations", {}).get(RECORD, "")
        return [entry.host for _, entry in sorted(decode_record(text).items())]

    def edit(self, name: str, change: Any) -> None:
        """An edit as kubectl edit makes it: on the version that was read, and again if that is an old one."""
        while True:
            item = self.get(name)
            change(item)
            try:
                self.server.ask("PUT", f"{self.path}/{name}", item)
            except RefusedRequest as error:
                if error.code != 409:
                    raise
            else:
                return


@pytest.fixture
def names(server: ApiServer, cloud: Route53Double, tmp_path: Path) -> Named:
    """A namespace without Ingresses, in a cluster without any."""
    return Named(server, cloud, tmp_path)


def test_a_name_is_made_answered_and_told_and_follows_its_address_to_the_end(names: Named) -> None:
    with names.generator() as process:
        process.wait_until_ready()
        names.create(ingress("web", DOMAIN, f"own.{DOMAIN}", tls=[DOMAIN, f"own.{DOMAIN}"]))
        names.address("web", "10.0.0.5")
        names.wait_for_events("web", "HostnameGenerated", "HostnameReady")
        first = names.named("10.0.0.5")
        item = names.get("web")
        assert [rule["host"] for rule in item["spec"]["rules"]] == [first, f"own.{DOMAIN}"]
        assert item["spec"]["tls"][0] == {"hosts": [first, f"own.{DOMAIN}"], "secretName": "web-tls"}
        assert item["metadata"]["managedFields"][-1]["manager"] == "dnssync"
        assert ask(names.port, first) == ["10.0.0.5"]
        told = names.server.kubectl("describe", "ingress", "web", f"--namespace={names.namespace}")
        assert f"{first}" in told.partition("Events:")[2]
        names.address("web", "10.0.0.6")
        names.wait_for_events(
            "web", *["HostnameGenerated", "HostnameReady", "HostnameChanged", "HostnameReady"]
        )
        second = names.named("10.0.0.6")
        assert names.get("web")["spec"]["tls"][0]["hosts"] == [second, f"own.{DOMAIN}"]
        names.patch("web", {"metadata": {"annotations": {"dnssync.io/generate-hostname": "false"}}})
        wait_for(lambda: names.host() == DOMAIN, "what was there before us")
        assert names.get("web")["spec"]["tls"][0]["hosts"] == [DOMAIN, f"own.{DOMAIN}"]
        assert names.recorded() == []
        assert process.health() == {"status": "ok", "reasons": []}


def test_in_the_mode_for_gitops_the_spec_stays_as_it_is(names: Named) -> None:
    with names.generator("--hostname-mode=annotate", "--hostname-ready=0") as process:
        process.wait_until_ready()
        before = names.create(ingress("web", "", DOMAIN, annotations=ASKED, tls=[DOMAIN]), "10.0.0.5")
        wait_for(lambda: names.recorded() == [names.named("10.0.0.5")] * 2, "the annotation")
        after = names.get("web")
        assert after["spec"] == before["spec"]
        assert after["metadata"]["generation"] == 1, "the spec was not even touched"
        wait_for(lambda: ask(names.port, names.named("10.0.0.5")) == ["10.0.0.5"], "the answer")


@pytest.mark.parametrize("how", ["--server-side", "--server-side=false"])
def test_a_manifest_can_be_applied_again_and_again(names: Named, how: str) -> None:
    file = names.folder / "web.json"
    file.write_text(json.dumps(ingress("web", DOMAIN, tls=[DOMAIN])))
    apply = ("apply", how, f"--namespace={names.namespace}", f"--filename={file}")
    names.server.kubectl(*apply)
    names.address("web", "10.0.0.5")
    with names.generator("--hostname-mode=annotate", "--hostname-ready=0"):
        wait_for(lambda: names.recorded() == [names.named("10.0.0.5")], "the annotation")
        before = names.get("web")
        names.server.kubectl(*apply)
        assert names.get("web")["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def test_edits_that_cross_ours_survive(names: Named) -> None:
    names.create(ingress("web", "", f"own-0.{DOMAIN}", annotations=ASKED), "10.0.0.1")
    rounds = 40

    def change(number: int) -> Any:
        def edit(item: dict[str, Any]) -> None:
            item["metadata"]["annotations"][f"example.test/edit-{number}"] = "mine"
            item["spec"]["rules"][1]["host"] = f"own-{number}.{DOMAIN}"

        return edit

    def flip() -> None:
        for number in range(rounds):
            names.address("web", f"10.0.0.{number + 1}")

    with names.generator("--hostname-ready=0") as process:
        process.wait_until_ready()
        controller = threading.Thread(target=flip)
        controller.start()
        for number in range(rounds):
            names.edit("web", change(number))
        controller.join()
        wait_for(lambda: names.host() == names.named(f"10.0.0.{rounds}"), "the last address")
        item = names.get("web")
        edits = [key for key in item["metadata"]["annotations"] if key.startswith("example.test/")]
        assert len(edits) == rounds
        assert names.host(rule=1) == f"own-{rounds - 1}.{DOMAIN}"
        assert names.recorded() == [names.named(f"10.0.0.{rounds}")]


def test_two_that_would_get_one_name_get_two(names: Named) -> None:
    template = {**ASKED, "dnssync.io/hostname-template": "same-{ip}.{domain}"}
    with names.generator("--hostname-ready=0") as process:
        process.wait_until_ready()
        for name in ("one", "two"):
            names.create(ingress(name, annotations=template), "10.0.0.5")
        wait_for(lambda: names.host("one") and names.host("two"), "both names")
        assert names.host("one") != names.host("two")
        for name in ("one", "two"):
            wait_for(lambda name=name: ask(names.port, names.host(name)) == ["10.0.0.5"], "an answer")


def test_names_of_every_length_are_taken_by_the_server(names: Named) -> None:
    longest = "a" * 63
    dotted = ".".join(["b" * 50] * 4)
    with names.generator("--hostname-ready=0") as process:
        process.wait_until_ready()
        for name in (longest, dotted, "c.d", "1-2-3-4"):
            names.create(ingress(name, annotations=ASKED))
            names.write_status(name, status({"ip": "2001:DB8::AB"}, {"ip": "10.0.0.5"}))
        for name in (longest, dotted, "c.d", "1-2-3-4"):
            wait_for(lambda name=name: names.host(name), f"the name of {name}")
            wait_for(lambda name=name: ask(names.port, names.host(name)) == ["10.0.0.5"], "an answer")
        assert not process.logged("HostnameNotGenerated")


def test_a_policy_of_the_cluster_that_forbids_the_change_is_told_as_such(names: Named) -> None:
    unchanged = f"!has(object.spec.rules[0].host) || object.spec.rules[0].host == '{DOMAIN}'"
    rule = {
        "apiGroups": ["networking.k8s.io"],
        "apiVersions": ["v1"],
        "operations": ["UPDATE"],
        "resources": ["ingresses"],
    }
    policy = {
        "metadata": {"name": names.namespace},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [
                {"expression": unchanged, "message": "hosts stay as they are here", "reason": "Forbidden"}
            ],
        },
    }
    binding = {
        "metadata": {"name": names.namespace},
        "spec": {"policyName": names.namespace, "validationActions": ["Deny"]},
    }
    names.server.ask("POST", f"{POLICIES}/validatingadmissionpolicies", policy)
    names.server.ask("POST", f"{POLICIES}/validatingadmissionpolicybindings", binding)
    try:
        names.create(ingress("probe", DOMAIN))
        wait_for(lambda: refused(names), "the policy is in force")
        with names.generator("--hostname-ready=0") as process:
            process.wait_until_ready()
            names.create(ingress("web", DOMAIN), "10.0.0.5")
            told = process.wait_for_log("hosts stay as they are here")
            assert "Role" not in told["message"]
            wait_for(lambda: "HostnameNotGenerated" in names.events("web"), "the Event")
    finally:
        names.server.ask("DELETE", f"{POLICIES}/validatingadmissionpolicybindings/{names.namespace}")
        names.server.ask("DELETE", f"{POLICIES}/validatingadmissionpolicies/{names.namespace}")


def refused(names: Named) -> bool:
    changed = copy.deepcopy(names.get("probe"))
    changed["spec"]["rules"][0]["host"] = f"changed.{DOMAIN}"
    try:
        names.server.ask("PUT", f"{names.path}/probe?dryRun=All", changed)
    except RefusedRequest as error:
        return error.code == 403
    return False
