"""A UDP socket's questions and answers: in batches where the system has them, one by one elsewhere."""

import logging
import socket
from collections.abc import Callable
from typing import Protocol

from resolver import mmsg

log = logging.getLogger(__name__)

Fast = Callable[[bytes], bytes | None]
Peer = tuple[str, int]
Slow = Callable[[bytes, Peer], bytes | None]

_SIZE = 4096
# So that other sockets get their turn.
_BATCHES_PER_TURN = 4


class Datagrams(Protocol):
    """One UDP socket. ``fast`` gets every message, ``slow`` what it gives None for; None again is silence."""

    def turn(self) -> int:
        """Answer some of what is there; how many messages that were. Never blocks."""


def datagrams_of(sock: socket.socket, fast: Fast, slow: Slow) -> Datagrams:
    """The quickest way that this system has for ``sock``, which must not block."""
    return BatchedDatagrams(sock, fast, slow) if mmsg.IS_AVAILABLE else PlainDatagrams(sock, fast, slow)


class PlainDatagrams:
    """Two system calls for each message, on any system."""

    def __init__(self, sock: socket.socket, fast: Fast, slow: Slow) -> None:
        self._sock, self._fast, self._slow = sock, fast, slow

    def turn(self) -> int:
        """See ``Datagrams``."""
        receive, send, fast = self._sock.recvfrom, self._sock.sendto, self._fast
        number = 0
        while number < mmsg.SIZE * _BATCHES_PER_TURN:
            try:
                wire, peer = receive(_SIZE)
                number += 1
                reply = fast(wire) or self._slow(wire, peer[:2])
                if reply:
                    send(reply, peer)
            except BlockingIOError:
                break
            except OSError as error:
                log.debug("a datagram or an answer was lost: %s", error)
        return number


class BatchedDatagrams:
    """Two system calls for up to ``mmsg.SIZE`` messages."""

    def __init__(self, sock: socket.socket, fast: Fast, slow: Slow) -> None:
        self._batch = mmsg.Batch(sock)
        self._fast, self._slow = fast, slow

    def turn(self) -> int:
        """See ``Datagrams``."""
        batch, fast = self._batch, self._fast
        total = 0
        for _ in range(_BATCHES_PER_TURN):
            wires = batch.receive()
            replies = [fast(wire) for wire in wires]
            if None in replies:
                self._fill(wires, replies)
            batch.send(replies)
            total += len(wires)
            if len(wires) < mmsg.SIZE:
                break
        return total

    def _fill(self, wires: list[bytes], replies: list[bytes | None]) -> None:
        for index, wire in enumerate(wires):
            if replies[index] is None:
                replies[index] = self._slow(wire, self._batch.peer(index))
