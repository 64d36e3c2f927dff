"""A UDP socket's questions and answers: in batches where the system has them, one by one elsewhere.

Every message goes to the fast path first, and what that leaves to the slow one. Where rates are limited, an
answer of the fast path is sent if its client has a share left; the slow path sees to that itself.
"""

import logging
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from resolver.fast import mmsg
from resolver.fast.mmsg import Peer
from resolver.fast.path import Tables

log = logging.getLogger(__name__)

_SIZE = 4096
# So that other sockets get their turn.
_BATCHES_PER_TURN = 4
_MAX_TRUSTED = 4096


Slow = Callable[[bytes, Peer], bytes | None]


class Admission(Protocol):
    """What a limit on rates tells of a client by its packed address."""

    def admit(self, client: bytes) -> bool:
        """Charge the client for an answer; False if it has no share left."""

    def is_exempt(self, client: bytes) -> bool:
        """Whether the client is known to be held to no limit; cheap."""


class Paths(msgspec.Struct, frozen=True):
    """``fast`` answers many at once, gives None for what ``slow`` shall answer, and that None for silence."""

    fast: Callable[[Sequence[bytes]], list[bytes | None]]
    slow: Slow
    admission: Admission | None = None
    tables: Callable[[], Tables | None] | None = None
    """What an accelerator reads in place of ``fast``; None while it must not."""


def slow_only(slow: Slow) -> Paths:
    """Every message takes the slow path."""
    return Paths(lambda wires: [None] * len(wires), slow)


class Datagrams(Protocol):
    """One UDP socket."""

    def turn(self) -> int:
        """Answer some of what is there; how many messages that were. Never blocks."""


def datagrams_of(sock: socket.socket, paths: Paths) -> Datagrams:
    """The quickest way that this system has for ``sock``, which must not block."""
    return BatchedDatagrams(sock, paths) if mmsg.IS_AVAILABLE else PlainDatagrams(sock, paths)


class PlainDatagrams:
    """Two system calls for each message, on any system."""

    def __init__(self, sock: socket.socket, paths: Paths) -> None:
        self._sock, self._paths = sock, paths

    def turn(self) -> int:
        """See ``Datagrams``."""
        number = 0
        while number < mmsg.SIZE * _BATCHES_PER_TURN:
            try:
                wire, peer = self._sock.recvfrom(_SIZE)
                number += 1
                reply = self._answer(wire, peer)
                if reply:
                    self._sock.sendto(reply, peer)
            except BlockingIOError:
                break
            except OSError as error:
                log.debug("a datagram or an answer was lost: %s", error)
        return number

    def _answer(self, wire: bytes, peer: Peer) -> bytes | None:
        (reply,), admission = self._paths.fast((wire,)), self._paths.admission
        if reply and (admission is None or admission.admit(_packed(self._sock, peer[0]))):
            return reply
        return self._paths.slow(wire, peer)


class BatchedDatagrams:
    """Two system calls for up to ``mmsg.SIZE`` messages."""

    def __init__(self, sock: socket.socket, paths: Paths) -> None:
        self._batch = mmsg.Batch(sock)
        self._paths = paths
        self._trusted: set[tuple[bytes]] = set()

    def turn(self) -> int:
        """See ``Datagrams``."""
        batch, fast = self._batch, self._paths.fast
        total = 0
        for _ in range(_BATCHES_PER_TURN):
            wires = batch.receive()
            if not wires:
                break
            replies = fast(wires)
            if self._paths.admission and not self._trusted.issuperset(batch.clients()):
                self._admit(self._paths.admission, replies)
            if None in replies:
                self._fill(wires, replies)
            batch.send(replies)
            total += len(wires)
            if len(wires) < mmsg.SIZE:
                # A pause lets the next batch grow: fewer system calls for each message.
                break
        return total

    def _admit(self, admission: Admission, replies: list[bytes | None]) -> None:
        """Take the answers back for which a client has no share left."""
        for index, client in enumerate(self._batch.clients()):
            if admission.is_exempt(client[0]):
                if len(self._trusted) >= _MAX_TRUSTED:
                    self._trusted.clear()
                self._trusted.add(client)
            elif replies[index] is not None and not admission.admit(client[0]):
                replies[index] = None

    def _fill(self, wires: list[bytes], replies: list[bytes | None]) -> None:
        for index, wire in enumerate(wires):
            if replies[index] is None:
                replies[index] = self._paths.slow(wire, self._batch.peer(index))


def _packed(sock: socket.socket, host: str) -> bytes:
    return socket.inet_pton(sock.family, host.partition("%")[0])
