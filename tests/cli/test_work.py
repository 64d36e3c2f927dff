"""The commands at work on real manifest files, with zones in memory."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dnssync.cli import execute

ROOT = Path(__file__).parents[2]
INGRESS = """
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: %(name)s, namespace: default}
spec: {rules: [{host: %(name)s.example.com}]}
status: {loadBalancer: {ingress: [{ip: 10.0.0.5}]}}
"""


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "app.yaml").write_text(INGRESS % {"name": "app"})
    return [f"--manifests={folder}", "--provider=inmemory", "--inmemory-zone=example.com"]


def output(args: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = execute(args)
    captured = capsys.readouterr()
    assert captured.err == ""
    return code, captured.out


def test_plan_says_by_its_exit_code_that_there_are_changes(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, shown = output(["plan", *options], capsys)
    assert code == 2
    assert shown.splitlines() == [
        "example.com",
        "  + app.example.com A 10.0.0.5  (ingress/default/app)",
        "1 to create, 0 to update, 0 to delete.",
    ]
    code, shown = output(["plan", *options, "--exclude-domains=example.com"], capsys)
    assert code == 0
    assert shown.splitlines()[-1].startswith("Nothing to change")


def test_a_saved_plan_is_what_is_shown_as_json_and_can_be_applied(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.json"
    code, shown = output(["plan", *options, "-o", "json", f"--out={file}"], capsys)
    assert code == 2
    assert file.read_text() == shown
    assert json.loads(shown)["zones"][0]["plan"]["changes"][0]["new"]["targets"] == ["10.0.0.5"]
    assert execute(["apply", str(file), *options]) == 0
    assert "app.example.com" in capsys.readouterr().err


def test_a_plan_that_cannot_be_saved_is_one_line(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "missing" / "plan.json"
    assert execute(["plan", *options, f"--out={file}"]) == 1
    assert (
        capsys.readouterr().err == f"dnssync: error: --out: cannot write {file}: No such file or directory\n"
    )


def test_endpoints_in_every_form_are_the_same(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    as_json = json.loads(output(["endpoints", *options, "-o", "json"], capsys)[1])
    assert as_json == yaml.safe_load(output(["endpoints", *options, "-o", "yaml"], capsys)[1])
    assert [(entry["dnsName"], entry["targets"]) for entry in as_json] == [("app.example.com", ["10.0.0.5"])]
    table = output(["endpoints", *options], capsys)[1].splitlines()
    assert table[0].split() == ["NAME", "TYPE", "TARGETS", "OBJECT"]
    assert table[1].split() == ["app.example.com", "A", "10.0.0.5", "ingress/default/app"]


def test_records_of_an_empty_zone_are_an_empty_list(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert output(["records", *options, "-o", "json"], capsys) == (0, "[]\n")


def test_one_sync_ends_with_success(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["run", "--once", *options, "--metrics-address="]) == 0
    assert "record=app.example.com" in capsys.readouterr().err


def test_run_ends_cleanly_when_it_is_interrupted(options: list[str]) -> None:
    args = [sys.executable, "-m", "dnssync", *options, "--metrics-address=127.0.0.1:0"]
    with subprocess.Popen(args, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "record=app.example.com" in line:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert "Traceback" not in process.stderr.read()


def test_run_says_with_which_options_it_starts_and_no_secret(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    execute(["run", "--once", *options, "--metrics-address=", f"--txt-encrypt-aes-key={key}"])
    shown = capsys.readouterr().err
    assert "starts with --once=true --metrics-address= --manifests=" in shown
    assert "--txt-encrypt-aes-key=******" in shown
    assert key not in shown


def test_apply_refuses_a_dry_run(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["apply", str(tmp_path / "plan.json"), *options, "--dry-run"]) == 1
    assert capsys.readouterr().err.startswith("dnssync: error: --dry-run: apply does nothing but write")


def test_the_demo_refuses_another_provider(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["demo", "--provider=aws"]) == 1
    assert capsys.readouterr().err.startswith("dnssync: error: --provider: the demo needs builtin")


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_full_disk_is_one_line(options: list[str], form: str) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "dnssync", "endpoints", options[0], "-o", form]
        done = subprocess.run(command, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "dnssync: error: the output cannot be written: No space left on device\n"
