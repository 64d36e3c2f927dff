"""An Ingress without a name gets one that works: a real process between a cluster and what answers."""

import base64
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import msgspec
import pytest
import yaml

from tests.doubles.kube import INGRESS, Kind, KubeApi
from tests.doubles.kube.faults import Hang
from tests.end_to_end.conftest import ZONE, Stage
from tests.end_to_end.process import Dnssync, clean_environment, run_cli
from tests.end_to_end.test_cloud_dns_and_builtin import ask
from tests.generation.cluster import ASKED, ingress, recorded
from tests.generation.test_kinds import gateway, route, service
from tests.ports import free_port
from tests.waiting import wait_for

DOMAIN = "xip.test"
HOST = "web-default-10-0-0-5.xip.test"
EVENT = Kind("events.k8s.io", "v1", "events", "Event")
SERVICE = Kind("", "v1", "services", "Service")
HTTPROUTE = Kind("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute", builtin=False, generation=True)
GATEWAY = Kind("gateway.networking.k8s.io", "v1", "gateways", "Gateway", builtin=False, generation=True)


class Cluster:
    """A cluster, and the flags of a dnssync that answers for it itself."""

    def __init__(self, api: KubeApi, folder: Path) -> None:
        self.api = api
        self.port = free_port()
        self.kubeconfig = api.write_kubeconfig(folder / "kubeconfig")
        self.flags = [
            f"--kubeconfig={self.kubeconfig}",
            "--generate-hostnames",
            "--provider=builtin",
            f"--zone={DOMAIN}",
            f"--listen=127.0.0.1:{self.port}",
        ]

    def get(self, name: str = "web", kind: Kind = INGRESS) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.api.store.get(kind, ("default", name)))
        return found

    def events(self, name: str = "web") -> list[str]:
        found = [msgspec.json.decode(body) for _, body in self.api.store.snapshot(EVENT)[1]]
        found.sort(key=lambda each: int(each["metadata"]["resourceVersion"]))
        return [each["reason"] for each in found if each["regarding"]["name"] == name]

    def host(self, name: str = "web") -> str | None:
        host: str | None = self.get(name)["spec"]["rules"][0].get("host")
        return host


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with KubeApi() as api:
        api.kinds = (*api.kinds, HTTPROUTE, GATEWAY)
        yield Cluster(api, tmp_path)


def test_an_ingress_without_a_name_gets_one_that_is_answered_and_follows_its_address(
    cluster: Cluster,
) -> None:
    cluster.api.put(ingress("web", DOMAIN, tls=[[DOMAIN]]))
    with Dnssync(*cluster.flags) as process:
        process.wait_until_ready()
        cluster.api.put(ingress("web", DOMAIN, ips=["10.0.0.5"], tls=[[DOMAIN]]))
        wait_for(lambda: cluster.events() == ["HostnameGenerated", "HostnameReady"], "both Events")
        assert cluster.host() == HOST
        assert cluster.get()["spec"]["tls"][0]["hosts"] == [HOST]
        assert ask(cluster.port, HOST) == ["10.0.0.5"]
        assert ask(cluster.port, DOMAIN) == [], "the bare domain is no name of the object"
        told = run_cli("explain", HOST, *cluster.flags)
        assert told.returncode == 0, told.stderr
        assert "ingress/default/web: A 10.0.0.5" in told.stdout
        assert f"over {DOMAIN}" in told.stdout
        assert f"10.0.0.5 (asked 127.0.0.1:{cluster.port})" in told.stdout
        changed = cluster.get()
        changed["metadata"].pop("resourceVersion")
        changed["status"] = {"loadBalancer": {"ingress": [{"ip": "10.0.0.6"}]}}
        cluster.api.put(changed)
        wait_for(lambda: cluster.host() == "web-default-10-0-0-6.xip.test", "the new name")
        wait_for(lambda: len(cluster.events()) == 4, "the Events of the change")
        assert process.metric("dnssync_hostname_writes_total") == 2
        assert process.metric("dnssync_hostname_objects") == 1
        assert process.metric("dnssync_hostname_ready_seconds_count") == 2
        lists = [request for request in cluster.api.seen("list") if "ingresses" in request.path]
        watches = [request for request in cluster.api.seen("watch") if "ingresses" in request.path]
        assert (len(lists), len(watches)) == (2, 1), "one of each for the process, one list for explain"


def test_a_process_killed_between_patch_and_event_leaves_everything_right(cluster: Cluster) -> None:
    cluster.api.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    cluster.api.faults.add(Hang(), "create", "events", times=None)
    with Dnssync(*cluster.flags) as process:
        wait_for(lambda: cluster.api.seen("create"), "an Event on its way")
        process.stop(signal.SIGKILL)
    assert cluster.events() == []
    cluster.api.faults.clear()
    with Dnssync(*cluster.flags) as process:
        process.wait_until_ready()
        wait_for(lambda: cluster.events() == ["HostnameGenerated", "HostnameReady"], "what was not said")
        assert ask(cluster.port, HOST) == ["10.0.0.5"]
        assert cluster.host() == HOST
        assert len(cluster.api.seen("patch")) == 1
        changed = cluster.get()
        changed["metadata"].pop("resourceVersion")
        changed["metadata"]["annotations"]["dnssync.io/generate-hostname"] = "false"
        cluster.api.put(changed)
        wait_for(lambda: cluster.host() == DOMAIN, "what was there before us")
    assert cluster.events()[:2] == ["HostnameGenerated", "HostnameReady"]


