"""A worker's messages that wait for the keeper's answer: a bounded number of them."""

from collections.abc import Callable

from resolver.messages import Forget, Forward, More, Reply, ToKeeper
from resolver.responder import Transport

# A message has at most 64 KiB.
MOST = 128

Deliver = Callable[[bytes | None], None]


class Forwards:
    """The way to the keeper as ``tcp.Relay`` describes it; ``send`` must not block."""

    def __init__(self, send: Callable[[ToKeeper], None]) -> None:
        self._send = send
        self._last = 0
        self._waiting: dict[int, tuple[Deliver, Transport]] = {}

    def open(self, wire: bytes, peer: tuple[str, int], transport: Transport, deliver: Deliver) -> int | None:
        """Send a message to the keeper; its number, or None if too many are on their way."""
        if len(self._waiting) >= MOST:
            return None
        self._last += 1
        self._waiting[self._last] = deliver, transport
        self._send(Forward(self._last, wire, *peer, transport.value))
        return self._last

    def more(self, number: int) -> None:
        """Ask for the next message of an answer."""
        self._send(More(number))

    def forget(self, number: int) -> None:
        """Tell the keeper that nobody waits any more."""
        if self._waiting.pop(number, None):
            self._send(Forget(number))

    def deliver(self, reply: Reply) -> None:
        """Hand a message of the keeper to whoever waits for it."""
        found = self._waiting.get(reply.request)
        if found is None:
            return
        deliver, transport = found
        if reply.wire is None:
            del self._waiting[reply.request]
        deliver(reply.wire)
        if transport is Transport.UDP and reply.wire is not None:
            # A datagram gets one answer, whatever more there is.
            self.forget(reply.request)
