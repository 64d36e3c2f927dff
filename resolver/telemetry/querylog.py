"""The query log: one JSON object a line, written by a thread of its own; off, it is not in the way at all.

    {"time":"2026-01-01T00:00:00.000000Z","client":"192.0.2.7","transport":"udp","name":"10.0.0.5.xip.test.",
     "type":"A","rcode":"NOERROR","size":49}

``rcode`` and ``size`` are null for what got no answer from here. The way from the answering thread has a
bound: what does not fit is dropped and counted, and a line ``{"dropped": …}`` tells how much. Several
processes may write the same file or pipe, and the file may be moved away at any time.
"""

import os
import select
import stat
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import msgspec

from resolver.answers.answer import Rcode
from resolver.answers.opt import question_end, rcode_of
from resolver.answers.responder import Transport
from resolver.answers.wire import HEADER_SIZE
from resolver.errors import ResolverError
from resolver.names import to_text
from resolver.records import type_text

QUEUE_SIZE = 16384
STANDARD_ERROR = "-"

_FLUSH_INTERVAL = 0.1
_LINES_PER_WRITE = 512
# What a pipe takes in one piece, so that lines of several processes do not mix (POSIX: at least 512).
_PIPE_SIZE = select.PIPE_BUF
_FILE_SIZE = 1 << 20

Handle = Callable[[bytes, bytes, Transport], bytes | None]


_RCODES = frozenset(Rcode)


class Entry(NamedTuple):
    """One message and its answer, as the answering thread leaves them; ``time`` in seconds of the epoch."""

    time: float
    client: bytes
    transport: Transport
    wire: bytes
    reply: bytes | None


class Line(msgspec.Struct, frozen=True):
    """What the log tells of one message."""

    time: str
    client: str
    transport: str
    name: str | None
    type: str | None
    rcode: str | None
    size: int | None


class QueryLog:
    """Owns the file and the thread that writes it."""

    def __init__(self, path: str, *, size: int = QUEUE_SIZE) -> None:
        """Open the file to append to it; raises ResolverError."""
        self._path = path
        self._size = size
        self._entries: deque[Entry] = deque()
        self._told = 0
        self._is_torn = False
        self.dropped = 0
        try:
            self._file = _open(path)
        except OSError as error:
            raise ResolverError(f"cannot write the query log {path}: {error.strerror}") from None
        self._closing = threading.Event()
        self._writer = threading.Thread(target=self._write, name="query-log", daemon=True)
        self._writer.start()

    def wrap(self, handle: Handle) -> Handle:
        """``handle``, each message of which is logged."""

        def logged(wire: bytes, client: bytes, transport: Transport) -> bytes | None:
            reply = handle(wire, client, transport)
            if len(self._entries) < self._size:
                self._entries.append(Entry(time.time(), client, transport, wire, reply))
            else:
                self.dropped += 1
            return reply

        return logged

    def close(self) -> None:
        """Write what is left; safe to call twice."""
        self._closing.set()
        self._writer.join()

    def _write(self) -> None:
        while not self._closing.wait(_FLUSH_INTERVAL):
            self._flush()
        self._flush()
        os.close(self._file)

    def _flush(self) -> None:
        while self._entries:
            count = min(len(self._entries), _LINES_PER_WRITE)
            lines = [msgspec.json.encode(describe(self._entries.popleft())) for _ in range(count)]
            if news := self.dropped - self._told:
                lines.insert(0, b'{"dropped":%d}' % news)
            written = self._put(lines)
            if written:
                self._told += news
            if missing := len(lines) - written:
                # Told by the next line that can be written, and by the counter.
                self.dropped += min(missing, count)
                return

    def _put(self, lines: list[bytes]) -> int:
        """Write the lines; how many came through whole."""
        written = 0
        try:
            self._follow()
            size = _FILE_SIZE if stat.S_ISREG(os.fstat(self._file).st_mode) else _PIPE_SIZE
            for piece in _pieces(lines, size):
                # What a full disk took of a line is a line of its own, and the next one stands apart.
                data = b"\n" * self._is_torn + piece
                done = data[: os.write(self._file, data)]
                self._is_torn = not done.endswith(b"\n")
                written += done.removeprefix(b"\n").count(b"\n")
                if len(done) < len(data):
                    break
        except OSError:
            return written
        return written

    def _follow(self) -> None:
        """Open the file again if another one, or none, has its name now."""
        if self._path == STANDARD_ERROR:
            return
        try:
            there = Path(self._path).stat()
        except FileNotFoundError:
            there = None
        if there is None or not os.path.samestat(there, os.fstat(self._file)):
            fresh = _open(self._path)
            os.close(self._file)
            self._file, self._is_torn = fresh, False


def _pieces(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The lines with their ends, as many together as ``size`` bytes hold."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) >= size:
            yield piece
            piece = b""
        piece += line + b"\n"
    yield piece


def describe(entry: Entry) -> Line:
    """The line of one entry. Pure; takes any bytes."""
    moment = datetime.fromtimestamp(entry.time, UTC).isoformat(timespec="microseconds")
    name, rtype = _question(entry.wire)
    rcode, size = (_rcode(entry.reply), len(entry.reply)) if entry.reply else (None, None)
    return Line(
        moment.replace("+00:00", "Z"),
        _address(entry.client),
        entry.transport.value,
        name,
        rtype,
        rcode,
        size,
    )


def _address(client: bytes) -> str:
    address = ip_address(client)
    # As a socket of both families tells an IPv4 address.
    return str(getattr(address, "ipv4_mapped", None) or address)


def _question(wire: bytes) -> tuple[str, str] | tuple[None, None]:
    end = question_end(wire) if len(wire) >= HEADER_SIZE and wire[4:6] != b"\0\0" else None
    if end is None:
        return None, None
    labels, position = [], HEADER_SIZE
    while length := wire[position]:
        labels.append(wire[position + 1 : position + 1 + length])
        position += 1 + length
    return to_text(tuple(labels)), type_text(int.from_bytes(wire[end - 4 : end - 2]))


def _rcode(reply: bytes) -> str:
    number = rcode_of(reply)
    return Rcode(number).name if number in _RCODES else f"RCODE{number}"


def _open(path: str) -> int:
    if path == STANDARD_ERROR:
        return os.dup(2)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
