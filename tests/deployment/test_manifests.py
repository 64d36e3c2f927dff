"""The manifests fit together, fit the Kubernetes schemas, and fit what the program really does."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from dnssync import __version__, coherence
from dnssync.cli import execute
from dnssync.config import build as build_settings
from dnssync.config import read_yaml
from dnssync.kube import Connection, EventRecorder, KubeOptions, KubeWatcher, ObjectEvent
from dnssync.settings import Settings
from dnssync.sources.ingress import IngressOptions, IngressSource
from dnssync.web import ROUTES
from resolver.config import parse_listen
from tests.deployment import kustomize
from tests.deployment.kustomize import Object
from tests.doubles.feeds import RecordingSink
from tests.doubles.kube import KubeApi, ingress

ROOT = Path(__file__).parents[2]
FOLDERS = ("base", "overlays/aws", "overlays/google")
RENDERERS = {"files": kustomize.render} | ({"kubectl": kustomize.build} if kustomize.kubectl() else {})

# The demo, too, gives a name to the Ingress that has none.
GENERATE = ["--generate-hostnames", "--hostname-domain=demo.test"]

# The oldest and the newest minor version that clouds still sell, and one between.
KUBERNETES = ("1.29", "1.33", "1.37")


@pytest.fixture(scope="module", params=[(how, where) for how in RENDERERS for where in FOLDERS], ids="-".join)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    """All objects of one folder, by each way of rendering it."""
    how, where = request.param
    return RENDERERS[how](ROOT / "manifests" / where)


def one(objects: list[Object], kind: str) -> Any:
    (found,) = [item for item in objects if item["kind"] == kind]
    return found


def pod(objects: list[Object]) -> Any:
    return one(objects, "Deployment")["spec"]["template"]


def container(objects: list[Object]) -> Any:
    (found,) = pod(objects)["spec"]["containers"]
    return found


def settings(objects: list[Object]) -> Settings:
    """What the program is told by its arguments, read from the ConfigMap that is mounted."""
    command, config = container(objects)["args"]
    assert command == "run"
    path = Path(config.removeprefix("--config="))
    (mount,) = container(objects)["volumeMounts"]
    (volume,) = pod(objects)["spec"]["volumes"]
    assert (mount["name"], mount["mountPath"]) == (volume["name"], str(path.parent))
    config_map = one(objects, "ConfigMap")
    assert volume["configMap"]["name"] == config_map["metadata"]["name"]
    return build_settings(Settings, [read_yaml(Settings, config_map["data"][path.name], path.name)])


def ports(objects: list[Object]) -> dict[str, tuple[int, str]]:
    return {
        port["name"]: (port["containerPort"], port.get("protocol", "TCP"))
        for port in container(objects)["ports"]
    }


@pytest.mark.parametrize("version", KUBERNETES)
def test_every_object_fits_the_schema_strictly(objects: list[Object], version: str) -> None:
    for item in objects:
        kubernetes_validate.validate(item, version, strict=True)


if "kubectl" in RENDERERS:

    @pytest.mark.parametrize("folder", FOLDERS)
    def test_kubectl_makes_the_same_of_them(folder: str) -> None:
        made, meant = (make(ROOT / "manifests" / folder) for make in (kustomize.build, kustomize.render))
        assert kustomize.without_hashes(made) == kustomize.without_hashes(meant)


def test_everything_lies_in_the_namespace_that_is_made(objects: list[Object]) -> None:
    namespace = one(objects, "Namespace")["metadata"]["name"]
    scoped = [item for item in objects if not item["kind"].startswith(("Cluster", "Namespace"))]
    assert {item["metadata"]["namespace"] for item in scoped} == {namespace}


def test_selectors_choose_the_pods(objects: list[Object]) -> None:
    labels = pod(objects)["metadata"]["labels"].items()
    selectors = [one(objects, "Deployment")["spec"]["selector"]["matchLabels"]]
    selectors += [item["spec"]["selector"] for item in objects if item["kind"] == "Service"]
    assert all(selector and selector.items() <= labels for selector in selectors)


def test_the_configuration_is_one_that_run_accepts(objects: list[Object]) -> None:
    coherence.check(settings(objects), needs_provider=True)


def test_there_is_one_writer_at_a_time(objects: list[Object]) -> None:
    spec = one(objects, "Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")


def test_probes_ask_pages_that_are_served_where_the_configuration_says(objects: list[Object]) -> None:
    host, _, port = settings(objects).metrics_address.rpartition(":")
    assert host == "", "the kubelet asks at the pod's address, IPv4 or IPv6"
    assert ports(objects)["metrics"] == (int(port), "TCP")
    assert pod(objects)["metadata"]["annotations"]["prometheus.io/port"] == port
    for probe, page in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert container(objects)[probe]["httpGet"] == {"path": page, "port": "metrics"}
        assert page in ROUTES


def test_dns_is_open_exactly_where_the_resolver_listens(objects: list[Object]) -> None:
    told = settings(objects)
    services = [item for item in objects if item["kind"] == "Service"]
    dns = {name: port for name, port in ports(objects).items() if name.startswith("dns")}
    if told.provider != "builtin":
        assert (services, dns) == ([], {})
        return
    (number,) = {listen.port for text in told.listen for listen in parse_listen(text)}
    assert dns == {"dns-udp": (number, "UDP"), "dns-tcp": (number, "TCP")}
    assert number >= 1024, "a port that needs no privilege"
    (service,) = services
    assert {(port["port"], port["targetPort"], port["protocol"]) for port in service["spec"]["ports"]} == {
        (53, name, protocol) for name, (_, protocol) in dns.items()
    }


def test_the_pod_has_no_privileges(objects: list[Object]) -> None:
    outer, inner = pod(objects)["spec"]["securityContext"], container(objects)["securityContext"]
    assert outer["runAsNonRoot"] is True
    assert outer["runAsUser"] == outer["runAsGroup"] == 65532
    assert outer["seccompProfile"] == {"type": "RuntimeDefault"}
    assert inner["allowPrivilegeEscalation"] is False
    assert inner["readOnlyRootFilesystem"] is True
    assert inner["capabilities"] == {"drop": ["ALL"]}
    labels = one(objects, "Namespace")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_image_is_the_one_of_this_version(objects: list[Object]) -> None:
    assert container(objects)["image"] == f"dnssync:{__version__}"


def test_the_image_runs_as_the_user_of_the_pod(objects: list[Object]) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    user = pod(objects)["spec"]["securityContext"]["runAsUser"]
    assert f"USER {user}:{user}\n" in dockerfile
    assert 'ENTRYPOINT ["dnssync"]' in dockerfile


def test_the_image_is_built_from_all_that_the_package_needs() -> None:
    copied = {
        word
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    project = (ROOT / "pyproject.toml").read_text()
    for needed in ("README.md", "LICENSE", "dnssync", "resolver", "examples"):
        assert needed in project
        assert needed in copied


def test_the_role_is_bound_to_the_account_of_the_pod(objects: list[Object]) -> None:
    account, binding = one(objects, "ServiceAccount"), one(objects, "ClusterRoleBinding")
    metadata = account["metadata"]
    assert pod(objects)["spec"]["serviceAccountName"] == metadata["name"]
    assert binding["roleRef"]["name"] == one(objects, "ClusterRole")["metadata"]["name"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": metadata["name"], "namespace": metadata["namespace"]}
    ]


@pytest.fixture(scope="module")
def asked() -> Iterator[set[tuple[str, str, str]]]:
    """Group, resource and verb of everything that is asked of a cluster: lists, watches, Events, repeats."""
    stop = threading.Event()
    now = [1_700_000_000.0]
    with KubeApi() as api:
        connection = Connection(KubeOptions(server=api.url))
        watcher = KubeWatcher(connection, IngressSource(IngressOptions()), RecordingSink())
        recorder = EventRecorder(connection, clock=lambda: now[0])
        threads = [threading.Thread(target=job.run, args=(stop,)) for job in (watcher, recorder)]
        for thread in threads:
            thread.start()
        api.put(ingress("web"))
        api.wait_for(lambda it: bool(it.seen("watch")))
        event = ObjectEvent("Ingress", "networking.k8s.io/v1", "default", "web", "1", "RecordReady", "made")
        recorder.record(event)
        api.wait_for(lambda it: bool(it.seen("create")))
        now[0] += 400.0
        recorder.record(event)
        api.wait_for(lambda it: bool(it.seen("patch")))
        stop.set()
        for thread in threads:
            thread.join()
        yield {_asked(request.path, request.verb) for request in api.requests}


def _asked(path: str, verb: str) -> tuple[str, str, str]:
    parts = path.partition("?")[0].strip("/").split("/")
    assert parts[0] == "apis"
    rest = parts[5:] if parts[3] == "namespaces" else parts[3:]
    return parts[1], rest[0], verb


def test_the_role_allows_what_is_asked_and_nothing_else(
    objects: list[Object], asked: set[tuple[str, str, str]]
) -> None:
    allowed = {
        (group, resource, verb)
        for rule in one(objects, "ClusterRole")["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert allowed == asked


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "manifests").iterdir()), ids=lambda it: it.name)
def test_examples_are_valid_ingresses_that_give_records(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for item in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(item, KUBERNETES[-1], strict=False)
    assert execute(["endpoints", f"--manifests={path}", *GENERATE, "-o", "json"]) == 0
    assert "demo.test" in capsys.readouterr().out
