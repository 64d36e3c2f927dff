"""The commands as a user runs them: exit codes, one clear line per error, data alone on stdout."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dnssync.cli import execute

ROOT = Path(__file__).parents[2]
DNSSYNC = [sys.executable, "-m", "dnssync"]


def errors_of(args: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = execute(args)
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err.splitlines()


@pytest.mark.parametrize(
    ("args", "code", "line"),
    [
        (
            ["run", "--polcy=sync"],
            2,
            "no such option --polcy; did you mean --policy? (see dnssync run --help)",
        ),
        (
            ["plan", "--polcy=sync"],
            1,
            "no such option --polcy; did you mean --policy? (see dnssync plan --help)",
        ),
        (["plan", "--interval"], 1, "option '--interval' requires an argument (see dnssync plan --help)"),
        (["plan", "--events=maybe"], 1, "--events: 'maybe' is neither true nor false"),
        (["pln"], 2, "no such command 'pln'; did you mean plan? (see dnssync --help)"),
        (["apply"], 2, "missing argument 'FILE' (see dnssync apply --help)"),
        (
            ["run", "--policy=x"],
            1,
            "--policy: 'x' is not supported; choose from: sync, upsert-only, create-only",
        ),
        (["run"], 1, "--provider: none is given; choose from: aws, google, builtin, inmemory"),
        (["--source=ingress"], 1, "--provider: none is given; choose from: aws, google, builtin, inmemory"),
        (["plan"], 1, "--provider: none is given; choose from: aws, google, builtin, inmemory"),
        (["resolver"], 1, "no zone is given; name at least one, such as --zone xip.test"),
        (["resolver", "--zone=a.test", "--listen=nowhere"], 1, None),
        (
            ["hostname", "decode", "app.example.com"],
            1,
            "'app.example.com' carries no address directly before any zone",
        ),
        (["hostname", "generate", "web", "10.0.0"], 1, "'10.0.0' is not an IP address"),
        (
            ["apply", "/nonexistent/plan", "--provider=inmemory"],
            1,
            "cannot read /nonexistent/plan: No such file or directory",
        ),
    ],
)
def test_an_error_is_one_line_and_an_exit_code(
    args: list[str], code: int, line: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    got, lines = errors_of(args, capsys)
    assert got == code
    assert len(lines) == 1
    assert lines[0] == f"dnssync: error: {line}" or (line is None and lines[0].startswith("dnssync: error: "))


def test_settings_that_do_not_fit_together_are_told_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    args = ["run", "--provider=builtin", "--annotation-prefix=x", "--force-default-targets", "--interval=0"]
    code, lines = errors_of([*args, "--manifests=a", "--context=b"], capsys)
    assert code == 1
    assert [line.split(": ")[2] for line in lines] == [
        "--annotation-prefix",
        "--force-default-targets",
        "--manifests",
        "--zone",
        "--interval",
    ]


def test_no_command_shows_the_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_a_file_that_is_no_saved_plan_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.json"
    file.write_text('{"kind": "something else"}')
    code, lines = errors_of(["apply", str(file), "--provider=inmemory"], capsys)
    assert code == 1
    assert lines[0].startswith(f"dnssync: error: {file} is no saved plan of `dnssync plan --out FILE`: ")


def test_hostname_generate_and_decode(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["hostname", "generate", "web", "10.0.0.5", "--namespace=team", "--domain=a.test"]) == 0
    assert capsys.readouterr().out == "web-team-10-0-0-5.a.test\n"
    assert execute(["hostname", "decode", "web-team-10-0-0-5.a.test"]) == 0
    assert capsys.readouterr().out == "10.0.0.5\n"
    assert execute(["hostname", "decode", "web.10.0.0.5.a.test", "--zone=a.test", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "host": "web.10.0.0.5.a.test",
        "address": "10.0.0.5",
        "zone": "a.test",
    }


def test_the_shell_can_complete_a_line_that_is_not_right_yet() -> None:
    words = {"_DNSSYNC_COMPLETE": "bash_complete", "COMP_CWORD": "4"}
    line = {"COMP_WORDS": "dnssync run --interval x --txt-own"}
    code = [sys.executable, "-c", "from dnssync.cli import main; main()"]
    result = subprocess.run(
        code, cwd=ROOT, env=os.environ | words | line, capture_output=True, text=True, check=False
    )
    assert result.stdout == "plain,--txt-owner-id\n"
    assert result.stderr == ""


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [*DNSSYNC, "run", "--help"], cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(writer)
    assert process.stderr == ""
    assert process.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_resolver_serves_until_it_is_interrupted(number: signal.Signals) -> None:
    args = [*DNSSYNC, "resolver", "--zone=xip.test", "--listen=127.0.0.1:0", "--log-format=json"]
    with subprocess.Popen(args, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        message = json.loads(process.stderr.readline())["message"]
        port = int(message.rpartition(":")[2])
        assert ask(b"\x01a\x0810-0-0-5\x03xip\x04test\x00", port).endswith(bytes([10, 0, 0, 5]))
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
        assert "Traceback" not in process.stderr.read()


def ask(name: bytes, port: int) -> bytes:
    """The answer to an A question, sent without EDNS."""
    query = b"\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00" + name + b"\x00\x01\x00\x01"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.sendto(query, ("127.0.0.1", port))
        return client.recv(512)
