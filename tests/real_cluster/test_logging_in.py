"""Every way to log in to a real API server, and one clear line where it cannot be done."""

import base64
import json
import stat
from pathlib import Path

import pytest

from tests.end_to_end.process import run_cli
from tests.real_cluster.certificates import Authority
from tests.real_cluster.conftest import ZONE, Cluster
from tests.real_cluster.objects import Object, ingress

_EXEC = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}


@pytest.fixture
def one(cluster: Cluster) -> Cluster:
    """A cluster with one Ingress that has an address."""
    cluster.create(ingress("web", f"www.{ZONE}"), "10.0.0.5")
    return cluster


def asked(*flags: str, environment: dict[str, str] | None = None, command: str = "endpoints") -> list[str]:
    """The names that ``dnssync endpoints`` prints."""
    done = run_cli(command, "-o", "json", *flags, environment=environment)
    assert done.returncode == 0, done.stderr
    return [each["dnsName"] for each in json.loads(done.stdout)]


def encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


def with_kubeconfig(cluster: Cluster, user: Object, **reached: object) -> str:
    return f"--kubeconfig={cluster.server.kubeconfig(cluster.folder / 'config', user, **reached)}"


def test_client_certificates_log_in_from_files_and_from_the_kubeconfig_itself(one: Cluster) -> None:
    pair = one.server.authority.client("alice", "system:masters")
    files = {"client-certificate": str(pair.certificate), "client-key": str(pair.key)}
    assert asked(with_kubeconfig(one, files)) == [f"www.{ZONE}"]
    inside = {
        "client-certificate-data": encoded(pair.certificate),
        "client-key-data": encoded(pair.key),
    }
    reached = {"certificate-authority-data": encoded(one.server.authority.file)}
    assert asked(with_kubeconfig(one, inside, **reached)) == [f"www.{ZONE}"]


def test_a_token_file_and_the_paths_relative_to_the_kubeconfig_are_read(one: Cluster) -> None:
    (one.folder / "token").write_text(one.server.tokens["admin"] + "\n")
    (one.folder / "ca.crt").write_bytes(one.server.authority.file.read_bytes())
    reached = {"certificate-authority": "ca.crt"}
    assert asked(with_kubeconfig(one, {"tokenFile": "token"}, **reached)) == [f"www.{ZONE}"]


def test_a_login_command_gives_a_token_or_a_certificate(one: Cluster) -> None:
    pair = one.server.authority.client("bob", "system:masters")
    for given in (
        {"token": one.server.tokens["admin"]},
        {
            "clientCertificateData": pair.certificate.read_text(),
            "clientKeyData": pair.key.read_text(),
        },
    ):
        assert asked(with_kubeconfig(one, login_command(one.folder, given))) == [f"www.{ZONE}"]


def login_command(folder: Path, given: dict[str, str]) -> Object:
    """A user whose credentials a program prints."""
    said = {"apiVersion": _EXEC["apiVersion"], "kind": "ExecCredential", "status": given}
    (folder / "said.json").write_text(json.dumps(said))
    program = folder / "login"
    program.write_text(f"#!/bin/sh\necho called >> {folder}/calls\ncat {folder}/said.json\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return {"exec": {**_EXEC, "command": str(program)}}


def test_the_server_of_the_kubeconfig_is_replaced(one: Cluster) -> None:
    elsewhere = with_kubeconfig(one, {"token": one.server.tokens["admin"]}, server="https://127.0.0.1:1")
    assert asked(elsewhere, f"--server={one.server.url}") == [f"www.{ZONE}"]


def test_a_context_and_a_namespace_are_chosen(one: Cluster) -> None:
    path = one.server.kubeconfig(one.folder / "config", {"token": one.server.tokens["admin"]})
    config = json.loads(path.read_text())
    config["current-context"] = "elsewhere"
    config["contexts"].append({"name": "elsewhere", "context": {"cluster": "none", "user": "none"}})
    path.write_text(json.dumps(config))
    chosen = [f"--kubeconfig={path}", "--context=here"]
    assert asked(*chosen) == [f"www.{ZONE}"]
    assert asked(*chosen, f"--namespace={one.namespace}") == [f"www.{ZONE}"]
    assert asked(*chosen, "--namespace=default") == []
    assert asked("--context=here", environment={"KUBECONFIG": str(path)}) == [f"www.{ZONE}"]


@pytest.mark.parametrize("command", ["endpoints", "plan", "explain"])
def test_what_stands_in_the_way_is_one_clear_line(one: Cluster, command: str) -> None:
    admin = {"token": one.server.tokens["admin"]}
    (one.folder / "other").mkdir()
    other = Authority(one.folder / "other", "another-ca").file
    cases = {
        f"--kubeconfig={one.folder}/absent": "absent is not a file; check --kubeconfig",
        f"{with_kubeconfig(one, admin)} --context=prod": "'prod'",
        _saved(one, "ca", admin, {"certificate-authority": str(other)}): "certificate verify failed",
        _saved(one, "token", {"token": "wrong"}, {}): "log in again, or check the kubeconfig's user",
        _saved(one, "nobody", {"token": one.server.tokens["nobody"]}, {}): (
            'a ClusterRole with apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs:'
        ),
        _saved(one, "down", admin, {"server": "https://127.0.0.1:1"}): "cannot be reached",
        _saved(one, "plain", admin, {"server": one.server.url.replace("https", "http")}): "HTTPS",
        _saved(one, "command", {"exec": {**_EXEC, "command": "no-such-login"}}, {}): "no-such-login",
    }
    more = {
        "endpoints": [],
        "plan": ["--provider=inmemory", f"--inmemory-zone={ZONE}"],
        "explain": [f"www.{ZONE}"],
    }
    for flags, line in cases.items():
        done = run_cli(command, *more[command], *flags.split())
        assert done.returncode == 1, (flags, done.stdout, done.stderr)
        assert done.stdout == ""
        assert line in done.stderr, (flags, done.stderr)
        assert done.stderr.count("\n") == 1, done.stderr
        assert "Traceback" not in done.stderr


def _saved(cluster: Cluster, name: str, user: Object, reached: Object) -> str:
    return f"--kubeconfig={cluster.server.kubeconfig(cluster.folder / name, user, **reached)}"
