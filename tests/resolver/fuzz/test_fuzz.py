"""The corpus, and some thousand accidents; ``python -m tests.resolver.fuzz`` goes on for longer."""

import logging
import random
from collections.abc import Iterator

import dns.edns
import dns.message
import pytest

from tests.resolver.fuzz.mutations import make_seeds, mutate, read_corpus
from tests.resolver.fuzz.target import LONG_NAME, Target, raise_on_errors, valid_cookie


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
