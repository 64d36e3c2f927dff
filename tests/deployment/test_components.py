"""The components for automatic hostnames give the rights that are used, and the certificates fit the code."""

import base64
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from dnssync.app import parts
from dnssync.cli.options import parse_settings
from dnssync.config import read_environment
from dnssync.settings import Settings
from tests.deployment import kustomize
from tests.deployment.test_manifests import KUBERNETES, _asked
from tests.doubles.kube import KubeApi
from tests.end_to_end.process import Dnssync
from tests.end_to_end.test_automatic_hostnames import GATEWAY, HTTPROUTE, SERVICE, Cluster
from tests.generation.cluster import DOMAIN, hosts, ingress, tls_hosts
from tests.generation.cluster import Cluster as Objects
from tests.generation.test_kinds import gateway, route, service
from tests.waiting import wait_for

MANIFESTS = Path(__file__).parents[2] / "manifests"
COMPONENTS = MANIFESTS / "components"


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text()))


def rights(component: str) -> set[tuple[str, str, str]]:
    (role,) = [
        item for item in documents(COMPONENTS / component / "rbac.yaml") if item["kind"] == "ClusterRole"
    ]
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_the_rights_are_those_that_are_used(tmp_path: Path) -> None:
    with KubeApi() as api:
        api.kinds = (*api.kinds, HTTPROUTE, GATEWAY)
        cluster = Cluster(api, tmp_path)
        api.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
        api.put(route(), HTTPROUTE)
        api.put(gateway("10.0.0.7"), GATEWAY)
        api.put(service("10.0.0.8"), SERVICE)
        kinds = [f"--hostname-kind={kind}" for kind in ("ingress", "httproute", "service")]
        with Dnssync(*cluster.flags, *kinds):
            wait_for(lambda: len(api.seen("patch")) >= 3, "all kinds written")
            wait_for(lambda: len(api.seen("watch")) >= 4, "all kinds watched")
        used = {_core_asked(request.path, request.verb) for request in api.requests}
    others = {each for each in used if each[0] in ("", "gateway.networking.k8s.io")}
    assert others == rights("generate-hostnames-other-kinds")
    assert {each for each in used - others if each[2] == "patch"} == rights("generate-hostnames")


def _core_asked(path: str, verb: str) -> tuple[str, str, str]:
    if path.startswith("/api/v1/"):
        parts = path.removeprefix("/api/v1/").split("/")
        return "", parts[2] if parts[0] == "namespaces" else parts[0], verb
    return _asked(path, verb)


def test_the_component_turns_the_feature_on() -> None:
    (operation,) = documents(COMPONENTS / "generate-hostnames" / "enable.yaml")[0]
    given = read_environment(Settings, {entry["name"]: entry["value"] for entry in operation["value"]}).given
    assert {name: found.values for name, found in given.items()} == {"generate-hostnames": ("true",)}


@pytest.mark.parametrize("version", KUBERNETES)
def test_the_keys_of_updates_come_from_a_secret(version: str) -> None:
    (deployment,) = documents(MANIFESTS / "base" / "deployment.yaml")
    pod = deployment["spec"]["template"]["spec"]
    places = {
        "/spec/template/spec/containers/0/args/-": pod["containers"][0]["args"],
        "/spec/template/spec/containers/0/volumeMounts/-": pod["containers"][0]["volumeMounts"],
        "/spec/template/spec/volumes/-": pod["volumes"],
    }
    for operation in documents(COMPONENTS / "certificate-updates" / "keys.yaml")[0]:
        assert operation["op"] == "add"
        places[operation["path"]].append(operation["value"])
    kubernetes_validate.validate(deployment, version, strict=True)
    settings = parse_settings(pod["containers"][0]["args"][-1:])
    (mount,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "keys"]
    assert settings.tsig_key_file == (f"{mount['mountPath']}/keys",)
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "keys"]
    assert volume["secret"]["secretName"] == "dnssync-keys"


