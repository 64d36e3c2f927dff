"""A keeper with real worker processes on loopback, and questions to it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import dns.exception
import dns.message
import dns.query

from resolver.config import ResolverConfig
from resolver.serving.keeper import Keeper
from tests.resolver.serving import TIMEOUT, texts
from tests.resolver.zones import update

# Seconds until a question over UDP is asked again: more than an answer takes on a busy machine.
_PATIENCE = 3.0
_ATTEMPTS = 4


class Kept:
    """One running keeper; ``host`` and ``port`` are those of its first address."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        host, _, port = keeper.addresses[0].rpartition(":")
        self.host, self.port = host.strip("[]"), int(port)

    def give(self, *lines: str, zone: str = "xip.test") -> int:
        return self.keeper.apply(zone, update(lines))

    def udp(self, name: str, rtype: str = "A", **options: Any) -> list[str]:
        """Ask as clients do, again while nothing comes back: a queue that is full loses questions."""
        query = dns.message.make_query(name, rtype, **options)
        for _ in range(_ATTEMPTS - 1):
            with suppress(dns.exception.Timeout):
                return texts(dns.query.udp(query, self.host, _PATIENCE, self.port))
        return texts(dns.query.udp(query, self.host, _PATIENCE, self.port))

    def tcp(self, name: str, rtype: str = "A", **options: Any) -> list[str]:
        query = dns.message.make_query(name, rtype, **options)
        return texts(dns.query.tcp(query, self.host, TIMEOUT, self.port))

    def everywhere(self, name: str, rtype: str = "A", questions: int = 24) -> set[tuple[str, ...]]:
        """All different answers to a question from many source ports, so that each worker is asked."""
        return {tuple(self.udp(name, rtype)) for _ in range(questions)}

    @property
    def pids(self) -> list[int]:
        assert self.keeper.crew
        return [place.process.pid for place in self.keeper.crew.places if place.process]


@contextmanager
def keeping(*listen: str, **settings: Any) -> Iterator[Kept]:
    """Serve ``xip.test`` from worker processes until the block ends."""
    given = {"listen": listen or ("127.0.0.1:0",), "zones": ("xip.test",), **settings}
    keeper = Keeper(ResolverConfig(**given))
    try:
        keeper.bind()
        keeper.start()
        yield Kept(keeper)
    finally:
        keeper.close()
