"""Help is complete, grouped and quick, and the options page is what the models say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dnssync.cli import COMMANDS, execute
from dnssync.cli.docs import options_page
from dnssync.option import options_of
from dnssync.settings import ResolverSettings, Settings

ROOT = Path(__file__).parents[2]
HEAVY = {
    "apscheduler", "boto3", "botocore", "cryptography", "dns", "dnslib", "google", "jinja2", "kubernetes",
    "prometheus_client", "requests", "rich", "tenacity", "urllib3", "watchfiles", "yaml",
}  # fmt: skip
WITH_SETTINGS = ("run", "plan", "apply", "endpoints", "records", "explain", "demo")


def loaded_by(args: list[str]) -> set[str]:
    """The top-level modules that a run of the command line loads."""
    run = f"from dnssync.cli import execute; execute({args!r})"
    code = f"import sys; {run}; print(*sys.modules, file=sys.stderr)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in result.stderr.split()}


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["run", "--help"], ["resolver", "--help"]])
def test_help_and_version_load_nothing_heavy(args: list[str]) -> None:
    loaded = loaded_by(args)
    assert "click" in loaded
    assert not loaded & HEAVY


def test_generating_a_hostname_loads_nothing_heavy() -> None:
    assert not loaded_by(["hostname", "generate", "web", "10.0.0.5"]) & HEAVY


def test_the_top_help_names_every_command_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"^  {name} ", shown, re.MULTILINE) for name in COMMANDS)
    assert "Exit codes" in shown
    assert "_DNSSYNC_COMPLETE=bash_source" in shown


@pytest.mark.parametrize("command", WITH_SETTINGS)
def test_help_of_a_command_has_every_option_once_in_its_group(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute([command, "--help"]) == 0
    shown = capsys.readouterr().out
    groups = [line.removesuffix(":") for line in shown.splitlines() if re.fullmatch(r"[A-Z].*:", line)]
    assert [group for group in groups if group not in ("Usage", "General")] == list(
        dict.fromkeys(field.option.group for field in options_of(Settings).values())
    )
    for name in options_of(Settings):
        assert len(re.findall(rf"^  --{name}[ ,]", shown, re.MULTILINE)) == 1, name
    assert "cloudflare" not in shown


def test_help_of_the_resolver_has_its_own_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["resolver", "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"--{name}" in shown for name in options_of(ResolverSettings))
    assert "--policy" not in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--version"]) == 0
    assert re.fullmatch(r"dnssync \d+\.\d+\.\d+\S*\n", capsys.readouterr().out)


def test_the_options_page_is_current() -> None:
    page = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
    assert page == options_page(), "write it again: python -m dnssync.cli.docs docs/options.md"
