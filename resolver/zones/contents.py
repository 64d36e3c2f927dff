"""What a zone holds at this moment: records by name, and what follows from them. No sockets, no clock.

This is the side that answers read, and all that a worker process has of a zone: a replica, kept in step by
the changes that the one process sends that owns the zone (``zone.Zone``).
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from resolver.config import is_reverse
from resolver.names import Labels
from resolver.records import RRset, Type

Node = dict[int, RRset]
_Key = TypeVar("_Key")
_NOTHING: Mapping[int, RRset] = {}


class Change(msgspec.Struct, frozen=True):
    """From one state of a zone to the next: whole RRsets as they were and as they are, the SOA's included."""

    origin: Labels
    old_serial: int
    serial: int
    removed: tuple[RRset, ...] = ()
    added: tuple[RRset, ...] = ()

    @property
    def names(self) -> set[Labels]:
        """The names at which something is different."""
        return {rrset.name for rrset in (*self.removed, *self.added)}


class Contents:
    """The records of one zone by name, with the empty non-terminals and delegations that follow from them."""

    def __init__(self, origin: Labels, rrsets: Iterable[RRset] = (), *, serial: int = 0) -> None:
        self.origin = origin
        self.reverse = is_reverse(origin)
        self.serial = serial
        self._nodes: dict[Labels, Node] = {}
        self._below: dict[Labels, int] = {}
        # Names with delegations (NS) or redirections (DNAME) of what is below them.
        self._diversions: set[Labels] = set()
        # The labels right before the zone's name in the names with records, each with how many those are.
        self.tops: dict[bytes, int] = {}
        self.take(Change(origin, serial, serial, added=tuple(rrsets)))

    def node(self, name: Labels) -> Mapping[int, RRset] | None:
        """The RRsets at the folded ``name``; empty for an empty non-terminal, None for no such name."""
        found = self._nodes.get(name)
        return _NOTHING if found is None and name in self._below else found

    @property
    def is_redirected(self) -> bool:
        """Whether a DNAME at the top leads all questions for names below it elsewhere."""
        return Type.DNAME in self._nodes.get(self.origin, {})

    def diversion(self, name: Labels, rtype: int) -> RRset | None:
        """What takes the question for ``name`` away: a delegation at or above it, or a DNAME above it.

        Of several the highest: its NS or DNAME RRset. A question for the DS at a delegation belongs to this
        side of it (RFC 4035 §3.1.4.1).
        """
        if not self._diversions:
            return None
        for start in range(len(name) - len(self.origin), -1, -1):
            if name[start:] in self._diversions:
                node = self._nodes[name[start:]]
                if Type.NS in node and name[start:] != self.origin and (start or rtype != Type.DS):
                    return node[Type.NS]
                if Type.DNAME in node and start:
                    return node[Type.DNAME]
        return None

    def enclose(self, origin: Labels) -> None:
        """Note that another zone of this server begins there: names between it and this one exist."""
        self._count(origin, 1)

    def rrsets(self) -> list[RRset]:
        """All records, in no order."""
        return [rrset for node in self._nodes.values() for rrset in node.values()]

    @property
    def size(self) -> int:
        """How many RRsets there are."""
        return sum(map(len, self._nodes.values()))

    def take(self, change: Change) -> None:
        """Become what ``change`` says, which must start from what this is."""
        nodes: dict[Labels, Node] = {name: dict(self._nodes.get(name, {})) for name in change.names}
        for rrset in change.removed:
            nodes[rrset.name].pop(rrset.type, None)
        for rrset in change.added:
            nodes[rrset.name][rrset.type] = rrset
        for name, node in nodes.items():
            self._put(name, node)
        self.serial = change.serial

    def _put(self, name: Labels, node: Node) -> None:
        if bool(node) != (name in self._nodes):
            self._count(name, 1 if node else -1)
        if node:
            self._nodes[name] = node
        else:
            self._nodes.pop(name, None)
        if Type.DNAME in node or (Type.NS in node and name != self.origin):
            self._diversions.add(name)
        else:
            self._diversions.discard(name)

    def _count(self, name: Labels, step: int) -> None:
        depth = len(name) - len(self.origin)
        for start in range(1, depth + 1):
            _add(self._below, name[start:], step)
        if depth:
            _add(self.tops, name[depth - 1], step)


def enclose_all(zones: Mapping[Labels, Contents]) -> None:
    """Let each zone know of those right below it; once, when there are all."""
    for origin in zones:
        above = (zones[origin[start:]] for start in range(1, len(origin) + 1) if origin[start:] in zones)
        closest = next(above, None)
        if closest:
            closest.enclose(origin)


def _add(counts: dict[_Key, int], key: _Key, step: int) -> None:
    count = counts.get(key, 0) + step
    if count:
        counts[key] = count
    else:
        del counts[key]
