"""A zone as its one owner keeps it: layers of records, and how they change. No sockets, no clock.

Three layers, of which the upper hide the lower ones at the same name and type:

    DYNAMIC   set by DNS UPDATE, which can also hide what lies below
    GIVEN     fed by another process (synced)
    STATIC    the configuration and the files of records

A change is taken whole or not at all, and the SOA serial grows with each one that alters something.
"""

from collections.abc import Collection, Mapping
from enum import IntEnum

import msgspec

from resolver.config import zone_text
from resolver.errors import ResolverError
from resolver.names import Labels, is_within, to_text, to_wire
from resolver.records import RRset, Type
from resolver.zones.bases import ZoneBase
from resolver.zones.contents import Change, Contents, Node
from resolver.zones.history import is_newer


class Layer(IntEnum):
    """Where a record comes from; the higher one is answered."""

    STATIC = 0
    GIVEN = 1
    DYNAMIC = 2


class Update(msgspec.Struct, frozen=True):
    """A change of a layer: (name, type) pairs to delete, then RRsets to set; ``replace`` first drops all.

    ``hide`` are pairs of which the layer says that they are not there, whatever those below it hold.
    """

    set: tuple[RRset, ...] = ()
    delete: tuple[tuple[Labels, int], ...] = ()
    replace: bool = False
    hide: tuple[tuple[Labels, int], ...] = ()


# What one layer says of a name, by type; None hides what lies below.
_Entries = dict[int, RRset | None]


