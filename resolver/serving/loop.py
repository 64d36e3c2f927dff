"""The loop that owns the sockets of one process: UDP, TCP, and whatever else wants to be waited for."""

import socket
import time
from collections.abc import Callable, Sequence
from selectors import EVENT_READ, DefaultSelector, SelectorKey
from typing import TYPE_CHECKING

from resolver.answers.answer import Rcode
from resolver.answers.responder import Transport
from resolver.answers.wire import build_error
from resolver.config import ResolverConfig, TcpLimits
from resolver.fast.accelerated import waiting_on
from resolver.fast.sources import Peer, Say
from resolver.fast.udp import Paths, Slow, slow_only
from resolver.serving.sockets import Opened
from resolver.serving.tcp import Relay, TcpClients
from resolver.telemetry.tally import Tally

if TYPE_CHECKING:
    from resolver.serving.tls import Certificate

_INTERVAL = 0.2

Handle = Callable[[bytes, bytes, Transport], bytes | None]


class Loop:
    """Receives messages, has them answered by ``handle`` and sends what it gives; one thread runs it.

    An answer of no bytes (``answering.FORWARD``) is fetched through ``relay``.
    """

    def __init__(
        self,
        handle: Handle,
        limits: TcpLimits,
        *,
        tally: Tally,
        relay: Relay | None = None,
        paths: Callable[[Slow], Paths] = slow_only,
    ) -> None:
        """``paths`` may put a fast path before ``handle`` for what comes by UDP."""
        self._handle = handle
        self._latencies = tally.latencies
        self._relay = relay
        self._selector = DefaultSelector()
        self._waiting = waiting_on(self._selector, paths(self._answer_datagram), tally.latencies)
        self._clients = TcpClients(self._selector, limits, self._answer_stream, relay)

    def listen(self, sockets: Sequence[Opened], certificate: "Certificate | None" = None) -> None:
        """Answer what comes in on them; secure ones need a certificate."""
        for sock, secure in sockets:
            if sock.type == socket.SOCK_STREAM:
                self.watch(sock, self._acceptor(sock, certificate if secure else None))
            else:
                self._waiting.listen(sock)

    def _acceptor(
        self, sock: socket.socket, certificate: "Certificate | None"
    ) -> Callable[[int, float], None]:
        wrap = certificate.wrap if certificate else None
        return lambda mask, now: self._clients.accept(sock, now, wrap)

    def watch(self, sock: socket.socket, ready: Callable[[int, float], None], mask: int = EVENT_READ) -> None:
        """Call ``ready`` (events, monotonic time) whenever the socket is; again to wait for other events."""
        if sock in self._selector.get_map():
            self._selector.modify(sock, mask, ready)
        else:
            self._selector.register(sock, mask, ready)

    def run(self, is_over: Callable[[], bool]) -> None:
        """Serve until ``is_over``, which is asked after each turn and at least five times a second."""
        try:
            while not is_over():
                ready = self._selector.select(0) if self._waiting.wait(_INTERVAL) else []
                now = time.monotonic()
                for key, mask in ready:
                    self._turn(key, mask, now)
                self._clients.expire(now)
        finally:
            self._clients.close()
            self._selector.close()

    def _turn(self, key: SelectorKey, mask: int, now: float) -> None:
        # An earlier handler of this turn may have closed it to make room; what has no handler is UDP.
        if key.data and isinstance(key.fileobj, socket.socket) and key.fileobj.fileno() >= 0:
            key.data(mask, now)

    def _answer_stream(self, wire: bytes, host: str, transport: Transport) -> bytes | None:
        began = time.perf_counter_ns()
        reply = self._handle(wire, packed_address(host), transport)
        self._latencies.note(time.perf_counter_ns() - began)
        return reply

    def _answer_datagram(self, wire: bytes, peer: Peer, say: Say) -> bytes | None:
        reply = self._handle(wire, packed_address(peer[0]), Transport.UDP)
        if reply == b"":
            if self._relay:
                self._relay_datagram(wire, peer, say)
            return None
        return reply

    def _relay_datagram(self, wire: bytes, peer: Peer, say: Say) -> None:
        assert self._relay, "it was asked for"

        def deliver(reply: bytes | None) -> None:
            if reply is not None:
                say(reply)

        if self._relay.open(wire, peer[:2], Transport.UDP, deliver) is None:
            say(build_error(wire, Rcode.SERVFAIL))


def certificate_of(config: ResolverConfig) -> "Certificate | None":
    """The certificate for DNS over TLS, if there is to be any; raises ResolverError if it is unusable."""
    if not config.tls_cert:
        return None
    # Most servers do without, and without its megabytes.
    from resolver.serving.tls import Certificate

    return Certificate(config.tls_cert, config.tls_key)


def packed_address(host: str) -> bytes:
    """The address of a client as bytes, as its socket tells it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.inet_pton(family, host.partition("%")[0])
