"""What the keeper and its workers say to each other: values, and their frames on a stream.

A frame is a msgpack map behind four bytes of its length, big-endian. Both ends are of one version and trust
each other; bytes from strangers travel only inside ``Forward.wire``.
"""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

from resolver.config import ResolverConfig
from resolver.names import Labels
from resolver.records import RRset
from resolver.telemetry.tally import Counts
from resolver.zones.contents import Change

_HEAD = 4
_encoder = msgspec.msgpack.Encoder()


class Socket(msgspec.Struct, frozen=True):
    """A listening socket that a worker inherits; ``secure`` for DNS over TLS."""

    descriptor: int
    secure: bool = False


class State(msgspec.Struct, frozen=True):
    """A whole zone as it is answered from."""

    origin: Labels
    serial: int
    rrsets: tuple[RRset, ...]


class Load(msgspec.Struct, frozen=True, tag=True):
    """The first message to a worker: all that it needs. It holds every change up to ``number``.

    ``forwards``: whether the keeper takes what only it can answer; ``log_level``: the least to log.
    """

    config: ResolverConfig
    sockets: tuple[Socket, ...]
    states: tuple[State, ...]
    number: int
    forwards: bool
    log_level: int


class Apply(msgspec.Struct, frozen=True, tag=True):
    """Change ``number`` of all zones; numbers grow without gaps."""

    number: int
    change: Change


class Reply(msgspec.Struct, frozen=True, tag=True):
    """The next message for the client of a ``Forward``; None when there is none (any more)."""

    request: int
    wire: bytes | None


class Reload(msgspec.Struct, frozen=True, tag=True):
    """Read the files again that the worker itself reads."""


class Done(msgspec.Struct, frozen=True, tag=True):
    """The worker answers from every change up to ``number``; the first one says that it has started."""

    number: int


class Forward(msgspec.Struct, frozen=True, tag=True):
    """A message that only the keeper can answer; ``request`` is the worker's own number for it."""

    request: int
    wire: bytes
    host: str
    port: int
    transport: str


class More(msgspec.Struct, frozen=True, tag=True):
    """The client took the last message of ``request``; the next one may come."""

    request: int


class Forget(msgspec.Struct, frozen=True, tag=True):
    """Nobody waits for ``request`` any more."""

    request: int


class Count(msgspec.Struct, frozen=True, tag=True):
    """What the worker counted since it started. Also its sign of life: at least every two seconds."""

    counts: Counts


class Line(msgspec.Struct, frozen=True, tag=True):
    """A line for the log, which only the keeper writes."""

    level: int
    logger: str
    text: str


ToWorker = Load | Apply | Reply | Reload
ToKeeper = Done | Forward | More | Forget | Count | Line

_Message = TypeVar("_Message")


def frame(message: ToWorker | ToKeeper) -> bytes:
    """The message as it goes over the stream."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_HEAD) + body


class Frames(Generic[_Message]):
    """Takes bytes as they come and gives the whole messages in them."""

    def __init__(self, kind: Any) -> None:
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[_Message]:
        """The messages that end within ``data``."""
        self._rest += data
        while len(self._rest) >= _HEAD:
            end = _HEAD + int.from_bytes(self._rest[:_HEAD])
            if len(self._rest) < end:
                return
            body = bytes(memoryview(self._rest)[_HEAD:end])
            del self._rest[:end]
            yield self._decoder.decode(body)
