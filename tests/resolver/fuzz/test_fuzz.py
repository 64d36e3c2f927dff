"""The corpus, and some thousand accidents; ``python -m tests.resolver.fuzz`` goes on for longer."""

import contextlib
import logging
import random
import socket
from collections.abc import Iterator

import dns.edns
import dns.message
import pytest

from tests.resolver.fuzz.mutations import make_seeds, mutate, read_corpus
from tests.resolver.fuzz.target import LONG_NAME, Target, raise_on_errors, valid_cookie
from tests.resolver.keeping import keeping
from tests.resolver.oracle import ZONES


@pytest.fixture(autouse=True)
def _no_survived_errors() -> Iterator[None]:
    handler = raise_on_errors()
    yield
    logging.getLogger("resolver").removeHandler(handler)


@pytest.fixture(scope="module")
def target() -> Target:
    return Target()


@pytest.mark.parametrize("wire", [*read_corpus(), *make_seeds()], ids=lambda wire: wire[:40].hex())
def test_known_inputs(target: Target, wire: bytes) -> None:
    target.check(wire)


@pytest.mark.parametrize("seed", range(4))
def test_accidents(target: Target, seed: int) -> None:
    random_ = random.Random(seed)
    pool = [*read_corpus(), *make_seeds()]
    for _ in range(1500):
        target.check(mutate(random_, pool))


def test_accidents_with_lists_and_policies() -> None:
    target = Target(deny_nets=("10.0.0.0/8",), blocked=("*app*", "www.xip.test"), hex_ipv4=False)
    random_ = random.Random(7)
    pool = make_seeds()
    for _ in range(1500):
        target.check(mutate(random_, pool))


@pytest.mark.parametrize(
    "name", ["long.xip.test", "longer.xip.test", LONG_NAME, "xip.test", "10.0.0.5.xip.test"]
)
@pytest.mark.parametrize("cookie", [b"", b"8 bytes.", valid_cookie()])
def test_every_size_that_a_client_may_take(target: Target, name: str, cookie: bytes) -> None:
    options = [dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)] if cookie else []
    for size in (0, *range(480, 560, 4), *range(1176, 1240, 4), 65535):
        query = dns.message.make_query(name, "TXT", use_edns=0, payload=size, options=options)
        target.check(query.to_wire())
        query = dns.message.make_query(name, "SOA", use_edns=0, payload=size, options=options)
        target.check(query.to_wire())


def test_accidents_over_the_network_leave_the_workers_alive() -> None:
    random_ = random.Random(11)
    pool = [*read_corpus(), *make_seeds()]
    with keeping(zones=ZONES, tcp_timeout=1.0) as kept:
        before = kept.pids
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0)
            for _ in range(3000):
                sock.sendto(mutate(random_, pool), (kept.host, kept.port))
                with contextlib.suppress(BlockingIOError):
                    while reply := sock.recv(4096):
                        assert reply[2] & 0x80
        for _ in range(20):
            with socket.create_connection((kept.host, kept.port)) as sock, contextlib.suppress(OSError):
                for _ in range(30):
                    wire = mutate(random_, pool)
                    sock.sendall(len(wire).to_bytes(2) + wire)
                sock.sendall(random_.randbytes(100))
        assert kept.udp("10.0.0.5.xip.test") == kept.tcp("10.0.0.5.xip.test") == ["10.0.0.5"]
        assert kept.pids == before
