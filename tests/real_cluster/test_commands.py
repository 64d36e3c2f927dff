"""The commands that look, on a real cluster: what is wanted, what would change, and the story of a name."""

from pathlib import Path

from tests.end_to_end.process import flags_for, run_cli
from tests.real_cluster.conftest import ZONE, Cluster
from tests.real_cluster.objects import ASKED, ingress


def flags(cluster: Cluster) -> list[str]:
    return [*flags_for(ZONE), f"--kubeconfig={cluster.server.admin_kubeconfig}"]


def test_a_plan_is_shown_saved_applied_and_then_empty(cluster: Cluster, tmp_path: Path) -> None:
    cluster.create(ingress("web", f"www.{ZONE}"), "10.0.0.5")
    environment = cluster.cloud.environment()
    file = f"{tmp_path / 'plan.json'}"
    shown = run_cli("plan", *flags(cluster), f"--out={file}", environment=environment)
    assert (shown.returncode, shown.stderr) == (2, "")
    assert f"+ www.{ZONE} A 10.0.0.5  (ingress/{cluster.namespace}/web)" in shown.stdout
    applied = run_cli("apply", file, *flags_for(ZONE), environment=environment)
    assert applied.returncode == 0, applied.stderr
    assert cluster.values("www") == ["10.0.0.5"]
    again = run_cli("plan", *flags(cluster), environment=environment)
    assert (again.returncode, again.stdout) == (0, "Nothing to change.\n")
    records = run_cli("records", *flags(cluster), "-o", "json", environment=environment)
    assert f"ingress/{cluster.namespace}/web" in records.stdout


def test_one_pass_writes_what_is_wanted_and_ends(cluster: Cluster) -> None:
    cluster.create(ingress("web", f"www.{ZONE}"), "10.0.0.5")
    done = run_cli("run", "--once", *flags(cluster), environment=cluster.cloud.environment())
    assert done.returncode == 0, done.stderr
    assert cluster.values("www") == ["10.0.0.5"]


def test_the_story_of_a_generated_name_is_told(cluster: Cluster) -> None:
    cluster.create(ingress("web", annotations=ASKED), "10.0.0.5")
    host = f"web-{cluster.namespace}-10-0-0-5.apps.{ZONE}"
    hostnames = ["--generate-hostnames", f"--hostname-domain=apps.{ZONE}", "--hostname-ready=0"]
    with cluster.dnssync(*hostnames):
        cluster.expect(host.removesuffix(f".{ZONE}"), ["10.0.0.5"])
    environment = cluster.cloud.environment()
    told = run_cli("explain", host, *flags(cluster), *hostnames, environment=environment)
    assert told.returncode == 0, told.stderr
    assert f"ingress/{cluster.namespace}/web: A 10.0.0.5\n" in told.stdout
    assert "generated for 10.0.0.5" in told.stdout
    assert "A 10.0.0.5, TTL 300, owned by me" in told.stdout