def test_a_restart_says_nothing_twice(cluster: Cluster) -> None:
    cluster.api.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    with Dnssync(*cluster.flags):
        wait_for(lambda: cluster.events() == ["HostnameGenerated", "HostnameReady"], "both Events")
    with Dnssync(*cluster.flags) as process:
        wait_for(lambda: process.logged("HostnameReady"), "the answer")
        cluster.api.put(ingress("other", ips=["10.0.0.6"], annotations=ASKED))
        wait_for(lambda: cluster.events("other")[-1:] == ["HostnameReady"], "a later Event")
    assert cluster.events() == ["HostnameGenerated", "HostnameReady"]


def test_a_key_proves_the_domain_of_generated_names_for_a_certificate_and_does_no_more(
    cluster: Cluster, tmp_path: Path
) -> None:
    secret = base64.b64encode(b"a secret of the test").decode()
    keys = tmp_path / "keys"
    keys.write_text(f'key "acme" {{ algorithm hmac-sha256; secret "{secret}"; }};\n')
    challenge = f"_acme-challenge.{DOMAIN}."

    def change(name: str, rdtype: str, data: str) -> str:
        update = dns.update.UpdateMessage(DOMAIN, keyring=dns.tsig.Key("acme.", secret, "hmac-sha256"))
        update.replace(name, 60, rdtype, data)
        return dns.rcode.to_text(dns.query.tcp(update, "127.0.0.1", 10.0, cluster.port).rcode())

    cluster.api.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    with Dnssync(*cluster.flags, f"--tsig-key-file={keys}"):
        wait_for(lambda: cluster.events()[-1:] == ["HostnameReady"], "the name")
        assert change(challenge, "TXT", "proof") == "NOERROR"
        assert change(f"{HOST}.", "A", "10.6.6.6") == "REFUSED"
        cluster.api.put(ingress("other", DOMAIN, ips=["10.0.0.6"]))
        wait_for(lambda: cluster.events("other")[-1:] == ["HostnameReady"], "a later name")
        query = dns.message.make_query(challenge, "TXT")
        answer = dns.query.tcp(query, "127.0.0.1", 10.0, cluster.port)
        assert [data.to_text() for rrset in answer.answer for data in rrset] == ['"proof"']
        assert ask(cluster.port, HOST) == ["10.0.0.5"]


def test_hosts_that_live_in_an_annotation_are_programmed_through_the_provider(stage: Stage) -> None:
    item = ingress("web", ZONE, "own.example.test", ips=["10.0.0.5"])
    stage.api.put(item)
    before = stage.api.store.get(INGRESS, ("default", "web"))
    with stage.dnssync(
        "--generate-hostnames", f"--hostname-domain={ZONE}", "--hostname-mode=annotate", "--hostname-ready=0"
    ):
        stage.expect("web-default-10-0-0-5", ["10.0.0.5"])
        stage.expect("own", ["10.0.0.5"])
    assert stage.cloud.values(stage.zone, ZONE, "A") is None
    after = msgspec.json.decode(stage.api.store.get(INGRESS, ("default", "web")))
    assert msgspec.json.encode(after["spec"]) == msgspec.json.encode(msgspec.json.decode(before)["spec"])


def test_a_load_balancer_with_a_host_name_gets_a_cname_through_the_provider(stage: Stage) -> None:
    stage.api.put(ingress("web", names=["lb-1.example.net"], annotations=ASKED))
    with stage.dnssync("--generate-hostnames", f"--hostname-domain=apps.{ZONE}", "--hostname-ready=0"):
        name = f"web-default.apps.{ZONE}"
        wait_for(lambda: stage.cloud.values(stage.zone, name, "CNAME") == ["lb-1.example.net"], "the CNAME")


def test_a_domain_that_others_serve_needs_no_record_and_no_complaint(stage: Stage) -> None:
    stage.api.put(ingress("web", ips=["10.0.0.5"], annotations=ASKED))
    stage.api.put(ingress("lb", names=["lb-1.example.net"], annotations=ASKED))
    flags = ("--generate-hostnames", "--hostname-domain=nip.io", "--hostname-ready=0")
    with stage.dnssync(*flags) as process:
        process.wait_for_log("web-default-10-0-0-5.nip.io")
        process.wait_for_log("lb-1.example.net.*HostnameNotGenerated")
        process.wait_until_ready()
        assert not process.logged("NoZone")
    assert stage.cloud.sets(stage.zone) == []


