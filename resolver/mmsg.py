"""Many datagrams by one system call: recvmmsg and sendmmsg of 64-bit Linux, through ctypes.

The kernel's structures are laid out once, as arrays of 64-bit words over one block of memory per socket. A
reply goes back in the slot that its question came in, and so to the address that it came from.
"""

import ctypes
import logging
import os
import socket
import sys
from array import array
from collections.abc import Sequence
from errno import EAGAIN, EINTR

log = logging.getLogger(__name__)

SIZE = 64
"""Messages in a batch."""

IS_AVAILABLE = sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 1 << 32

_SLOT = 4096
# Not a power of two: else all slots would compete for the same few lines of the processor's cache.
_STRIDE = _SLOT + 64
_NAME, _NAME_STRIDE = 28, 32
# Linux's value, which other systems may not have a name for.
_DONT_WAIT = 0x40

# struct mmsghdr in words: name, its length, the vectors, their number, control data, its length, flags, and
# the message's length; struct iovec: base, length.
_HEADER_WORDS, _VECTOR_WORDS = 8, 2


class Batch:
    """One socket's batches: ``receive``, then ``send`` what is to be said. For one thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        library = ctypes.CDLL(None, use_errno=True)
        self._receive, self._send = library.recvmmsg, library.sendmmsg
        space, names = bytearray(_STRIDE * SIZE), bytearray(_NAME_STRIDE * SIZE)
        self._space, self._names = memoryview(space), memoryview(names)
        self._vectors = array("Q", bytes(8 * _VECTOR_WORDS * SIZE))
        self._headers = array("Q", bytes(8 * _HEADER_WORDS * SIZE))
        headers, vectors = self._headers.buffer_info()[0], self._vectors.buffer_info()[0]
        for index in range(SIZE):
            self._vectors[_VECTOR_WORDS * index] = _address(space) + _STRIDE * index
            fixed = (_address(names) + _NAME_STRIDE * index, 0, vectors + 8 * _VECTOR_WORDS * index, 1)
            self._headers[_HEADER_WORDS * index : _HEADER_WORDS * index + 4] = array("Q", fixed)
        self._entries = [ctypes.c_void_p(headers + 8 * _HEADER_WORDS * index) for index in range(SIZE)]
        self._name_lengths = memoryview(self._headers)[1::_HEADER_WORDS]
        self._lengths = memoryview(self._headers)[7::_HEADER_WORDS]
        self._sizes = memoryview(self._vectors)[1::_VECTOR_WORDS]
        self._full_names = memoryview(array("Q", [_NAME] * SIZE))
        self._full_slots = memoryview(array("Q", [_SLOT] * SIZE))

    def receive(self) -> list[bytes]:
        """The messages that are there, at most ``SIZE``, each cut at 4096 bytes; none for none."""
        self._name_lengths[:] = self._full_names
        self._sizes[:] = self._full_slots
        number = self._receive(self._sock.fileno(), self._entries[0], SIZE, _DONT_WAIT, None)
        if number <= 0:
            if ctypes.get_errno() not in (EAGAIN, EINTR):
                log.debug("datagrams were lost: %s", os.strerror(ctypes.get_errno()))
            return []
        space = self._space
        return [
            space[start : start + length].tobytes()
            for start, length in zip(_STARTS, self._lengths[:number].tolist(), strict=False)
        ]

    def peer(self, index: int) -> tuple[str, int]:
        """The address and port that message ``index`` came from."""
        start = _NAME_STRIDE * index
        port = int.from_bytes(self._names[start + 2 : start + 4])
        family = self._sock.family
        first, size = (4, 4) if family == socket.AF_INET else (8, 16)
        return socket.inet_ntop(family, self._names[start + first : start + first + size]), port

    def send(self, replies: Sequence[bytes | None]) -> None:
        """Answer the messages of the last ``receive``, in their order; None leaves one unanswered."""
        space, sizes, begin, number = self._space, self._sizes, 0, 0
        for start, reply in zip(_STARTS, replies, strict=False):
            if reply:
                size = sizes[number] = len(reply)
                space[start : start + size] = reply
            else:
                self._send_run(begin, number)
                begin = number + 1
            number += 1
        self._send_run(begin, number)

    def _send_run(self, begin: int, end: int) -> None:
        while begin < end:
            sent = self._send(self._sock.fileno(), self._entries[begin], end - begin, _DONT_WAIT)
            if sent <= 0:
                log.debug("an answer to %s was lost: %s", self.peer(begin), os.strerror(ctypes.get_errno()))
            # The first one that cannot be sent is given up, not the others.
            begin += max(sent, 1)


_STARTS = range(0, _STRIDE * SIZE, _STRIDE)


def _address(memory: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
