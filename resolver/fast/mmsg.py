"""Many datagrams by one system call: recvmmsg and sendmmsg of 64-bit Linux, through ctypes.

The kernel's structures are laid out once, as arrays of 64-bit words. Questions come into slots, answers leave
from one block in which they stand one behind the other, in the pieces that ``coalescing`` makes of them.
"""

import ctypes
import logging
import os
import socket
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from errno import EAGAIN, EINTR, EINVAL, EIO
from itertools import accumulate
from operator import sub

from resolver.fast.coalescing import apart, arrange
from resolver.fast.sources import Peer, Source, has_several_sources, say, source_of

log = logging.getLogger(__name__)

SIZE = 256
"""Messages in a batch."""

IS_AVAILABLE = sys.platform == "linux" and sys.byteorder == "little" and sys.maxsize > 1 << 32

# Linux's value, which other systems may not have a name for.
_DONT_WAIT = 0x40

# A question's first bytes stand close to those of others, which is kind to the processor's caches; the rest
# of the few that are longer goes elsewhere.
_SLOT, _OVERFLOW = 256, 4096 - 256
_STARTS = range(0, _SLOT * SIZE, _SLOT)
_MAX_ANSWER = 4096
# Fewer answers are sent sooner one by one than they are laid out for the kernel.
_FEW = 4
_NAME_STRIDE = 32
_V4_NAME, _V6_NAME = 16, 28

# Control data of a message, in words: a struct cmsghdr with the address that it came to or goes from, if the
# socket has several; behind it, for those that are sent, one with the size of the segments to be cut: length,
# level and type, the size.
_CONTROL_WORDS = 8
_SEGMENT = (18, socket.IPPROTO_UDP | 103 << 32, 0)
# Of such an address: the words; place and size in the control data; and which 32 bits its interface are.
_V4_DESTINATION, _V6_DESTINATION = (4, 16, 12, 4), (5, 16, 20, 8)


class _Messages:
    """``SIZE`` structs mmsghdr with so many structs iovec each, for the addresses in ``names``."""

    def __init__(self, names: bytearray, parts: int) -> None:
        # The words of mmsghdr: name, its length, vectors, their number, control data, its length, flags, and
        # the message's length; those of iovec: base, length.
        self._headers, self._vectors = array("Q", bytes(64 * SIZE)), array("Q", bytes(16 * SIZE * parts))
        headers, vectors = memoryview(self._headers), memoryview(self._vectors)
        at, first = self._headers.buffer_info()[0], self._vectors.buffer_info()[0]
        self.entries = [ctypes.c_void_p(at + 64 * index) for index in range(SIZE)]
        self.names_at = [_address(names) + _NAME_STRIDE * index for index in range(SIZE)]
        self.names, self.name_lengths = headers[0::8], headers[1::8]
        self.controls, self.control_lengths = headers[4::8], headers[5::8]
        self.lengths = headers[7::8]
        self.bases, self.sizes = vectors[0::2], vectors[1::2]
        self.names[:] = array("Q", self.names_at)
        headers[2::8] = array("Q", [first + 16 * parts * index for index in range(SIZE)])
        headers[3::8] = array("Q", [parts] * SIZE)


