"""The child's side of the feed: updates from standard input, acknowledgements to standard output."""

import logging
import os
import threading
from collections.abc import Iterator
from io import FileIO
from itertools import chain

import msgspec

from resolver.errors import ResolverError
from resolver.feeding.protocol import Ack, FeedUpdate, Ready, Start
from resolver.names import fold, from_text
from resolver.records import rrset_from_text, type_number
from resolver.serving.keeper import Keeper
from resolver.serving.scheduling import give_way
from resolver.zones.zone import Update

log = logging.getLogger(__name__)

_CHUNK = 1 << 16
# Seconds between two looks at the files of records.
_TICK = 0.5


def read_lines(descriptor: int) -> Iterator[bytes]:
    """Lines from a file descriptor until its end."""
    for batch in read_batches(descriptor):
        yield from batch


def read_batches(descriptor: int) -> Iterator[list[bytes]]:
    """Lines from a file descriptor until its end, together what came together.

    Not through ``sys.stdin``: a thread that waits in its buffer makes the interpreter abort at exit.
    """
    rest = bytearray()
    while chunk := os.read(descriptor, _CHUNK):
        *lines, last = chunk.split(b"\n")
        if lines:
            yield [bytes(rest + lines[0]), *lines[1:]]
            rest.clear()
        rest += last


def run_feed(batches: Iterator[list[bytes]], output: FileIO, stop: threading.Event) -> None:
    """Serve what the first line says, take updates from the others; until the end of input or ``stop``.

    Raises ResolverError (bad configuration, address taken) after telling the parent.
    """
    first, *others = next(batches, [b""])
    try:
        keeper = _start(first)
    except ResolverError as error:
        _write(output, Ready(error=str(error)))
        raise
    _write(output, Ready(keeper.addresses))
    feeder = threading.Thread(
        target=_feed, args=(keeper, chain([others], batches), output, stop), name="feed", daemon=True
    )
    feeder.start()
    while not stop.wait(_TICK):
        keeper.refresh()
    keeper.close()


def _start(line: bytes) -> Keeper:
    try:
        start = msgspec.json.decode(line, type=Start)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ResolverError(f"the first line of the feed is not a start message: {error}") from None
    keeper = Keeper(start.config, serials=start.serials)
    for update in start.updates:
        keeper.stage(update.zone, read_update(update))
    keeper.bind()
    keeper.start()
    return keeper


def _feed(keeper: Keeper, batches: Iterator[list[bytes]], output: FileIO, stop: threading.Event) -> None:
    give_way()
    number = 0
    try:
        for lines in batches:
            acks = [_take(keeper, number + index, line) for index, line in enumerate(lines, start=1)]
            number += len(lines)
            keeper.settle(keeper.truth.number)
            output.write(b"".join(msgspec.json.encode(ack) + b"\n" for ack in acks))
    except OSError:
        log.debug("the parent is gone: its end of a pipe is closed")
    finally:
        stop.set()


def _take(keeper: Keeper, number: int, line: bytes) -> Ack:
    try:
        update = msgspec.json.decode(line, type=FeedUpdate)
        serial, _ = keeper.stage(update.zone, read_update(update))
        return Ack(number, serial)
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