class Zone(Contents):
    """The records of one zone with where they come from; ``apply`` and ``rebase`` change it."""

    def __init__(self, base: ZoneBase, *, serial: int) -> None:
        """``serial`` is the first one; take the time, so that it also grows over restarts."""
        super().__init__(base.origin, serial=max(serial, base.serial) % 2**32)
        self._base = base
        self._layers: tuple[dict[Labels, _Entries], ...] = tuple({} for _ in Layer)
        self._layers[Layer.STATIC].update(_static_entries(base))
        nodes = {name: self._merged(name) for name in self._layers[Layer.STATIC]}
        for name, node in nodes.items():
            check_node(name, node, self.origin)
        first = tuple(rrset for node in nodes.values() for rrset in node.values())
        self.take(Change(self.origin, self.serial, self.serial, added=(*first, self._soa(self.serial))))

    def apply(self, update: Update, *, now: int, layer: Layer = Layer.GIVEN) -> Change | None:
        """Take the update; None if it alters no answer. ``now`` is in seconds and feeds the serial.

        Raises ResolverError, with nothing changed, for names outside the zone, for a SOA, and for a CNAME
        beside other data (RFC 1034 §3.6.2).
        """
        if any(rrset.type == Type.SOA for rrset in update.set):
            raise ResolverError(
                f"the SOA of {zone_text(self.origin)} is kept by the server and cannot be set"
            )
        return self._replace(layer, self._staged(update, layer), now)

    def rebase(self, base: ZoneBase, *, now: int) -> Change | None:
        """Put other static records in place of those there are; as ``apply`` otherwise."""
        staged: dict[Labels, _Entries] = {name: {} for name in self._layers[Layer.STATIC]}
        staged.update(_static_entries(base))
        former, self._base = self._base, base
        # The same again says nothing: by now the zone's may have gone round, and be small.
        least = base.serial if base.serial != former.serial else 0
        try:
            return self._replace(Layer.STATIC, staged, now, least=least)
        except ResolverError:
            self._base = former
            raise

    def advance(self, serial: int) -> Change | None:
        """Have at least this serial, with the same records; None if that is so."""
        serial %= 2**32
        if not is_newer(serial, self.serial):
            return None
        old, new = self._soa(self.serial), self._soa(serial)
        change = Change(self.origin, self.serial, serial, (old,), (new,))
        self.take(change)
        return change

    def layer(self, layer: Layer) -> list[tuple[Labels, int, RRset | None]]:
        """All that a layer says: name, type and the RRset, or None for a deletion."""
        entries = self._layers[layer].items()
        return [(name, rtype, rrset) for name, node in entries for rtype, rrset in node.items()]

    def below(self, name: Labels, layer: Layer) -> Node:
        """What the layers under ``layer`` have at the folded name, hidden or not."""
        return self._merged(name, below=layer)

    def _staged(self, update: Update, layer: Layer) -> dict[Labels, _Entries]:
        entries = self._layers[layer]
        staged: dict[Labels, _Entries] = {name: {} for name in entries} if update.replace else {}

        def stage(name: Labels) -> _Entries:
            if not is_within(name, self.origin):
                raise ResolverError(f"{to_text(name)} is not in the zone {zone_text(self.origin)}")
            return staged.setdefault(name, dict(entries.get(name, {})))

        for name, rtype in update.delete:
            stage(name).pop(rtype, None)
        for name, rtype in update.hide:
            stage(name)[rtype] = None
        for rrset in update.set:
            stage(rrset.name)[rrset.type] = rrset
        return staged

    def _replace(
        self, layer: Layer, staged: Mapping[Labels, _Entries], now: int, *, least: int = 0
    ) -> Change | None:
        """Take whole entries of a layer, all or none."""
        nodes = {name: self._merged(name, instead=(layer, entries)) for name, entries in staged.items()}
        changed = {name: node for name, node in nodes.items() if node != self._records(name)}
        for name, node in changed.items():
            check_node(name, node, self.origin)
        for name, entries in staged.items():
            if entries:
                self._layers[layer][name] = entries
            else:
                self._layers[layer].pop(name, None)
        return self._commit(changed, now, least=least)

    def _commit(self, nodes: Mapping[Labels, Node], now: int, *, least: int) -> Change | None:
        old = self._nodes[self.origin][Type.SOA]
        if not nodes and old == self._soa(self.serial) and least <= self.serial:
            return None
        removed, added = [old], []
        for name, node in nodes.items():
            before = self._records(name)
            removed += [rrset for rtype, rrset in before.items() if node.get(rtype) != rrset]
            added += [rrset for rtype, rrset in node.items() if before.get(rtype) != rrset]
        serial = max(self.serial + 1, now, least) % 2**32
        change = Change(self.origin, self.serial, serial, tuple(removed), (*added, self._soa(serial)))
        self.take(change)
        return change

    def _merged(
        self, name: Labels, *, below: int = len(Layer), instead: tuple[Layer, _Entries] | None = None
    ) -> Node:
        """What the layers below ``below`` make of a name; ``instead`` has other entries for one of them."""
        merged: _Entries = {}
        for layer in list(Layer)[:below]:
            replaced = instead is not None and instead[0] is layer
            merged.update(instead[1] if instead and replaced else self._layers[layer].get(name, {}))
        return {rtype: rrset for rtype, rrset in merged.items() if rrset is not None}

    def _records(self, name: Labels) -> Node:
        """What is at a name now, but for the SOA, which no layer has."""
        return {rtype: rrset for rtype, rrset in self._nodes.get(name, {}).items() if rtype != Type.SOA}

    def _soa(self, serial: int) -> RRset:
        base = self._base
        numbers = (serial, *base.times, base.negative_ttl)
        tail = b"".join(number.to_bytes(4) for number in numbers)
        data = to_wire(base.primary) + to_wire(base.hostmaster) + tail
        return RRset(self.origin, Type.SOA, base.ttl, (data,))


def _static_entries(base: ZoneBase) -> dict[Labels, _Entries]:
    entries: dict[Labels, _Entries] = {}
    for rrset in base.static:
        entries.setdefault(rrset.name, {})[rrset.type] = rrset
    return entries


def check_node(name: Labels, node: Collection[int], origin: Labels) -> None:
    """Raise ResolverError for types that cannot stand at one name: secondaries refuse a zone with them."""
    if Type.CNAME in node and len(node) > 1:
        raise ResolverError(f"{to_text(name)} has a CNAME and other records, which exclude each other")
    if Type.NS not in node or name == origin:
        return
    if name[0] == b"*":
        raise ResolverError(f"{to_text(name)} is a wildcard, which cannot be delegated (RFC 4592 §4.2)")
    if Type.DNAME in node:
        raise ResolverError(f"{to_text(name)} has a DNAME and NS, which exclude each other (RFC 6672 §2.3)")
