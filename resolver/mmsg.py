"""Many datagrams by one system call: recvmmsg and sendmmsg of 64-bit Linux, through ctypes.

The kernel's structures are laid out once, as arrays of 64-bit words. Questions come into slots, answers leave
from one block in which they stand one behind the other, each to the address that its question came from.
"""

import ctypes
import logging
import os
import socket
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from errno import EAGAIN, EINTR
from itertools import accumulate

log = logging.getLogger(__name__)

Peer = tuple[str, int] | tuple[str, int, int, int]

SIZE = 128
"""Messages in a batch."""

IS_AVAILABLE = sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 1 << 32

# Linux's value, which other systems may not have a name for.
_DONT_WAIT = 0x40

_SLOT = 4096
# Not a power of two: else all slots would compete for the same few lines of the processor's cache.
_STRIDE = _SLOT + 64
_STARTS = range(0, _STRIDE * SIZE, _STRIDE)
_NAME_STRIDE = 32
_V4_NAME, _V6_NAME = 16, 28


class _Messages:
    """``SIZE`` structs mmsghdr with a struct iovec each, for the addresses in ``names``."""

    def __init__(self, names: bytearray, bases: Sequence[int]) -> None:
        # The words of mmsghdr: name, its length, vectors, their number, control data, its length, flags, and
        # the message's length; those of iovec: base, length.
        self._headers, self._vectors = array("Q", bytes(64 * SIZE)), array("Q", bytes(16 * SIZE))
        headers, vectors = memoryview(self._headers), memoryview(self._vectors)
        at, first = self._headers.buffer_info()[0], self._vectors.buffer_info()[0]
        self.entries = [ctypes.c_void_p(at + 64 * index) for index in range(SIZE)]
        self.name_lengths, self.lengths = headers[1::8], headers[7::8]
        self.bases, self.sizes = vectors[0::2], vectors[1::2]
        headers[0::8] = array("Q", (_address(names) + _NAME_STRIDE * index for index in range(SIZE)))
        headers[2::8] = array("Q", (first + 16 * index for index in range(SIZE)))
        headers[3::8] = array("Q", [1] * SIZE)
        self.bases[:] = array("Q", bases)


class Batch:
    """One socket's batches: ``receive``, then ``send`` what is to be said. For one thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        library = ctypes.CDLL(None, use_errno=True)
        self._receive, self._send = library.recvmmsg, library.sendmmsg
        self._questions, self._answers = bytearray(_STRIDE * SIZE), bytearray(_SLOT * SIZE)
        self._names = bytearray(_NAME_STRIDE * SIZE)
        self._names_view = memoryview(self._names)
        self._addresses = struct.Struct("4x4s24x" if sock.family == socket.AF_INET else "8x16s8x")
        self._number = 0
        self._space = memoryview(self._questions)
        base = _address(self._questions)
        self._incoming = _Messages(self._names, [base + start for start in _STARTS])
        self._incoming.sizes[:] = array("Q", [_SLOT] * SIZE)
        self._base = _address(self._answers)
        self._outgoing = _Messages(self._names, [self._base] * SIZE)
        self._name_lengths = array("Q", [_V4_NAME if sock.family == socket.AF_INET else _V6_NAME] * SIZE)
        self._outgoing.name_lengths[:] = self._name_lengths

    def receive(self) -> list[bytes]:
        """The messages that are there, at most ``SIZE``, each cut at 4096 bytes; none for none."""
        incoming = self._incoming
        incoming.name_lengths[:] = self._name_lengths
        number = self._receive(self._sock.fileno(), incoming.entries[0], SIZE, _DONT_WAIT, None)
        self._number = max(number, 0)
        if number <= 0:
            if ctypes.get_errno() not in (EAGAIN, EINTR):
                log.debug("datagrams were lost: %s", os.strerror(ctypes.get_errno()))
            return []
        space, lengths = self._space, incoming.lengths[:number].tolist()
        return [
            space[start : start + length].tobytes() for start, length in zip(_STARTS, lengths, strict=False)
        ]

    def clients(self) -> Iterator[tuple[bytes]]:
        """The packed addresses that the messages came from, in their order."""
        return self._addresses.iter_unpack(self._names_view[: _NAME_STRIDE * self._number])

    def peer(self, index: int) -> Peer:
        """The address that message ``index`` came from, as a socket's ``recvfrom`` tells it."""
        name = self._names[_NAME_STRIDE * index :][:_NAME_STRIDE]
        port = int.from_bytes(name[2:4])
        if self._sock.family == socket.AF_INET:
            return socket.inet_ntop(socket.AF_INET, name[4:8]), port
        flow, scope = int.from_bytes(name[4:8]), int.from_bytes(name[24:28], "little")
        return socket.inet_ntop(socket.AF_INET6, name[8:24]), port, flow, scope

    def send(self, replies: Sequence[bytes | None]) -> None:
        """Answer the messages of the last ``receive``, in their order; None leaves one unanswered."""
        said = [reply or b"" for reply in replies]
        sizes = array("Q", map(len, said))
        joined = b"".join(said)
        self._answers[: len(joined)] = joined
        number = len(sizes)
        outgoing = self._outgoing
        outgoing.sizes[:number] = sizes
        outgoing.bases[:number] = array("Q", accumulate(sizes, initial=self._base))[:number]
        begin = 0
        while b"" in said[begin:]:
            silent = said.index(b"", begin)
            self._send_run(begin, silent)
            begin = silent + 1
        self._send_run(begin, number)

    def _send_run(self, begin: int, end: int) -> None:
        while begin < end:
            entry = self._outgoing.entries[begin]
            sent = self._send(self._sock.fileno(), entry, end - begin, _DONT_WAIT)
            if sent <= 0:
                log.debug("an answer to %s was lost: %s", self.peer(begin), os.strerror(ctypes.get_errno()))
            # The first one that cannot be sent is given up, not the others.
            begin += max(sent, 1)


def _address(memory: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
