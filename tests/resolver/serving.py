"""A resolver that really serves on loopback, in a thread, and clients for it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dns.message
import dns.query

from resolver.config import ResolverConfig
from resolver.serving.server import Resolver
from tests.resolver.zones import update

TIMEOUT = 20.0


class Served:
    """One running server; ``host`` and ``port`` are those of its first address."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.addresses = resolver.addresses
        host, _, port = resolver.addresses[0].rpartition(":")
        self.host, self.port = host.strip("[]"), int(port)

    def give(self, *lines: str, zone: str = "xip.test") -> int:
        return self.resolver.apply(zone, update(lines))

    def udp(self, name: str, rtype: str = "A", **options: Any) -> dns.message.Message:
        query = dns.message.make_query(name, rtype, **options)
        return dns.query.udp(query, self.host, TIMEOUT, self.port)

    def tcp(self, name: str, rtype: str = "A", **options: Any) -> dns.message.Message:
        query = dns.message.make_query(name, rtype, **options)
        return dns.query.tcp(query, self.host, TIMEOUT, self.port)

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), TIMEOUT)


@contextmanager
def serving(*listen: str, **settings: Any) -> Iterator[Served]:
    """Serve ``xip.test`` on a free port until the block ends."""
    resolver = Resolver(
        ResolverConfig(**{"listen": listen or ("127.0.0.1:0",), "zones": ("xip.test",), **settings})
    )
    resolver.bind()
    stop = threading.Event()
    thread = threading.Thread(target=resolver.serve, args=(stop,))
    thread.start()
    try:
        yield Served(resolver)
    finally:
        stop.set()
        thread.join(TIMEOUT)
        assert not thread.is_alive()


def texts(response: dns.message.Message) -> list[str]:
    """The data of all answers, as text."""
    return [rdata.to_text() for rrset in response.answer for rdata in rrset]


def read_exactly(sock: socket.socket, size: int) -> bytes:
    """So many bytes of a stream."""
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        assert more, "the server closed the connection"
        data += more
    return data