class _Controls:
    """The control data of ``SIZE`` messages that came, and of those that go, which name one source each."""

    def __init__(self, sock: socket.socket) -> None:
        words, self._start, self._size, interface = (
            _V4_DESTINATION if sock.family == socket.AF_INET else _V6_DESTINATION
        )
        self.words = words if has_several_sources(sock) else 0
        self.incoming = array("Q", bytes(8 * _CONTROL_WORDS * SIZE))
        self.outgoing = array(
            "Q", [*bytes(self.words), *_SEGMENT, *bytes(_CONTROL_WORDS - 3 - self.words)] * SIZE
        )
        self._came, self._goes = memoryview(self.incoming), memoryview(self.outgoing)
        self._bytes = self._came.cast("B")
        self._interfaces = self._bytes.cast("I")[interface :: 2 * _CONTROL_WORDS]
        self._none = array("I", bytes(4 * SIZE))
        self.segments = self._goes[self.words + 2 :: _CONTROL_WORDS]

    def forget_interfaces(self, number: int) -> None:
        """Let answers take any way back."""
        self._interfaces[:number] = self._none[:number]

    def destination(self, index: int) -> bytes:
        """Where a message came to, as ``sources.source_of`` takes it."""
        start = 8 * _CONTROL_WORDS * index + self._start
        return bytes(self._bytes[start : start + self._size]) if self.words else b""

    def assign(self, indices: Iterable[int]) -> None:
        """Let each piece go from where the message of that index came to."""
        for piece, index in enumerate(indices):
            start, source = _CONTROL_WORDS * piece, _CONTROL_WORDS * index
            self._goes[start : start + self.words] = self._came[source : source + self.words]


