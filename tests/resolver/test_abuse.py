"""Clients that mean no good, against real worker processes: idle crowds, slow bytes, floods."""

import contextlib
import resource
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.message
import pytest

from resolver.safety.logquota import MOST
from tests.resolver.keeping import Kept, keeping
from tests.resolver.serving import TIMEOUT
from tests.waiting import wait_for


@pytest.fixture(autouse=True)
def _many_descriptors() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def crowd(kept: Kept, size: int) -> Iterator[list[socket.socket]]:
    """So many connections from 25 addresses."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                socket.create_connection(
                    (kept.host, kept.port), TIMEOUT, source_address=(f"127.0.7.{index % 25 + 1}", 0)
                )
            )
            for index in range(size)
        ]


def is_open(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def seconds_of(action: object) -> float:
    began = time.monotonic()
    assert callable(action)
    assert action() == ["10.0.0.5"]
    return time.monotonic() - began


@pytest.mark.parametrize(("room", "stay"), [(1500, 1000), (100, 100)])
def test_a_thousand_idle_clients_hinder_nobody(room: int, stay: int) -> None:
    with keeping(tcp_connections=room, tcp_timeout=30.0) as kept, crowd(kept, 1000) as idle:
        for _ in range(20):
            assert seconds_of(lambda: kept.tcp("10.0.0.5.xip.test")) < 10
            assert seconds_of(lambda: kept.udp("10.0.0.5.xip.test")) < 10
        left = sum(map(is_open, idle))
        assert stay - 20 <= left <= stay
        assert not left or is_open(idle[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="sets another process's limit")
def test_a_crowd_that_takes_all_descriptors_cannot_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with keeping() as kept:
        (pid,) = kept.pids
        room = len(list(Path(f"/proc/{pid}/fd").iterdir())) + 10
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (room, room))
        began = time.monotonic()
        with crowd(kept, 400) as crowded:
            wait_for(lambda: sum(map(is_open, crowded)) <= 10)
            assert kept.tcp("10.0.0.5.xip.test") == ["10.0.0.5"]
        seconds = time.monotonic() - began
    told = [text for text in caplog.messages if text.startswith("cannot accept a TCP connection")]
    assert told[0] == (
        "cannot accept a TCP connection: Too many open files; allow more open files (ulimit -n)"
        " or fewer --tcp-connections"
    )
    # So many are told in each second of the clock, the first and the last of which are not whole.
    assert len(told) <= MOST * (seconds + 2)


def test_bytes_that_trickle_in_do_not_hold_a_place() -> None:
    frame = b"\x00\x22" + dns.message.make_query("10.0.0.5.xip.test", "A", use_edns=-1).to_wire()
    with keeping(tcp_timeout=1.0) as kept, crowd(kept, 200) as slow:
        for step in range(len(frame)):
            for sock in slow:
                with contextlib.suppress(OSError):
                    sock.sendall(frame[step : step + 1])
            assert kept.tcp("10.0.0.5.xip.test") == ["10.0.0.5"]
            if not any(map(is_open, slow)):
                break
            time.sleep(0.1)
        assert not any(map(is_open, slow))


def flood(kept: Kept, sources: list[str], questions: int) -> tuple[int, int]:
    """Ask from forged addresses as fast as it goes; how many answers and how many slips came back."""
    wire = dns.message.make_query("10.0.0.5.xip.test", "A").to_wire()
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in sources]
        for sock, source in zip(sockets, sources, strict=True):
            sock.bind((source, 0))
            sock.setblocking(False)
        replies = []
        for number in range(questions):
            sock = sockets[number % len(sockets)]
            sock.sendto(wire, (kept.host, kept.port))
            replies += list(received(sock))
        # What is still on its way comes before the answer to this.
        assert kept.udp("10.0.0.5.xip.test", use_edns=0) == ["10.0.0.5"]
        for sock in sockets:
            replies += list(received(sock))
    slips = sum(bool(reply[2] & dns.flags.TC >> 8) for reply in replies)
    return len(replies) - slips, slips


def received(sock: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(BlockingIOError):
        while True:
            yield sock.recv(4096)


def test_a_flood_from_one_network_gets_its_share_and_others_all() -> None:
    with keeping(rrl_private=True, rrl_rate=50, rrl_slip=4) as kept:
        began = time.monotonic()
        answers, slips = flood(kept, [f"127.1.2.{number}" for number in range(1, 60)], 3000)
        took = time.monotonic() - began
        assert 50 <= answers <= 50 * (took + 1) + 1
        assert 0 < slips <= 3000 / 4
        assert kept.tcp("10.0.0.5.xip.test") == ["10.0.0.5"]


def test_a_flood_from_everywhere_leaves_the_server_well() -> None:
    with keeping(rrl_private=True, rrl_rate=5, workers=2) as kept:
        sources = [f"127.{number % 5 + 2}.{number}.1" for number in range(1, 200)]
        answers, _ = flood(kept, sources, 4000)
        assert answers >= 199
        assert kept.udp("10.0.0.5.xip.test") == ["10.0.0.5"]


def test_private_networks_are_not_limited_unless_told() -> None:
    with keeping(rrl_rate=5) as kept:
        assert all(kept.udp("10.0.0.5.xip.test") == ["10.0.0.5"] for _ in range(50))
