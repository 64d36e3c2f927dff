"""The lines of JSON by which another process feeds the resolver records. Values only.

The parent writes to the child's standard input: first one ``Start``, then any number of ``FeedUpdate``.
The child writes to its standard output: first one ``Ready`` (or one with an error, and ends), then one
``Ack`` per update line, in order, once questions are answered from it. The end of input ends the child.
"""

import msgspec

from resolver.config import ResolverConfig


class FeedRecord(msgspec.Struct, frozen=True):
    """An RRset in presentation form; names are absolute."""

    name: str
    type: str
    ttl: int
    data: tuple[str, ...]


class FeedUpdate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change of one zone, taken whole or not at all: (name, type) pairs to delete, then RRsets to set.

    ``replace`` first drops every record that was given before.
    """

    zone: str
    set: tuple[FeedRecord, ...] = ()
    delete: tuple[tuple[str, str], ...] = ()
    replace: bool = False


class Start(msgspec.Struct, frozen=True, omit_defaults=True):
    """The configuration, the records to have before the first answer, and the least serial per zone."""

    config: ResolverConfig
    updates: tuple[FeedUpdate, ...] = ()
    serials: dict[str, int] = {}


class Ready(msgspec.Struct, frozen=True, omit_defaults=True):
    """The addresses that are listened on, with real ports; or why not."""

    addresses: tuple[str, ...] = ()
    error: str = ""


class Ack(msgspec.Struct, frozen=True, omit_defaults=True):
    """Update line ``ack`` (from 1) is answered from, and the zone's serial; or the error: nothing changed."""

    ack: int
    serial: int = 0
    error: str = ""
