"""DNS over TCP (RFC 7766): framing, pipelining, deadlines and limits, without threads.

A client has a deadline by which its next question must have come whole, and its answers must have been
taken; bytes that trickle in do not move it. When all places are taken, the client that has waited longest
makes room. A client whose question only the keeper can answer is not read from until it has all of that
answer, which is fetched message by message, as the client takes them.
"""

import logging
import socket
import time
from collections import Counter
from collections.abc import Callable
from errno import EMFILE, ENFILE
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector
from typing import Protocol

from resolver.answers.answer import Rcode
from resolver.answers.responder import Transport
from resolver.answers.wire import build_error
from resolver.config import TcpLimits
from resolver.safety.logquota import Quota

log = logging.getLogger(__name__)

# The response to a message from the address of a client; None to stay silent, b"" for what is relayed.
Answer = Callable[[bytes, str, Transport], bytes | None]

# The socket to speak through instead of one that was just accepted.
Wrap = Callable[[socket.socket], socket.socket]

_READ_SIZE = 2048
_MAX_UNSENT = 1 << 17


class Relay(Protocol):
    """The way to the keeper, for messages that only it can answer."""

    def open(
        self,
        wire: bytes,
        peer: tuple[str, int],
        transport: Transport,
        deliver: Callable[[bytes | None], None],
    ) -> int | None:
        """Send a message there; its number, or None if too many are on their way.

        ``deliver`` is called later: with the first message of the answer, and with one more after each
        ``more`` (never over UDP), None for the end.
        """

    def more(self, number: int) -> None:
        """Ask for the next message."""

    def forget(self, number: int) -> None:
        """Nobody waits for it any more."""


class TcpClients:
    """All TCP connections of a server. Called by the loop that owns the selector, from one thread."""

    def __init__(
        self, selector: BaseSelector, limits: TcpLimits, answer: Answer, relay: Relay | None = None
    ) -> None:
        self._selector = selector
        self._limits = limits
        self._answer = answer
        self._relay = relay
        # In the order of their deadlines: whoever is served goes to the end.
        self._clients: dict[socket.socket, _Client] = {}
        self._hosts: Counter[str] = Counter()
        self._quota = Quota()

    def accept(self, listener: socket.socket, now: float, wrap: Wrap | None = None) -> None:
        """Take one connection from ``listener``, at the expense of the oldest if there is no place.

        ``wrap`` gives the socket to speak through, such as one of TLS; it may raise OSError.
        """
        try:
            sock, (host, port, *_) = listener.accept()
        except OSError as error:
            # Without room the waiting connection would wake the loop for ever; else the client went away.
            if error.errno in (EMFILE, ENFILE):
                if self._quota.admits(now):
                    log.warning(
                        "cannot accept a TCP connection: %s; allow more open files (ulimit -n) or fewer"
                        " --tcp-connections",
                        error.strerror,
                    )
                self._drop_oldest()
            return
        if self._hosts[host] >= self._limits.per_client:
            sock.close()
            return
        if len(self._clients) >= self._limits.connections:
            self._drop_oldest()
        sock.setblocking(False)
        try:
            sock = wrap(sock) if wrap else sock
            self._admit(sock, (host, port), now, Transport.TLS if wrap else Transport.TCP)
        except OSError as error:
            log.debug("a TCP connection was lost as it came: %s", error)
            sock.close()

    def _admit(self, sock: socket.socket, peer: tuple[str, int], now: float, transport: Transport) -> None:
        client = _Client(sock, peer, now + self._limits.timeout, transport)
        self._clients[sock] = client
        self._hosts[client.host] += 1
        self._selector.register(sock, EVENT_READ, lambda mask, now: self._serve(client, mask, now))

    def expire(self, now: float) -> None:
        """Close the connections whose deadline has passed; cheap if there is none."""
        while self._clients and (oldest := next(iter(self._clients.values()))).deadline <= now:
            self._close(oldest)

    def close(self) -> None:
        """Close all connections."""
        for client in list(self._clients.values()):
            self._close(client)

    def _serve(self, client: "_Client", mask: int, now: float) -> None:
        try:
            if mask & EVENT_READ:
                client.receive()
            if client.answer(self._answer):
                self._postpone(client, now)
            if self._relay and client.question and not client.has_unsent:
                self._fetch(self._relay, client)
        except OSError:
            self._close(client)
            return
        if client.has_ended:
            self._close(client)
        else:
            self._wait(client)

    def _fetch(self, relay: Relay, client: "_Client") -> None:
        if client.request:
            relay.more(client.request)
            return
        assert client.question, "it waits for the answer to one"
        client.request = relay.open(
            client.question, client.peer, client.transport, lambda wire: self._deliver(client, wire)
        )
        if client.request is None:
            client.take(build_error(client.question, Rcode.SERVFAIL))
            client.question = None

    def _deliver(self, client: "_Client", wire: bytes | None) -> None:
        if wire is None:
            client.question = client.request = None
        else:
            client.take(wire)
        self._postpone(client, time.monotonic())
        self._serve(client, 0, time.monotonic())

    def _postpone(self, client: "_Client", now: float) -> None:
        client.deadline = now + self._limits.timeout
        self._clients[client.sock] = self._clients.pop(client.sock)

    def _wait(self, client: "_Client") -> None:
        is_known = client.sock in self._selector.get_map()
        if not client.interest:
            if is_known:
                self._selector.unregister(client.sock)
        elif is_known:
            self._selector.modify(client.sock, client.interest, self._selector.get_key(client.sock).data)
        else:
            self._selector.register(
                client.sock, client.interest, lambda mask, now: self._serve(client, mask, now)
            )

    def _drop_oldest(self) -> None:
        if self._clients:
            self._close(next(iter(self._clients.values())))

    def _close(self, client: "_Client") -> None:
        del self._clients[client.sock]
        self._hosts[client.host] -= 1
        if not self._hosts[client.host]:
            del self._hosts[client.host]
        if client.sock in self._selector.get_map():
            self._selector.unregister(client.sock)
        if client.request and self._relay:
            self._relay.forget(client.request)
        client.sock.close()


