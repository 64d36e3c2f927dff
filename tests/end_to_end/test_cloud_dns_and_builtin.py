"""The same job with Cloud DNS, with the bundled resolver and with manifest files instead of a cluster."""

import json
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import yaml

from tests.doubles.clouddns import CloudDnsDouble
from tests.doubles.kube import KubeApi, ingress
from tests.end_to_end.process import Dnssync, run_cli
from tests.ports import free_port
from tests.waiting import wait_for


def ask(port: int, name: str, record_type: str = "A") -> list[str]:
    """The answer section's data; empty while nothing answers."""
    query = dns.message.make_query(name, record_type)
    try:
        answer = dns.query.udp(query, "127.0.0.1", port=port, timeout=0.5)
    except (OSError, dns.exception.Timeout):
        return []
    return sorted(rdata.to_text() for rrset in answer.answer for rdata in rrset)


def manifest(path: Path, *addresses: str, host: str = "web.apps.test") -> None:
    item = ingress("web", hosts=[host], addresses=addresses)
    item |= {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}
    path.write_text(yaml.safe_dump(item))


def test_cloud_dns_follows_an_ingress(tmp_path: Path) -> None:
    with KubeApi() as api, CloudDnsDouble("example.test", project="p") as cloud:
        zone = cloud.service.zones["example-test"]

        def data() -> list[str] | None:
            found = zone.get(("web.example.test.", "A"))
            return found and sorted(found["rrdatas"])

        kubeconfig = api.write_kubeconfig(tmp_path / "kubeconfig")
        with Dnssync(
            "--provider=google",
            "--google-project=p",
            f"--google-api-endpoint={cloud.endpoint}",
            "--txt-owner-id=me",
            f"--kubeconfig={kubeconfig}",
        ) as process:
            process.wait_until_ready()
            for addresses in (["10.0.0.5"], ["10.0.0.6", "10.0.0.7"]):
                api.put(ingress("web", hosts=["web.example.test"], addresses=addresses))
                wait_for(lambda wanted=addresses: data() == wanted, f"A {addresses}")
            api.delete("default", "web")
            wait_for(lambda: data() is None, "the end of the record")


def test_the_bundled_resolver_answers_within_a_second_of_a_changed_file(tmp_path: Path) -> None:
    port = free_port()
    manifest(tmp_path / "web.yaml", "10.0.0.5")
    with Dnssync(
        "--provider=builtin", "--zone=apps.test", f"--listen=127.0.0.1:{port}", f"--manifests={tmp_path}"
    ) as process:
        process.wait_until_ready()
        assert ask(port, "web.apps.test") == ["10.0.0.5"]
        assert ask(port, "other.10.1.2.3.apps.test") == ["10.1.2.3"]
        manifest(tmp_path / "web.yaml", "10.0.0.6", "2001:db8::6")
        wait_for(lambda: ask(port, "web.apps.test") == ["10.0.0.6"], "the new address")
        assert ask(port, "web.apps.test", "AAAA") == ["2001:db8::6"]
        (tmp_path / "web.yaml").write_text("half: [a")
        process.wait_for_log("web.yaml")
        assert ask(port, "web.apps.test") == ["10.0.0.6"]
        (tmp_path / "web.yaml").unlink()
        wait_for(lambda: not ask(port, "web.apps.test"), "the end of the record")
        wait_for(lambda: len(process.logged('"deleted A')) == 2, "both deletions in the log")
        assert {line["object"] for line in process.logged('"deleted A')} == {"ingress/default/web"}
        assert process.stop() == 0


def test_endpoints_are_shown_with_no_provider_asked(tmp_path: Path) -> None:
    manifest(tmp_path / "web.yaml", "10.0.0.5")
    shown = run_cli("endpoints", f"--manifests={tmp_path}", "-o", "json")
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout) == [
        {
            "dnsName": "web.apps.test",
            "recordType": "A",
            "targets": ["10.0.0.5"],
            "labels": {"resource": "ingress/default/web"},
        }
    ]


def test_a_plan_exits_with_2_where_something_would_change(tmp_path: Path) -> None:
    manifest(tmp_path / "web.yaml", "10.0.0.5")
    planned = run_cli("plan", "--provider=inmemory", "--inmemory-zone=apps.test", f"--manifests={tmp_path}")
    assert planned.returncode == 2
    assert "+ " in planned.stdout
    assert "web.apps.test" in planned.stdout
    nothing = run_cli("plan", "--provider=inmemory", "--inmemory-zone=other.test", f"--manifests={tmp_path}")
    assert nothing.returncode == 0, nothing.stdout


def test_every_mistake_is_one_clear_line(tmp_path: Path) -> None:
    manifest(tmp_path / "web.yaml", "10.0.0.5")
    here = f"--manifests={tmp_path}"
    inmemory = "--provider=inmemory"
    mistakes = {
        ("run", "--no-such-flag"): "--no-such-flag",
        ("plan", inmemory, "--manifests=/no/such/path"): "/no/such/path",
        ("plan", inmemory, "--kubeconfig=/no/such/config"): "/no/such/config",
        ("plan", here): "--provider",
        ("plan", here, "--provider=aws"): "credentials",
        ("plan", here, "--provider=google"): "credentials",
        ("plan", here, inmemory, "--txt-prefix=a", "--txt-suffix=b"): "--txt-",
        ("plan", here, inmemory, "--fqdn-template={{.Name"): "--fqdn-template",
        ("plan", here, inmemory, "--regex-domain-filter=("): "--regex-domain-filter",
        ("run", here, "--provider=builtin"): "--zone",
        ("plan", here, "--source=service", inmemory): "service",
    }
    environment = {"AWS_EC2_METADATA_DISABLED": "true", "NO_GCE_CHECK": "true"}
    for arguments, word in mistakes.items():
        ended = run_cli(*arguments, environment=environment)
        assert ended.returncode in (1, 2), arguments
        assert word in ended.stderr, (arguments, ended.stderr)
        assert "Traceback" not in ended.stderr, (arguments, ended.stderr)
        assert ended.stdout == "", arguments
        assert len(ended.stderr.strip().splitlines()) <= 2, (arguments, ended.stderr)
