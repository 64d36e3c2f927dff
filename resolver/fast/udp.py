"""A UDP socket's questions and answers: in batches where the system has them, one by one elsewhere.

Every message goes to the fast path first, and what that leaves to the slow one. Where rates are limited, an
answer of the fast path is sent if its client has a share left; the slow path sees to that itself.
"""

import logging
import socket
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import msgspec

from resolver.fast import mmsg
from resolver.fast.path import Tables
from resolver.fast.sources import Peer, Say, Source, destination_of, has_several_sources, say, source_of

log = logging.getLogger(__name__)

_SIZE, _ANCILLARY_SIZE = 4096, 64
# So that other sockets get their turn.
_BATCHES_PER_TURN = 4
_MAX_TRUSTED = 4096


Slow = Callable[[bytes, Peer, Say], bytes | None]


class Admission(Protocol):
    """What a limit on rates tells of a client by its packed address."""

    def admit(self, client: bytes, wire: bytes, reply: bytes) -> bool:
        """Charge the client for the answer to ``wire``; False, and it gets none, if it has no share left."""

    def is_exempt(self, client: bytes) -> bool:
        """Whether the client is known to be held to no limit; cheap."""


class Paths(msgspec.Struct, frozen=True):
    """``fast`` gives None for what ``slow`` shall answer; that gives None to be silent, at least for now."""

    fast: Callable[[bytes], bytes | None]
    slow: Slow
    admission: Admission | None = None
    tables: Callable[[], Tables | None] | None = None
    """What an accelerator reads in place of ``fast``; None while it must not."""

    def fast_all(self, wires: Sequence[bytes]) -> list[bytes | None]:
        """What ``fast`` says to each; if it fails, which must not end the server, the slow path takes all."""
        fast = self.fast
        try:
            return [fast(wire) for wire in wires]
        except Exception:
            log.exception("messages could not be answered: %s", b" ".join(wires).hex())
            return [None] * len(wires)


def slow_only(slow: Slow) -> Paths:
    """Every message takes the slow path."""
    return Paths(lambda wire: None, slow)


class Datagrams(Protocol):
    """One UDP socket."""

    def take_one(self) -> int:
        """Answer a message if there is one, and tell whether there was (1 or 0). Never blocks."""

    def take_many(self) -> int:
        """Answer some of what is there; how many messages that were. Never blocks."""


def datagrams_of(sock: socket.socket, paths: Paths) -> Datagrams:
    """The quickest way that this system has for ``sock``, which must not block."""
    return BatchedDatagrams(sock, paths) if mmsg.IS_AVAILABLE else PlainDatagrams(sock, paths)


class PlainDatagrams:
    """Two system calls for each message, on any system."""

    def __init__(self, sock: socket.socket, paths: Paths) -> None:
        self._sock, self._paths = sock, paths
        self._has_several_sources = has_several_sources(sock)
        self._trusted: set[str] = set()

    def take_one(self) -> int:
        """See ``Datagrams``."""
        source: Source = []
        try:
            if self._has_several_sources:
                wire, ancillary, _, peer = self._sock.recvmsg(_SIZE, _ANCILLARY_SIZE)
                source = source_of(self._sock.family, destination_of(ancillary))
            else:
                wire, peer = self._sock.recvfrom(_SIZE)
        except BlockingIOError:
            return 0
        except OSError as error:
            log.debug("a datagram was lost: %s", error)
            return 1
        if reply := self._answer(wire, peer, source):
            say(self._sock, peer, source, reply)
        return 1

    def take_many(self) -> int:
        """See ``Datagrams``."""
        number = 0
        while number < mmsg.SIZE * _BATCHES_PER_TURN and self.take_one():
            number += 1
        return number

    def _answer(self, wire: bytes, peer: Peer, source: Source) -> bytes | None:
        paths = self._paths
        try:
            reply = paths.fast(wire)
        except Exception:
            # As in ``Paths.fast_all``, which costs more for one.
            log.exception("a message could not be answered: %s", wire.hex())
            reply = None
        if reply and (
            paths.admission is None or peer[0] in self._trusted or self._admits(peer[0], wire, reply)
        ):
            return reply
        return paths.slow(wire, peer, partial(say, self._sock, peer, source))

    def _admits(self, host: str, wire: bytes, reply: bytes) -> bool:
        admission = self._paths.admission
        assert admission, "it was asked for"
        client = socket.inet_pton(self._sock.family, host.partition("%")[0])
        if admission.is_exempt(client):
            if len(self._trusted) >= _MAX_TRUSTED:
                self._trusted.clear()
            self._trusted.add(host)
            return True
        return admission.admit(client, wire, reply)


class BatchedDatagrams:
    """Two system calls for up to ``mmsg.SIZE`` messages, where there are several."""

    def __init__(self, sock: socket.socket, paths: Paths) -> None:
        self.take_one = PlainDatagrams(sock, paths).take_one
        self._batch = mmsg.Batch(sock)
        self._sock, self._paths = sock, paths
        self._trusted: set[tuple[bytes]] = set()

    def take_many(self) -> int:
        """See ``Datagrams``."""
        batch, paths = self._batch, self._paths
        total = 0
        for _ in range(_BATCHES_PER_TURN):
            wires = batch.receive()
            if not wires:
                break
            replies = paths.fast_all(wires)
            if paths.admission and not self._trusted.issuperset(batch.clients()):
                self._admit(paths.admission, wires, replies)
            if None in replies:
                self._fill(wires, replies)
            batch.send(replies)
            total += len(wires)
            if len(wires) < mmsg.SIZE:
                # A pause lets the next batch grow: fewer system calls for each message.
                break
        return total

    def _admit(self, admission: Admission, wires: list[bytes], replies: list[bytes | None]) -> None:
        """Take the answers back for which a client has no share left."""
        for index, client in enumerate(self._batch.clients()):
            if admission.is_exempt(client[0]):
                if len(self._trusted) >= _MAX_TRUSTED:
                    self._trusted.clear()
                self._trusted.add(client)
            elif (reply := replies[index]) and not admission.admit(client[0], wires[index], reply):
                replies[index] = None

    def _fill(self, wires: list[bytes], replies: list[bytes | None]) -> None:
        for index, wire in enumerate(wires):
            if replies[index] is None:
                peer, source = self._batch.peer(index), self._batch.source(index)
                replies[index] = self._paths.slow(wire, peer, partial(say, self._sock, peer, source))