def test_routes_and_services_get_names_too(cluster: Cluster) -> None:
    cluster.api.put(route(), HTTPROUTE)
    cluster.api.put(gateway("10.0.0.7"), GATEWAY)
    cluster.api.put(
        {**service("10.0.0.8"), "metadata": {"name": "tcp", "namespace": "default", "annotations": ASKED}},
        SERVICE,
    )
    with Dnssync(*cluster.flags, "--hostname-kind=httproute", "--hostname-kind=service") as process:
        wait_for(lambda: cluster.events("web")[-1:] == ["HostnameReady"], "the route's Event")
        wait_for(lambda: cluster.events("tcp")[-1:] == ["HostnameReady"], "the Service's Event")
        process.wait_until_ready()
    assert cluster.get("web", HTTPROUTE)["spec"]["hostnames"] == ["web-default-10-0-0-7.xip.test"]
    assert recorded(cluster.get("tcp", SERVICE)) == ["tcp-default-10-0-0-8.xip.test"]


def test_a_kind_that_the_cluster_does_not_serve_holds_up_no_other(cluster: Cluster) -> None:
    cluster.api.kinds = tuple(kind for kind in cluster.api.kinds if kind is not HTTPROUTE)
    cluster.api.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    with Dnssync(*cluster.flags, "--hostname-kind=ingress", "--hostname-kind=httproute") as process:
        wait_for(lambda: cluster.events()[-1:] == ["HostnameReady"], "the Ingress's Event")
        process.wait_for_log("does not serve gateway.networking.k8s.io/v1")


def test_a_name_that_nobody_answers_is_told(cluster: Cluster) -> None:
    cluster.api.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    silent = f"--hostname-server=127.0.0.1:{free_port()}"
    with Dnssync(*cluster.flags, "--hostname-ready=100ms", silent):
        wait_for(lambda: cluster.events() == ["HostnameGenerated", "HostnameNotReady"], "the complaint")


def test_manifest_files_are_never_written_to_and_their_names_work(tmp_path: Path) -> None:
    port = free_port()
    item = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        **ingress("web", ips=["10.0.0.5"], annotations=ASKED),
    }
    file = tmp_path / "web.yaml"
    file.write_text(yaml.safe_dump(item))
    flags = [
        "--provider=builtin",
        f"--zone={DOMAIN}",
        f"--listen=127.0.0.1:{port}",
        f"--manifests={tmp_path}",
    ]
    with Dnssync(*flags, "--generate-hostnames") as process:
        process.wait_until_ready()
        assert ask(port, HOST) == ["10.0.0.5"]
        process.wait_for_log("HostnameGenerated")
        assert yaml.safe_load(file.read_text()) == item
    shown = run_cli(
        "endpoints",
        f"--manifests={tmp_path}",
        "--generate-hostnames",
        f"--hostname-domain={DOMAIN}",
        "-o",
        "json",
    )
    assert [each["dnsName"] for each in json.loads(shown.stdout)] == [HOST]


def test_the_demo_gives_a_name_to_an_ingress_without_one_and_a_web_server_answers_behind_it() -> None:
    command = [sys.executable, "-m", "dnssync", "demo"]
    with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.PIPE, text=True) as demo:
        try:
            assert demo.stdout is not None
            hint, shown = "", ""
            for shown in demo.stdout:
                hint = shown if "dig @" in shown else hint
                if "curl http" in shown:
                    break
            host, _, web = shown.split("http://")[1].strip().rstrip("/").partition(":")
            assert host == "hi-web-127-0-0-1.xip.test"
            assert ask(int(hint.split("-p ")[1].split()[0]), host) == ["127.0.0.1"]
            request = urllib.request.Request(f"http://127.0.0.1:{web}/", headers={"Host": host})
            with urllib.request.urlopen(request, timeout=5) as answer:
                assert answer.read().decode() == f"Hello from {host}\n"
        finally:
            demo.send_signal(signal.SIGINT)
            demo.communicate(timeout=20)
    assert demo.returncode == 0


def test_many_names_that_change_at_once_are_no_flood_of_deletions_to_be_held(cluster: Cluster) -> None:
    for index in range(30):
        cluster.api.put(ingress(f"web-{index}", ips=["10.0.0.5"], annotations=ASKED))
    with Dnssync(*cluster.flags, "--max-deletes=6") as process:
        wait_for(lambda: cluster.events("web-29")[-1:] == ["HostnameReady"], "the first names")
        for index in range(30):
            changed = cluster.get(f"web-{index}")
            changed["metadata"].pop("resourceVersion")
            changed["status"] = {"loadBalancer": {"ingress": [{"ip": "10.0.0.6"}]}}
            cluster.api.put(changed)
        new = "web-29-default-10-0-0-6.xip.test"
        wait_for(lambda: process.logged(f"created A 10.0.0.6.*{new}"), "the new records")
        wait_for(lambda: len(process.logged("deleted A 10.0.0.[56]")) == 30, "the end of the old ones")
        assert process.health() == {"status": "ok", "reasons": []}
        assert process.metric("dnssync_held_deletes") == 0
