"""Every command in the docs is one that works: it parses, what it names is there, what it shows is shown."""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from dnssync.cli import program
from dnssync.cli.options import SettingsCommand
from tests.docs.pages import ROOT, Command, Exchange, commands, exchanges

COMMANDS = commands()

# What else readers are told to type; each was tried, as far as it can be without an account or a cluster.
OTHER_PROGRAMS = {"tsig-keygen", ".", "aws", "curl", "dig", "docker", "gcloud", "pytest"}


def by_program(*names: str) -> list[Command]:
    return [command for command in COMMANDS if command.words[0] in names]


def parse(words: tuple[str, ...]) -> click.Context:
    """Let the command line's own parser read the words, without doing the command's work."""
    name, *args = words[1:]
    if name.startswith("-"):
        name, args = "run", [name, *args]
    with click.Context(program) as context:
        command = program.get_command(context, name)
        assert command is not None, f"there is no command {name}"
        while isinstance(command, click.Group):
            found = command.get_command(context, args[0])
            assert found is not None, f"there is no command {name} {args[0]}"
            command, args = found, args[1:]
        if isinstance(command, SettingsCommand):
            command.environ = {}
        return command.make_context(name, args, parent=context)


@pytest.mark.parametrize("command", by_program("dnssync"), ids=str)
def test_the_command_line_takes_it(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    parse(command.words)


def test_a_flag_that_is_none_would_be_found() -> None:
    with pytest.raises(click.UsageError):
        parse(("dnssync", "plan", "--no-such-flag"))
    with pytest.raises(AssertionError):
        parse(("dnssync", "audit"))


@pytest.mark.parametrize("command", by_program("make"), ids=str)
def test_the_target_is_there(command: Command) -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(command.words[1:]) <= set(targets)


@pytest.mark.parametrize("command", by_program("kubectl"), ids=str)
def test_the_kustomization_is_there(command: Command) -> None:
    for word in command.words[1:]:
        if word.startswith("manifests/"):
            assert (ROOT / word / "kustomization.yaml").is_file()


@pytest.mark.parametrize("command", by_program("python"), ids=str)
def test_the_python_program_is_there(command: Command) -> None:
    if command.words[1] == "-m":
        assert importlib.util.find_spec(command.words[2]) is not None
    else:
        assert (ROOT / command.words[1]).is_file()


def test_nothing_else_is_typed() -> None:
    known = {"dnssync", "make", "kubectl", "python"} | OTHER_PROGRAMS
    assert {command.words[0] for command in COMMANDS} <= known


def test_files_of_the_project_that_commands_name_are_there() -> None:
    named = {
        word for command in COMMANDS for word in command.words if re.match(r"(manifests|examples)/", word)
    }
    assert named
    assert [word for word in sorted(named) if not (ROOT / word).exists()] == []


@pytest.mark.parametrize("exchange", exchanges(), ids=str)
def test_what_is_shown_is_what_comes(exchange: Exchange, tmp_path: Path) -> None:
    words = shlex.split(exchange.typed)
    assert words[0] == "dnssync", "only our own commands are shown with their output"
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LC_ALL")}
    ended = subprocess.run(
        [sys.executable, "-m", "dnssync", *words[1:]],
        cwd=ROOT,
        env={**kept, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stderr == ""
    shown = [line.rstrip() for line in ended.stdout.splitlines()]
    assert shown == exchange.shown.splitlines()