class Batch:
    """One socket's batches: ``receive``, then ``send`` what is to be said. For one thread."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        library = ctypes.CDLL(None, use_errno=True)
        self._receive, self._send = library.recvmmsg, library.sendmmsg
        self._questions, self._overflow = bytearray(_SLOT * SIZE), bytearray(_OVERFLOW * SIZE)
        self._answers = bytearray(_MAX_ANSWER * SIZE)
        self._names = bytearray(_NAME_STRIDE * SIZE)
        self._names_view = memoryview(self._names)
        is_v4 = sock.family == socket.AF_INET
        self._addresses = struct.Struct("4x4s24x" if is_v4 else "8x16s8x")
        self._ports = struct.Struct("2x6s24x" if is_v4 else "2x26s4x")
        self._number = 0
        self._space = memoryview(self._questions)
        self._incoming = _Messages(self._names, 2)
        first, rest = _address(self._questions), _address(self._overflow)
        self._incoming.bases[0::2] = array("Q", [first + _SLOT * index for index in range(SIZE)])
        self._incoming.bases[1::2] = array("Q", [rest + _OVERFLOW * index for index in range(SIZE)])
        self._incoming.sizes[:] = array("Q", [_SLOT, _OVERFLOW] * SIZE)
        self._outgoing = _Messages(self._names, 1)
        self._base = _address(self._answers)
        self._name_lengths = array("Q", [_V4_NAME if is_v4 else _V6_NAME] * SIZE)
        for messages in (self._incoming, self._outgoing):
            messages.name_lengths[:] = self._name_lengths
        self._controls = _Controls(sock)
        self._outgoing.controls[:] = _places(self._controls.outgoing)
        if self._controls.words:
            self._incoming.controls[:] = _places(self._controls.incoming)
        self._control_lengths = array("Q", [8 * _CONTROL_WORDS if self._controls.words else 0] * SIZE)
        self._incoming.control_lengths[:] = self._control_lengths
        self._is_coalescing = True

    def receive(self) -> list[bytes]:
        """The messages that are there, at most ``SIZE``, each cut at 4096 bytes; none for none."""
        incoming, used = self._incoming, self._number + 1
        incoming.name_lengths[:used] = self._name_lengths[:used]
        incoming.control_lengths[:used] = self._control_lengths[:used]
        number = self._receive(self._sock.fileno(), incoming.entries[0], SIZE, _DONT_WAIT, None)
        self._number = max(number, 0)
        if number <= 0:
            if ctypes.get_errno() not in (EAGAIN, EINTR):
                log.debug("datagrams were lost: %s", os.strerror(ctypes.get_errno()))
            return []
        if self._controls.words:
            self._controls.forget_interfaces(number)
        lengths = incoming.lengths[:number].tolist()
        if max(lengths) > _SLOT:
            return [self._whole(index, length) for index, length in enumerate(lengths)]
        space = bytes(self._space[: _SLOT * number])
        return [space[start : start + length] for start, length in zip(_STARTS, lengths, strict=False)]

    def _whole(self, index: int, length: int) -> bytes:
        first, rest = _SLOT * index, _OVERFLOW * index
        return bytes(
            self._questions[first : first + min(length, _SLOT)]
            + self._overflow[rest : rest + max(length - _SLOT, 0)]
        )

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

    def source(self, index: int) -> Source:
        """How to answer message ``index`` from the address that it came to."""
        return source_of(self._sock.family, self._controls.destination(index))

    def send(self, replies: Sequence[bytes | None]) -> None:
        """Answer the messages of the last ``receive``, in their order; None leaves one unanswered."""
        if len(replies) < _FEW:
            for index, reply in enumerate(replies):
                self._send_one(reply, index)
            return
        sizes = [len(reply) if reply else 0 for reply in replies]
        if self._is_coalescing:
            order, runs = arrange(self._ways(), sizes)
        else:
            order, runs = apart(sizes)
        self._send_pieces([replies[index] or b"" for index in order], order, runs)

    def _send_one(self, reply: bytes | None, index: int) -> None:
        if reply:
            say(self._sock, self.peer(index), self.source(index), reply)

    def _ways(self) -> list[tuple[bytes, ...]]:
        """Between which addresses and ports the messages and their answers go."""
        ports = self._ports.iter_unpack(self._names_view[: _NAME_STRIDE * self._number])
        if not self._controls.words:
            return list(ports)
        return [(*port, self._controls.destination(index)) for index, port in enumerate(ports)]

    def _lay_out(self, said: list[bytes], order: list[int], runs: list[int]) -> None:
        """Put the answers where the kernel takes them from, and tell it where the pieces are."""
        joined = b"".join(said)
        self._answers[: len(joined)] = joined
        outgoing, pieces = self._outgoing, len(runs)
        *starts, _ = accumulate(runs, initial=0)
        offsets = list(accumulate(map(len, said), initial=self._base))
        bases = array("Q", [offsets[start] for start in starts])
        outgoing.bases[:pieces] = bases
        outgoing.sizes[:pieces] = array("Q", map(sub, [*bases[1:], offsets[-1]], bases))
        outgoing.names[:pieces] = array("Q", [outgoing.names_at[order[start]] for start in starts])
        controls = self._controls
        if controls.words:
            controls.assign(order[start] for start in starts)
        size = 8 * controls.words
        outgoing.control_lengths[:pieces] = array("Q", [size + 24 if run > 1 else size for run in runs])
        controls.segments[:pieces] = array("Q", [len(said[start]) for start in starts])

    def _send_pieces(self, said: list[bytes], order: list[int], runs: list[int]) -> bool:
        """Whether the first of them was sent."""
        self._lay_out(said, order, runs)
        begin, is_first_sent = 0, False
        while begin < len(runs):
            sent = self._send(
                self._sock.fileno(), self._outgoing.entries[begin], len(runs) - begin, _DONT_WAIT
            )
            if sent <= 0:
                error = ctypes.get_errno()
                log.debug("answers were lost or come later: %s", os.strerror(error))
                if runs[begin] > 1 and error != EAGAIN:
                    rest = sum(runs[:begin])
                    can_alone = self._send_pieces(said[rest:], order[rest:], [1] * (len(said) - rest))
                    # Not every system and device can cut a piece apart: that was it if the first of its
                    # answers can be sent alone, which none can to a client with port 0.
                    if can_alone and error in (EIO, EINVAL):
                        self._is_coalescing = False
                    return is_first_sent
            # The first one that cannot be sent is given up, not the others.
            is_first_sent = is_first_sent or (begin == 0 and sent > 0)
            begin += max(sent, 1)
        return is_first_sent


def _places(controls: "array[int]") -> "array[int]":
    """Where the control data of each message stands."""
    first = controls.buffer_info()[0]
    return array("Q", [first + 8 * _CONTROL_WORDS * index for index in range(SIZE)])


def _address(memory: bytearray) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))
