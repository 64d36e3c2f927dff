"""On a real terminal (a pseudo-terminal here): colours and tables, unless NO_COLOR is set."""

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = """
from dnssync import render
from dnssync.changes import Action, Change
from dnssync.cli.output import show_lines, show_table
from dnssync.endpoints import Endpoint
from dnssync.plan import Plan
app = Endpoint("app.example.com", "A", ("10.0.0.5",), 300)
show_lines(render.plan_lines({"example.com": Plan((Change(Action.CREATE, new=app),))}))
show_table(render.endpoint_table([app]))
"""


def shown_on_a_terminal(**environment: str) -> str:
    leader, follower = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=ROOT,
        env=env | {"TERM": "xterm-256color", "COLUMNS": "100"} | environment,
        stdout=follower,
        check=True,
    )
    os.close(follower)
    parts = []
    try:
        while part := os.read(leader, 65536):
            parts.append(part)
    except OSError:  # how Linux says that the other side of a pseudo-terminal has closed
        pass
    os.close(leader)
    return b"".join(parts).decode()


def test_a_plan_is_coloured_and_records_are_a_table() -> None:
    shown = shown_on_a_terminal()
    assert "\x1b[32m  + app.example.com A 300 10.0.0.5\x1b[0m" in shown
    assert "─" in shown
    assert "SETTINGS" not in shown


def test_no_color_is_respected() -> None:
    shown = shown_on_a_terminal(NO_COLOR="1")
    assert "\x1b[3" not in shown
    assert "  + app.example.com A 300 10.0.0.5" in shown
