"""The query log: what it tells, and that it neither grows nor hinders."""

import fcntl
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver import ResolverError
from resolver.answers.responder import Transport
from resolver.telemetry.querylog import Entry, QueryLog, describe
from tests.resolver.serving import serving
from tests.resolver.zones import World
from tests.waiting import wait_for

CLIENT = bytes([192, 0, 2, 7])
ASKED = dns.message.make_query("APP.10.0.0.5.xip.test", "HTTPS").to_wire()


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def entry(wire: bytes, reply: bytes | None) -> Entry:
    return Entry(1_800_000_000.25, CLIENT, Transport.UDP, wire, reply)


def test_a_line_tells_who_asked_what_and_got_what() -> None:
    reply = World().bytes(ASKED)
    assert reply is not None
    line = describe(entry(ASKED, reply))
    assert (line.time, line.client, line.transport) == ("2027-01-15T08:00:00.250000Z", "192.0.2.7", "udp")
    assert (line.name, line.type) == ("APP.10.0.0.5.xip.test.", "HTTPS")
    assert (line.rcode, line.size) == ("NOERROR", len(reply))


def test_a_client_of_a_socket_of_both_families_has_its_own_address() -> None:
    mapped = Entry(0.0, bytes(10) + b"\xff\xff" + CLIENT, Transport.UDP, ASKED, None)
    assert describe(mapped).client == "192.0.2.7"


def test_extended_rcodes_are_told_whole() -> None:
    asked = dns.message.make_query("10.0.0.5.xip.test", "A", use_edns=1).to_wire()
    assert describe(entry(asked, World().bytes(asked))).rcode == "BADVERS"


@pytest.mark.parametrize("reply", [None, b""])
def test_silence_has_no_rcode(reply: bytes | None) -> None:
    line = describe(entry(ASKED, reply))
    assert (line.rcode, line.size) == (None, None)


@given(st.binary(max_size=60), st.none() | st.binary(min_size=12, max_size=60))
def test_any_bytes_have_a_line(data: bytes, reply: bytes | None) -> None:
    for wire in (data, bytes(5) + b"\1" + bytes(6) + data):
        json.loads(json.dumps(describe(entry(wire, reply)).name))


def test_questions_are_written_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "queries.log"
    with serving(query_log=str(path)) as running:
        running.udp("10.0.0.5.xip.test")
        running.tcp("nothing.xip.test", "AAAA")
    first, second = read(path)
    assert (first["name"], first["rcode"], first["transport"]) == ("10.0.0.5.xip.test.", "NOERROR", "udp")
    assert (second["type"], second["rcode"], second["transport"]) == ("AAAA", "NXDOMAIN", "tcp")
    assert first["client"] == "127.0.0.1"


def test_what_does_not_fit_is_dropped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolver.telemetry.querylog._FLUSH_INTERVAL", 60)
    path = tmp_path / "queries.log"
    log = QueryLog(str(path), size=100)
    handle = log.wrap(lambda wire, client, transport: None)
    for _ in range(250):
        handle(ASKED, CLIENT, Transport.UDP)
    log.close()
    assert log.dropped == 150
    lines = read(path)
    assert len(lines) == 101
    assert {"dropped": 150} in lines


def test_a_file_that_was_moved_away_is_made_anew(tmp_path: Path) -> None:
    path, moved = tmp_path / "queries.log", tmp_path / "queries.log.1"
    log = QueryLog(str(path))
    path.rename(moved)
    log.wrap(lambda wire, client, transport: None)(ASKED, CLIENT, Transport.TCP)
    log.close()
    assert len(read(path)) == 1
    assert read(moved) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="wants a device that is always full")
def test_a_full_disk_only_costs_lines() -> None:
    log = QueryLog("/dev/full")
    handle = log.wrap(lambda wire, client, transport: b"answer")
    assert [handle(ASKED, CLIENT, Transport.UDP) for _ in range(10)] == [b"answer"] * 10
    log.close()
    assert log.dropped == 10


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "queries.log"
    log = QueryLog(str(path))
    handle = log.wrap(lambda wire, client, transport: None)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        for _ in range(20):
            handle(ASKED, CLIENT, Transport.UDP)
        wait_for(lambda: log.dropped)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    handle(ASKED, CLIENT, Transport.UDP)
    log.close()
    lines = path.read_text().splitlines()
    torn = [line for line in lines if not line.endswith("}")]
    assert len(torn) == 1
    assert {"dropped": log.dropped} in [json.loads(line) for line in lines if line not in torn]
    # The news of what was dropped, and the torn line, are none of the questions.
    assert len(lines) - 2 + log.dropped == 21


WRITER = """
import sys
from resolver.answers.responder import Transport
from resolver.telemetry.querylog import QueryLog
log = QueryLog("-")
print("here", flush=True)
sys.stdin.readline()
handle = log.wrap(lambda wire, client, transport: None)
for _ in range(2000):
    handle(bytes.fromhex(sys.argv[1]), bytes(4), Transport.UDP)
log.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="wants a pipe of a certain size")
def test_lines_of_several_processes_do_not_mix_in_a_pipe() -> None:
    name = ".".join([r"\255" * 60] * 3) + ".xip.test"
    asked = dns.message.make_query(name, "A").to_wire().hex()
    reader, writer = os.pipe()
    # So small that a longer write cannot go in one piece.
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    command = [sys.executable, "-c", WRITER, asked]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=writer) for _ in range(3)]
    os.close(writer)
    for process in processes:
        assert process.stdout and process.stdout.readline() == b"here\n"
    for process in processes:
        assert process.stdin and process.stdout
        process.stdin.close()
        process.stdout.close()
    with os.fdopen(reader, "rb") as lines:
        assert [json.loads(line)["type"] for line in lines] == ["A"] * 6000
    assert [process.wait() for process in processes] == [0, 0, 0]


def test_a_file_that_cannot_be_written_is_told_at_the_start() -> None:
    with pytest.raises(ResolverError, match=r"cannot write the query log /nowhere/log: No such file"):
        QueryLog("/nowhere/log")


def test_without_a_log_nothing_stands_in_the_way() -> None:
    with serving() as running:
        assert running.resolver._answering.handle == running.resolver._answering._handle
