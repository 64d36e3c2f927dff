"""The child's side of the feed: updates from standard input, acknowledgements to standard output."""

import logging
import os
import threading
from collections.abc import Iterator
from io import FileIO

import msgspec

from resolver.errors import ResolverError
from resolver.names import fold, from_text
from resolver.protocol import Ack, FeedUpdate, Ready, Start
from resolver.records import rrset_from_text, type_number
from resolver.server import Resolver
from resolver.zone import Update

log = logging.getLogger(__name__)

_CHUNK = 1 << 16


def read_lines(descriptor: int) -> Iterator[bytes]:
    """Lines from a file descriptor until its end.

    Not through ``sys.stdin``: a thread that waits in its buffer makes the interpreter abort at exit.
    """
    rest = bytearray()
    while chunk := os.read(descriptor, _CHUNK):
        *lines, last = chunk.split(b"\n")
        if lines:
            yield bytes(rest + lines[0])
            yield from lines[1:]
            rest.clear()
        rest += last


def run_feed(lines: Iterator[bytes], output: FileIO, stop: threading.Event) -> None:
    """Serve what the first line says, take updates from the others; until the end of input or ``stop``.

    Raises ResolverError (bad configuration, address taken) after telling the parent.
    """
    try:
        resolver = _start(next(lines, b""))
    except ResolverError as error:
        _write(output, Ready(error=str(error)))
        raise
    _write(output, Ready(resolver.addresses))
    feeder = threading.Thread(target=_feed, args=(resolver, lines, output, stop), name="feed", daemon=True)
    feeder.start()
    resolver.serve(stop)


def _start(line: bytes) -> Resolver:
    try:
        start = msgspec.json.decode(line, type=Start)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ResolverError(f"the first line of the feed is not a start message: {error}") from None
    resolver = Resolver(start.config, serials=start.serials)
    for update in start.updates:
        resolver.apply(update.zone, read_update(update))
    resolver.bind()
    return resolver


def _feed(resolver: Resolver, lines: Iterator[bytes], output: FileIO, stop: threading.Event) -> None:
    try:
        for number, line in enumerate(lines, start=1):
            _write(output, _take(resolver, number, line))
    except OSError:
        log.debug("the parent is gone: its end of a pipe is closed")
    finally:
        stop.set()


def _take(resolver: Resolver, number: int, line: bytes) -> Ack:
    try:
        update = msgspec.json.decode(line, type=FeedUpdate)
        return Ack(number, resolver.apply(update.zone, read_update(update)))
    except (msgspec.MsgspecError, UnicodeDecodeError, ResolverError) as error:
        return Ack(number, error=str(error) or type(error).__name__)


def read_update(update: FeedUpdate) -> Update:
    """The update as wire values; raises ResolverError. Pure."""
    return Update(
        tuple(rrset_from_text(entry.name, entry.type, entry.ttl, entry.data) for entry in update.set),
        tuple((fold(from_text(name)), type_number(rtype)) for name, rtype in update.delete),
        update.replace,
    )


def _write(output: FileIO, message: Ready | Ack) -> None:
    output.write(msgspec.json.encode(message) + b"\n")