class _Client:
    """One connection: bytes that came, bytes that wait to go.

    ``question`` is the one whose answer comes from the keeper, ``request`` its number there.
    """

    def __init__(
        self, sock: socket.socket, peer: tuple[str, int], deadline: float, transport: Transport
    ) -> None:
        self.sock = sock
        self.transport = transport
        self.peer = peer
        self.host = peer[0]
        self.deadline = deadline
        self.question: bytes | None = None
        self.request: int | None = None
        self._received = bytearray()
        self._unsent = bytearray()
        self.has_ended = False

    @property
    def interest(self) -> int:
        """What the selector shall wait for: who has not got or not taken its answers is not read from."""
        if self._unsent:
            return EVENT_WRITE
        return 0 if self.question else EVENT_READ

    @property
    def has_unsent(self) -> bool:
        """Whether the client has still to take something."""
        return bool(self._unsent)

    def take(self, reply: bytes) -> None:
        """Take a message for the client."""
        self._unsent += len(reply).to_bytes(2) + reply

    def receive(self) -> None:
        """Take what is there, a little at a time, so that the others get their turn."""
        try:
            data = self.sock.recv(_READ_SIZE)
        except BlockingIOError:
            return
        # Read from only when all answers are gone, so there is nothing left to send.
        self.has_ended = not data
        self._received += data

    def answer(self, answer: Answer) -> bool:
        """Answer whole messages for as long as the client takes the answers; whether there was one."""
        answered = False
        self._send()
        while not self._unsent and self._answer_some(answer):
            answered = True
            self._send()
        return answered

    def _answer_some(self, answer: Answer) -> bool:
        answered = False
        while self.question is None and len(self._unsent) < _MAX_UNSENT:
            message = take_frame(self._received)
            if message is None:
                break
            answered = True
            reply = answer(message, self.host, self.transport)
            if reply:
                self.take(reply)
            elif reply is not None:
                self.question = message
        return answered

    def _send(self) -> None:
        if self._unsent:
            try:
                del self._unsent[: self.sock.send(self._unsent)]
            except BlockingIOError:
                return


def take_frame(data: bytearray) -> bytes | None:
    """Cut the first whole message, behind its two bytes of length, out of ``data``; None if there is none."""
    end = 2 + int.from_bytes(data[:2])
    if len(data) < end:
        return None
    message = bytes(data[2:end])
    del data[:end]
    return message
