"""The server within one process: for tests, and for programs that bring it along.

What users start is ``keeper.Keeper``, which answers from processes of their own.
"""

import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from resolver.answers.responder import Transport
from resolver.config import ResolverConfig
from resolver.errors import ResolverError
from resolver.serving.answering import Answering
from resolver.serving.loop import Loop, certificate_of, packed_address
from resolver.serving.sockets import Opened, addresses_of, close_all, open_all
from resolver.zones.bases import zone_bases
from resolver.zones.static import read_static
from resolver.zones.truth import Truth
from resolver.zones.zone import Update

if TYPE_CHECKING:
    from resolver.serving.tls import Certificate


class Resolver:
    """An authoritative DNS server on UDP and TCP.

    ``bind``, then ``serve`` in one thread; ``apply`` and ``answer_bytes`` may be called from any.
    """

    def __init__(self, config: ResolverConfig, *, serials: Mapping[str, int] | None = None) -> None:
        """``serials``: the least SOA serial per zone, where a former process has used higher ones."""
        self._config = config
        self._truth = Truth(zone_bases(config, read_static(config)), now=int(time.time()), serials=serials)
        self._answering = Answering(config, self._truth.zones)
        self._sockets: list[list[Opened]] = []
        self._certificate: Certificate | None = None
        self.addresses: tuple[str, ...] = ()

    def bind(self) -> tuple[str, ...]:
        """Open all sockets and tell their addresses with real ports; raises ResolverError, with none left."""
        self._certificate = certificate_of(self._config)
        self._sockets = open_all(self._config.listen)
        try:
            self._sockets += open_all(self._config.secure_listen, secure=True)
        except ResolverError:
            close_all(self._sockets)
            raise
        self.addresses = addresses_of(self._sockets)
        return self.addresses

    def serve(self, stop: threading.Event) -> None:
        """Answer until ``stop`` is set (seen within a fifth of a second), then close all sockets."""
        if not self._sockets:
            self.bind()
        loop = Loop(self._handle, self._config.tcp_limits, tally=self._answering.tally)
        try:
            for sockets in self._sockets:
                loop.listen(sockets, self._certificate)
            loop.run(stop.is_set)
        finally:
            self.close()

    def answer_bytes(self, wire: bytes, transport: Transport, host: str) -> bytes | None:
        """The response to one message from the address ``host``, None to stay silent; never raises."""
        return self._handle(wire, packed_address(host), transport)

    def _handle(self, wire: bytes, client: bytes, transport: Transport) -> bytes | None:
        with self._truth.lock:
            return self._answering.handle(wire, client, transport)

    def apply(self, zone: str, update: Update) -> int:
        """Take an update of one zone, whole, and give its serial; on ResolverError nothing was taken."""
        with self._truth.lock:
            change, serial = self._truth.apply(zone, update, now=int(time.time()))
            if change:
                self._answering.forget()
            return serial

    def close(self) -> None:
        """Close all sockets; safe to call twice."""
        self._answering.close()
        close_all(self._sockets)
        self._sockets = []