@pytest.mark.parametrize("component", sorted(path.parent.name for path in COMPONENTS.glob("*/rbac.yaml")))
@pytest.mark.parametrize("version", KUBERNETES)
def test_every_object_fits_the_schema_strictly(component: str, version: str) -> None:
    for item in documents(COMPONENTS / component / "rbac.yaml"):
        kubernetes_validate.validate(item, version, strict=True)


if kustomize.kubectl():

    def test_kubectl_puts_the_components_on_an_overlay(tmp_path: Path) -> None:
        (tmp_path / "manifests").symlink_to(MANIFESTS)
        text = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": ["manifests/base"],
            "components": [f"manifests/components/{path.name}" for path in COMPONENTS.iterdir()],
        }
        (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(text))
        path = kustomize.kubectl()
        assert path
        made = subprocess.run([path, "kustomize", str(tmp_path)], capture_output=True, text=True, check=True)
        objects = list(yaml.safe_load_all(made.stdout))
        (deployment,) = [item for item in objects if item["kind"] == "Deployment"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["env"] == [{"name": "DNSSYNC_GENERATE_HOSTNAMES", "value": "true"}]
        assert container["args"][-1] == "--tsig-key-file=/etc/dnssync-keys/keys"
        assert len([item for item in objects if item["kind"] == "ClusterRole"]) == 3


def test_cert_manager_signs_updates_as_the_resolver_expects_them(tmp_path: Path) -> None:
    secret, issuer, _ = documents(MANIFESTS / "cert-manager" / "wildcard.yaml")
    (solver,) = issuer["spec"]["acme"]["solvers"]
    update = solver["dns01"]["rfc2136"]
    assert set(update) == {"nameserver", "tsigKeyName", "tsigAlgorithm", "tsigSecretSecretRef"}
    (service,) = documents(MANIFESTS / "base" / "service.yaml")
    host, _, port = update["nameserver"].partition(":")
    assert host == f"{service['metadata']['name']}.dnssync.svc.cluster.local"
    assert int(port) in {each["port"] for each in service["spec"]["ports"]}
    reference = update["tsigSecretSecretRef"]
    assert reference["name"] == secret["metadata"]["name"]
    text = secret["stringData"][reference["key"]]
    assert text == base64.b64encode(base64.b64decode(text, validate=True)).decode()
    keys = tmp_path / "keys"
    keys.write_text(f'key "{update["tsigKeyName"]}" {{ algorithm hmac-sha256; secret "{text}"; }};')
    assert update["tsigAlgorithm"] == "HMACSHA256"
    provider = parts.provider(
        parse_settings(
            ["--provider=builtin", "--zone=xip.test", f"--tsig-key-file={keys}", "--listen=127.0.0.1:0"]
        )
    )
    try:
        assert provider.zones()
    finally:
        provider.close()


def test_one_wildcard_certificate_covers_every_generated_hostname() -> None:
    certificate = documents(MANIFESTS / "cert-manager" / "wildcard.yaml")[2]
    (wildcard,) = certificate["spec"]["dnsNames"]
    domain = wildcard.removeprefix("*.")
    made = Objects(domain=domain)
    for name, namespace in (("web", "default"), ("my.app", "a-b"), ("x" * 253, "n" * 63)):
        (host,) = hosts(made.put(ingress(name, domain, ips=["10.0.0.5"], namespace=namespace)))
        assert host.partition(".")[2] == domain


def test_the_example_gets_a_certificate_for_its_own_hostname() -> None:
    (item,) = documents(MANIFESTS / "cert-manager" / "ingress.yaml")
    kubernetes_validate.validate(item, KUBERNETES[-1], strict=True)
    item["status"] = {"loadBalancer": {"ingress": [{"ip": "203.0.113.5"}]}}
    made = Objects(domain="apps.example.com").put(item)
    assert hosts(made) == ["web-default-203-0-113-5.apps.example.com"]
    assert tls_hosts(made) == [hosts(made)]
