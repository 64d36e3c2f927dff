"""A worker's messages that wait for the keeper's answer: a bounded number of them."""

from collections.abc import Callable

import msgspec

from resolver.answers.answer import Rcode
from resolver.answers.responder import Transport
from resolver.answers.wire import build_error
from resolver.serving.messages import Forget, Forward, More, Reply, ToKeeper

# A message has at most 64 KiB.
MOST = 128

Deliver = Callable[[bytes | None], None]


class _Waiting(msgspec.Struct):
    deliver: Deliver
    wire: bytes
    transport: Transport
    is_answered: bool = False


class Forwards:
    """The way to the keeper as ``tcp.Relay`` describes it; ``send`` must not block.

    ``note`` is told of the question, the first message of its answer and the transport.
    """

    def __init__(
        self, send: Callable[[ToKeeper], None], note: Callable[[bytes, bytes, Transport], None]
    ) -> None:
        self._send = send
        self._note = note
        self._last = 0
        self._waiting: dict[int, _Waiting] = {}

    def open(self, wire: bytes, peer: tuple[str, int], transport: Transport, deliver: Deliver) -> int | None:
        """Send a message to the keeper; its number, or None if too many are on their way: SERVFAIL."""
        if len(self._waiting) >= MOST:
            self._note(wire, build_error(wire, Rcode.SERVFAIL), transport)
            return None
        self._last += 1
        self._waiting[self._last] = _Waiting(deliver, wire, transport)
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
        if reply.wire is None:
            del self._waiting[reply.request]
        elif not found.is_answered:
            found.is_answered = True
            self._note(found.wire, reply.wire, found.transport)
        found.deliver(reply.wire)
        if found.transport is Transport.UDP and reply.wire is not None:
            # A datagram gets one answer, whatever more there is.
            self.forget(reply.request)
