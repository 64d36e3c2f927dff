"""A zone: its own records, the records that it was given, and how they change. No sockets, no clock.

Given (synced) records stand in front of the zone's own (static) ones of the same name and type. A change
is taken whole or not at all, and the SOA serial grows with each one that alters something.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from resolver.config import ResolverConfig, is_reverse, parse_name_server, zone_text
from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text, is_within, to_text, to_wire
from resolver.records import RRset, Type, rrset_from_text

# Refresh, retry and expire, in seconds, for secondaries (RIPE-203 recommends this order of size).
SOA_TIMES = (3600, 600, 1209600)

Node = dict[int, RRset]
_NOTHING: Mapping[int, RRset] = {}


class Update(msgspec.Struct, frozen=True):
    """Given records: (name, type) pairs to delete, then RRsets to set; ``replace`` drops all others first."""

    set: tuple[RRset, ...] = ()
    delete: tuple[tuple[Labels, int], ...] = ()
    replace: bool = False


class ZoneBase(msgspec.Struct, frozen=True):
    """What a zone is before any record is given; names are folded. Built by ``zone_bases``."""

    origin: Labels
    static: tuple[RRset, ...]
    primary: Labels
    hostmaster: Labels
    ttl: int
    negative_ttl: int


class Zone:
    """The records of one zone by name, with the empty non-terminals and delegations that follow from them."""

    def __init__(self, base: ZoneBase, *, serial: int) -> None:
        """``serial`` is the first one; take the time, so that it also grows over restarts."""
        self.origin = base.origin
        self.reverse = is_reverse(base.origin)
        self.serial = serial % 2**32
        self._base = base
        self._static: dict[Labels, Node] = {}
        for rrset in base.static:
            self._static.setdefault(rrset.name, {})[rrset.type] = rrset
        self._nodes: dict[Labels, Node] = {}
        self._below: dict[Labels, int] = {}
        self._cuts: set[Labels] = set()
        for name, node in self._static.items():
            self._put(name, dict(node))
        self._nodes[self.origin][Type.SOA] = self._soa()

    def node(self, name: Labels) -> Mapping[int, RRset] | None:
        """The RRsets at the folded ``name``; empty for an empty non-terminal, None for no such name."""
        found = self._nodes.get(name)
        return _NOTHING if found is None and name in self._below else found

    def cut_above(self, name: Labels, rtype: int) -> RRset | None:
        """The NS RRset of the highest delegation at or above ``name``, if one takes the question away.

        A question for the DS at the delegation itself belongs to this side of it (RFC 4035 §3.1.4.1).
        """
        if not self._cuts:
            return None
        for start in range(len(name) - len(self.origin) - 1, -1, -1):
            if name[start:] in self._cuts:
                is_ours = start == 0 and rtype == Type.DS
                return None if is_ours else self._nodes[name[start:]][Type.NS]
        return None

    def apply(self, update: Update, *, now: int) -> bool:
        """Take the update; False if it alters nothing. ``now`` is in seconds and feeds the serial.

        Raises ResolverError, with nothing changed, for names outside the zone and for a CNAME beside other
        data (RFC 1034 §3.6.2).
        """
        staged = self._staged(update)
        changed = {name: node for name, node in staged.items() if node != self._nodes.get(name, {})}
        for name, node in changed.items():
            if Type.CNAME in node and len(node) > 1:
                raise ResolverError(
                    f"{to_text(name)} has a CNAME and other records, which exclude each other"
                )
        for name, node in changed.items():
            self._put(name, node)
        if changed:
            self.serial = max(self.serial + 1, now) % 2**32
            self._nodes[self.origin][Type.SOA] = self._soa()
        return bool(changed)

    def _staged(self, update: Update) -> dict[Labels, Node]:
        staged: dict[Labels, Node] = {}
        if update.replace:
            staged = {name: self._own(name) for name in self._nodes}
        for name, rtype in update.delete:
            node = self._stage(staged, name)
            node.pop(rtype, None)
            if rtype in self._own(name):
                node[rtype] = self._own(name)[rtype]
        for rrset in update.set:
            self._stage(staged, rrset.name)[rrset.type] = rrset
        return staged

    def _stage(self, staged: dict[Labels, Node], name: Labels) -> Node:
        if not is_within(name, self.origin):
            raise ResolverError(f"{to_text(name)} is not in the zone {zone_text(self.origin)}")
        return staged.setdefault(name, dict(self._nodes.get(name, {})))

    def _own(self, name: Labels) -> Node:
        own = dict(self._static.get(name, {}))
        if name == self.origin:
            own[Type.SOA] = self._nodes[name][Type.SOA]
        return own

    def _put(self, name: Labels, node: Node) -> None:
        if bool(node) != (name in self._nodes):
            self._count(name, 1 if node else -1)
        if node:
            self._nodes[name] = node
        else:
            self._nodes.pop(name, None)
        if Type.NS in node and name != self.origin:
            self._cuts.add(name)
        else:
            self._cuts.discard(name)

    def _count(self, name: Labels, step: int) -> None:
        for start in range(1, len(name) - len(self.origin) + 1):
            count = self._below.get(name[start:], 0) + step
            if count:
                self._below[name[start:]] = count
            else:
                del self._below[name[start:]]

    def _soa(self) -> RRset:
        numbers = (self.serial, *SOA_TIMES, self._base.negative_ttl)
        tail = b"".join(number.to_bytes(4) for number in numbers)
        data = to_wire(self._base.primary) + to_wire(self._base.hostmaster) + tail
        return RRset(self.origin, Type.SOA, self._base.ttl, (data,))


def zone_bases(config: ResolverConfig) -> list[ZoneBase]:
    """The zones of a configuration, with their NS, glue and apex addresses."""
    servers = [parse_name_server(text) for text in config.ns]
    bases = []
    for origin in config.origins:
        names = [fold(server.name) for server in servers] or [origin]
        ns = RRset(origin, Type.NS, config.ttl, tuple(dict.fromkeys(to_wire(name) for name in names)))
        addresses: dict[Labels, list[str]] = {} if is_reverse(origin) else {origin: list(config.apex)}
        for server in servers:
            if _home(fold(server.name), config.origins) == origin:
                addresses.setdefault(fold(server.name), []).extend(server.addresses)
        hostmaster = fold(from_text(config.hostmaster)) or (b"hostmaster", *origin)
        static = (ns, *_address_rrsets(addresses, config.ttl))
        bases.append(ZoneBase(origin, static, names[0], hostmaster, config.ttl, config.negative_ttl))
    return bases


def _home(name: Labels, origins: Sequence[Labels]) -> Labels | None:
    return max((origin for origin in origins if is_within(name, origin)), key=len, default=None)


def _address_rrsets(addresses: Mapping[Labels, Iterable[str]], ttl: int) -> list[RRset]:
    rrsets = []
    for name, texts in addresses.items():
        for rtype, chosen in (
            ("A", [t for t in texts if ":" not in t]),
            ("AAAA", [t for t in texts if ":" in t]),
        ):
            if chosen:
                rrsets.append(rrset_from_text(to_text(name), rtype, ttl, chosen))
    return rrsets
