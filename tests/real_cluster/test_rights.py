"""The manifests are taken by a real server, and their rights are enough: no more and no less."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.test_manifests import FOLDERS, ROOT
from tests.real_cluster.conftest import ZONE, Cluster
from tests.real_cluster.objects import (
    ASKED,
    DEFINITIONS,
    GATEWAY_API,
    definition,
    ingress,
    status,
)
from tests.real_cluster.pods import ACCOUNT, Pod, kustomization
from tests.real_cluster.server import ApiServer, RefusedRequest
from tests.waiting import wait_for

COMPONENTS = ("generate-hostnames", "generate-hostnames-other-kinds")
EVENTS = ("--events-emit=RecordReady", "--events-emit=RecordDeleted", "--events-emit=RecordError")
HOSTNAMES = ("--generate-hostnames", f"--hostname-domain=apps.{ZONE}", "--hostname-ready=0")


@pytest.fixture(scope="module")
def installed(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """The base with every component, as kubectl applies it; afterwards without the rights again."""
    folder = kustomization(tmp_path_factory.mktemp("overlays") / "mine", *COMPONENTS)
    server.kubectl("apply", "--server-side", "-k", str(folder))
    yield server
    server.kubectl(
        "delete", "clusterrolebinding", "dnssync", "dnssync-hostnames", "dnssync-hostnames-other-kinds"
    )


@pytest.fixture
def rights(installed: ApiServer, cluster: Cluster) -> Cluster:
    """A clean cluster with the manifests installed."""
    return cluster


@pytest.fixture
def gateway_api(server: ApiServer) -> Iterator[None]:
    """HTTPRoutes and Gateways, served for one test."""
    kinds = {"httproutes": ("HTTPRoute", False), "gateways": ("Gateway", True)}
    for plural, (kind, with_status) in kinds.items():
        server.ask("POST", DEFINITIONS, definition(plural, kind, with_status=with_status))
        wait_for(lambda plural=plural: served(server, f"{GATEWAY_API}/{plural}"), f"{plural} are served")
    yield
    for plural in kinds:
        server.ask("DELETE", f"{DEFINITIONS}/{plural}.gateway.networking.k8s.io")


def served(server: ApiServer, path: str) -> bool:
    try:
        server.ask("GET", path)
    except RefusedRequest:
        return False
    return True


def may(server: ApiServer, *question: str) -> bool:
    return server.kubectl("auth", "can-i", *question, f"--as={ACCOUNT}", "-A", check=False).strip() == "yes"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_server_takes_each_folder_of_the_manifests(server: ApiServer, folder: str) -> None:
    server.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "manifests" / folder))
    server.kubectl("apply", "--dry-run=server", "--validate=strict", "-k", str(ROOT / "manifests" / folder))


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_server_takes_each_component_alone(server: ApiServer, component: str, tmp_path: Path) -> None:
    folder = kustomization(tmp_path / "mine", component)
    server.kubectl("apply", "--dry-run=server", "--validate=strict", "-k", str(folder))


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_namespace_s_own_pod_security_lets_the_pod_in(server: ApiServer, folder: str) -> None:
    server.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "manifests" / folder))
    deployment = server.ask("GET", "/apis/apps/v1/namespaces/dnssync/deployments/dnssync")
    template = deployment["spec"]["template"]
    pods = "/api/v1/namespaces/dnssync/pods?dryRun=All"
    made = server.ask("POST", pods, {**template, "metadata": {**template["metadata"], "name": "dnssync"}})
    assert made["spec"]["serviceAccountName"] == "dnssync"
    spec = {"serviceAccountName": "dnssync", "containers": [{"name": "a", "image": "a"}]}
    careless = {"metadata": {"name": "careless"}, "spec": spec}
    with pytest.raises(RefusedRequest, match="violates PodSecurity"):
        server.ask("POST", pods, careless)


def test_the_account_may_do_what_the_roles_say_and_nothing_else(rights: Cluster) -> None:
    server = rights.server
    for question in [
        ("list", "ingresses.networking.k8s.io"),
        ("watch", "ingresses.networking.k8s.io"),
        ("patch", "ingresses.networking.k8s.io"),
        ("create", "events.events.k8s.io"),
        ("patch", "events.events.k8s.io"),
        ("list", "services"),
        ("patch", "services"),
    ]:
        assert may(server, *question), question
    for question in [
        ("list", "secrets"),
        ("get", "configmaps"),
        ("patch", "ingresses.networking.k8s.io", "--subresource=status"),
        ("delete", "ingresses.networking.k8s.io"),
        ("create", "ingresses.networking.k8s.io"),
        ("update", "ingresses.networking.k8s.io"),
        ("list", "pods"),
    ]:
        assert not may(server, *question), question


@pytest.mark.usefixtures("gateway_api")
def test_the_rights_are_enough_for_all_that_a_pod_does(rights: Cluster) -> None:
    server, namespace = rights.server, rights.namespace
    kinds = [f"--hostname-kind={kind}" for kind in ("ingress", "httproute", "service")]
    flags = ["--provider=aws", "--txt-owner-id=me", f"--domain-filter={ZONE}", *EVENTS, *HOSTNAMES, *kinds]
    with Pod(rights).dnssync(*flags) as process:
        process.wait_until_ready()
        rights.create(ingress("web", annotations=ASKED), "10.0.0.5")
        rights.create(ingress("own", f"www.{ZONE}"), "10.0.0.6")
        routes = f"{GATEWAY_API}/namespaces/{namespace}/httproutes"
        gateways = f"{GATEWAY_API}/namespaces/{namespace}/gateways"
        make(server, gateways, "Gateway", {"metadata": {"name": "front"}})
        write_status(server, f"{gateways}/front", {"status": {"addresses": [{"value": "10.0.0.7"}]}})
        route = {
            "metadata": {"name": "route", "annotations": ASKED},
            "spec": {"parentRefs": [{"name": "front"}]},
        }
        make(server, routes, "HTTPRoute", route)
        balanced = {
            "metadata": {"name": "tcp", "annotations": ASKED},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}]},
        }
        services = f"/api/v1/namespaces/{namespace}/services"
        server.ask("POST", services, balanced)
        write_status(server, f"{services}/tcp", status({"ip": "10.0.0.8"}))
        for name, address in (("web", 5), ("route", 7), ("tcp", 8)):
            rights.expect(f"{name}-{namespace}-10-0-0-{address}.apps", [f"10.0.0.{address}"])
        rights.expect("www", ["10.0.0.6"])
        rights.wait_for_events("web", "HostnameGenerated", "RecordReady")
        rights.wait_for_events("route", "HostnameGenerated", "RecordReady")
        rights.wait_for_events("tcp", "HostnameGenerated", "RecordReady")
        rights.patch("own", ingress("own", f"shop.{ZONE}"))
        rights.expect("www", None)
        wait_for(lambda: "RecordDeleted" in rights.events("own"), "the Event of the old name's end")
        assert process.health() == {"status": "ok", "reasons": []}
        assert not process.logged("WARNING|ERROR"), process.logged("WARNING|ERROR")
    server.ask("DELETE", f"{services}/tcp")
    assert refusals(server) == []


def make(server: ApiServer, path: str, kind: str, item: dict) -> None:
    server.ask("POST", path, {"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, **item})


def write_status(server: ApiServer, path: str, change: dict) -> None:
    server.ask("PATCH", f"{path}/status", change, content_type="application/merge-patch+json")


def refusals(server: ApiServer) -> list:
    """What the account of the manifests was refused."""
    return [
        (entry["verb"], entry.get("objectRef"))
        for entry in server.audited()
        if entry["user"].get("username") == ACCOUNT and entry.get("responseStatus", {}).get("code") == 403
    ]


def test_a_role_in_one_namespace_is_enough_for_that_namespace(cluster: Cluster) -> None:
    server, namespace = cluster.server, cluster.namespace
    create = ("create", f"--namespace={namespace}")
    server.kubectl(*create, "serviceaccount", "syncer")
    server.kubectl(*create, "role", "syncer", "--verb=list,watch", "--resource=ingresses.networking.k8s.io")
    server.kubectl(*create, "rolebinding", "syncer", "--role=syncer", f"--serviceaccount={namespace}:syncer")
    cluster.create(ingress("web", f"www.{ZONE}"), "10.0.0.5")
    user = {"token": server.token_of(namespace, "syncer")}
    kubeconfig = server.kubeconfig(cluster.folder / "syncer", user)
    with cluster.dnssync(
        f"--namespace={namespace}", "--events-emit=RecordReady", kubeconfig=kubeconfig
    ) as process:
        cluster.expect("www", ["10.0.0.5"])
        told = process.wait_for_log("Events cannot be written")
        assert (
            'apiGroups: ["events.k8s.io"], resources: ["events"], verbs: ["create", "patch"]'
            in told["message"]
        )
        assert process.health() == {"status": "ok", "reasons": []}


def test_missing_rights_are_named_and_are_enough_as_soon_as_they_are_given(cluster: Cluster) -> None:
    server, namespace = cluster.server, cluster.namespace
    cluster.create(ingress("web", annotations=ASKED), "10.0.0.5")
    server.kubectl("create", f"--namespace={namespace}", "serviceaccount", "syncer")
    user = {"token": server.token_of(namespace, "syncer")}
    kubeconfig = server.kubeconfig(cluster.folder / "syncer", user)
    with cluster.dnssync(*HOSTNAMES, kubeconfig=kubeconfig) as process:
        process.wait_for_log(r"give this account a ClusterRole with .*ingresses.*list.*watch")
        assert process.get("/readyz")[0] == 503
        bind(server, namespace, "reader", "get,list,watch", "ingresses.networking.k8s.io")
        process.wait_for_log(r"cannot patch ingresses.*give this account .*ingresses.*\[.{1,2}patch", 60)
        bind(server, namespace, "writer", "patch", "ingresses.networking.k8s.io")
        cluster.expect(f"web-{namespace}-10-0-0-5.apps", ["10.0.0.5"], seconds=90)
    server.kubectl("delete", "clusterrole,clusterrolebinding", f"{namespace}-reader", f"{namespace}-writer")


def bind(server: ApiServer, namespace: str, name: str, verbs: str, resource: str) -> None:
    name = f"{namespace}-{name}"
    server.kubectl("create", "clusterrole", name, f"--verb={verbs}", f"--resource={resource}")
    account = f"--serviceaccount={namespace}:syncer"
    server.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", account)
