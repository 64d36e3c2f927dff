"""The resolver as a process: on its own, and fed by a parent."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver import ResolverError
from resolver.config import ResolverConfig
from resolver.feeding.feed import read_lines, run_feed
from resolver.feeding.protocol import FeedRecord, FeedUpdate, Start
from tests.resolver.serving import TIMEOUT, serving, texts

PROJECT = Path(__file__).resolve().parents[2]
START = Start(ResolverConfig(zones=("xip.test",), listen=("127.0.0.1:0",)))


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """``python -m resolver`` with the arguments; killed at the end if it still runs."""
    running = subprocess.Popen(
        [sys.executable, "-m", "resolver", *arguments],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with running:
        try:
            yield running
        finally:
            running.kill()


def said(running: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert running.stdout
    line: dict[str, Any] = json.loads(running.stdout.readline())
    return line


def tell(running: subprocess.Popen[bytes], line: bytes) -> None:
    assert running.stdin
    running.stdin.write(line + b"\n")
    running.stdin.flush()


def ask(address: str, name: str) -> list[str]:
    host, _, port = address.rpartition(":")
    return texts(dns.query.udp(dns.message.make_query(name, "A"), host, TIMEOUT, int(port)))


def record(name: str, address: str) -> FeedRecord:
    return FeedRecord(name, "A", 60, (address,))


def test_a_fed_process_answers_what_it_has_acknowledged() -> None:
    first = FeedUpdate("xip.test", (record("first.xip.test", "192.0.2.1"),))
    with process("--feed") as child:
        tell(
            child,
            msgspec.json.encode(
                msgspec.structs.replace(START, updates=(first,), serials={"xip.test": 4 * 10**9})
            ),
        )
        (address,) = said(child)["addresses"]
        assert ask(address, "first.xip.test") == ["192.0.2.1"]
        tell(child, msgspec.json.encode(FeedUpdate("xip.test", (record("new.xip.test", "192.0.2.2"),))))
        ack = said(child)
        assert ack["ack"] == 1
        assert ack["serial"] > 4 * 10**9
        assert ask(address, "new.xip.test") == ["192.0.2.2"]
        tell(child, b'{"zone":"xip.test","delete":[["new.xip.test","A"]]}')
        assert said(child)["ack"] == 2
        assert ask(address, "new.xip.test") == []
        tell(child, b'{"zone":"xip.test","replace":true}')
        assert said(child)["ack"] == 3
        assert ask(address, "first.xip.test") == []
        assert child.stdin
        child.stdin.close()
        assert child.wait(TIMEOUT) == 0


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"zone":1}',
        b'{"zone":"other.test"}',
        b'{"zone":"a..b"}',
        b'{"zone":"xip.test","set":[{"name":"a.xip.test","type":"A","ttl":60,"data":["x"]}]}',
        b'{"zone":"xip.test","set":[{"name":"a.xip.test","type":"NOPE","ttl":60,"data":["x"]}]}',
        b'{"zone":"xip.test","set":[{"name":"a.other","type":"A","ttl":60,"data":["192.0.2.1"]}]}',
        b'{"zone":"xip.test","set":[{"name":"a.xip.test","type":"A","ttl":99999999999999999999,"data":[]}]}',
        b'{"zone":"xip.test","delete":[["a..xip.test","A"]]}',
    ],
)
def test_a_bad_update_is_acknowledged_with_its_error(line: bytes) -> None:
    answers = feed(line, msgspec.json.encode(FeedUpdate("xip.test", (record("a.xip.test", "192.0.2.1"),))))
    assert answers[1]["ack"] == 1
    assert answers[1]["error"]
    assert "error" not in answers[2]


def feed(*lines: bytes) -> list[dict[str, Any]]:
    """What a feed in this process says to the lines after the start."""
    ours, theirs = os.pipe()
    with FileIO(theirs, "w") as output:
        run_feed(iter([[msgspec.json.encode(START), *lines]]), output, threading.Event())
    return [json.loads(line) for line in read_and_close(ours)]


def read_and_close(descriptor: int) -> list[bytes]:
    try:
        return list(read_lines(descriptor))
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"x", b'{"config":{"zones":[]}}', b'{"config":{"zones":["x"],"nope":1}}']
)
def test_a_bad_start_is_told_to_the_parent(line: bytes) -> None:
    ours, theirs = os.pipe()
    with FileIO(theirs, "w") as output, pytest.raises(ResolverError):
        run_feed(iter([[line]]), output, threading.Event())
    (answer,) = read_and_close(ours)
    assert json.loads(answer)["error"]


@given(st.lists(st.binary(max_size=50).filter(lambda line: b"\n" not in line), max_size=8))
def test_lines_are_those_that_were_written(lines: list[bytes]) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, b"".join(line + b"\n" for line in lines))
    os.close(theirs)
    assert read_and_close(ours) == lines


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with process("--listen", "127.0.0.1:0", "--zone", "xip.test", "--deny-net", "10.0.0.0/8") as running:
        assert running.stderr
        line = running.stderr.readline().decode()
        address = line.split()[-1]
        assert ask(address, "192.0.2.5.xip.test") == ["192.0.2.5"]
        assert ask(address, "10.0.0.5.xip.test") == []
        running.send_signal(number)
        assert running.wait(TIMEOUT) == 0
        assert running.stderr.read() == b""


def test_a_taken_port_is_one_line_and_exit_code_1() -> None:
    with serving() as running, process("--listen", running.addresses[0], "--zone", "xip.test") as second:
        out, err = second.communicate(timeout=TIMEOUT)
        assert second.returncode == 1
        assert err.decode() == (
            f"resolver: error: cannot listen on {running.addresses[0]}: Address already in use; "
            "give another --listen\n"
        )
        assert out == b""


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ([], "no zone is given"),
        (["--zone", "a..b"], "the name 'a..b' has a label that is empty"),
        (["--zone", "x", "--listen", "here"], "cannot listen on 'here'"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_1(arguments: list[str], line: str) -> None:
    with process(*arguments) as running:
        _, err = running.communicate(timeout=TIMEOUT)
        assert running.returncode == 1
        assert err.decode().startswith(f"resolver: error: {line}")
        assert err.count(b"\n") == 1


def test_the_end_of_the_parent_ends_the_process() -> None:
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        subprocess.Popen(
            [sys.executable, "-m", "resolver", "--feed"],
            cwd=PROJECT,
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
        ) as child,
    ):
        theirs.close()
        ours.sendall(msgspec.json.encode(START) + b"\n")
        ours.settimeout(TIMEOUT)
        assert b"addresses" in ours.recv(4096)
        ours.close()
        assert child.wait(TIMEOUT) == 0
