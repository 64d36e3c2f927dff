"""DNS over TCP (RFC 7766): framing, pipelining, deadlines and limits, without threads.

A client has a deadline by which its next question must have come whole, and its answers must have been
taken; bytes that trickle in do not move it. When all places are taken, the client that has waited longest
makes room.
"""

import logging
import socket
from collections.abc import Callable
from errno import EMFILE, ENFILE
from selectors import EVENT_READ, EVENT_WRITE, BaseSelector

from resolver.config import TcpLimits

log = logging.getLogger(__name__)

# The response to a message from the address of a client; None to stay silent.
Answer = Callable[[bytes, str], bytes | None]

_READ_SIZE = 2048
_MAX_UNSENT = 1 << 17


class TcpClients:
    """All TCP connections of a server. Called by the loop that owns the selector, from one thread."""

    def __init__(self, selector: BaseSelector, limits: TcpLimits, answer: Answer) -> None:
        self._selector = selector
        self._limits = limits
        self._answer = answer
        # In the order of their deadlines: whoever is served goes to the end.
        self._clients: dict[socket.socket, _Client] = {}

    def accept(self, listener: socket.socket, now: float) -> None:
        """Take one connection from ``listener``, at the expense of the oldest if there is no place."""
        try:
            sock, (host, *_) = listener.accept()
        except OSError as error:
            # Without room the waiting connection would wake the loop for ever; else the client went away.
            if error.errno in (EMFILE, ENFILE):
                log.warning("cannot accept a TCP connection: %s", error)
                self._drop_oldest()
            return
        if sum(client.host == host for client in self._clients.values()) >= self._limits.per_client:
            sock.close()
            return
        if len(self._clients) >= self._limits.connections:
            self._drop_oldest()
        sock.setblocking(False)
        client = _Client(sock, host, now + self._limits.timeout)
        self._clients[sock] = client
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
                client.deadline = now + self._limits.timeout
                self._clients[client.sock] = self._clients.pop(client.sock)
        except OSError:
            self._close(client)
            return
        if client.has_ended:
            self._close(client)
        else:
            self._selector.modify(client.sock, client.interest, self._selector.get_key(client.sock).data)

    def _drop_oldest(self) -> None:
        if self._clients:
            self._close(next(iter(self._clients.values())))

    def _close(self, client: "_Client") -> None:
        del self._clients[client.sock]
        self._selector.unregister(client.sock)
        client.sock.close()


class _Client:
    """One connection: bytes that came, bytes that wait to go."""

    def __init__(self, sock: socket.socket, host: str, deadline: float) -> None:
        self.sock = sock
        self.host = host
        self.deadline = deadline
        self._received = bytearray()
        self._unsent = bytearray()
        self.has_ended = False

    @property
    def interest(self) -> int:
        """What the selector shall wait for: who has not taken its answers is not read from."""
        return EVENT_WRITE if self._unsent else EVENT_READ

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
        while len(self._unsent) < _MAX_UNSENT and (message := take_frame(self._received)) is not None:
            answered = True
            reply = answer(message, self.host)
            if reply is not None:
                self._unsent += len(reply).to_bytes(2) + reply
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
