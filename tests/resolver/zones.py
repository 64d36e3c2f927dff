"""Zones to ask without a socket: records as zone-file lines in, whole messages through dnspython out."""

from collections.abc import Iterable
from typing import Any

import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype

from resolver.answers.responder import Transport, respond
from resolver.answers.synthesis import rules_of
from resolver.config import ResolverConfig
from resolver.feeding.feed import read_update
from resolver.feeding.protocol import FeedRecord, FeedUpdate
from resolver.names import fold, from_text
from resolver.zones.bases import zone_bases
from resolver.zones.contents import enclose_all
from resolver.zones.zone import Update, Zone


def update(
    lines: Iterable[str] = (), *, delete: Iterable[tuple[str, str]] = (), replace: bool = False
) -> Update:
    """An update from lines such as ``www.xip.test 60 A 192.0.2.1``; same name and type make one RRset."""
    records: dict[tuple[str, str], FeedRecord] = {}
    for line in lines:
        name, ttl, rtype, data = line.split(None, 3)
        known = records.get((name, rtype))
        records[name, rtype] = FeedRecord(name, rtype, int(ttl), (*(known.data if known else ()), data))
    return read_update(FeedUpdate("", tuple(records.values()), tuple(delete), replace))


class World:
    """Some zones with given records, asked directly."""

    def __init__(self, *lines: str, zones: tuple[str, ...] = ("xip.test",), **settings: Any) -> None:
        config = ResolverConfig(zones=zones, **settings)
        self.zones = {base.origin: Zone(base, serial=1) for base in zone_bases(config)}
        enclose_all(self.zones)
        self.rules = rules_of(config)
        for origin, zone in self.zones.items():
            mine = [line for line in lines if self.home(line.split()[0]) == origin]
            zone.apply(update(mine), now=1)

    def home(self, name: str) -> tuple[bytes, ...]:
        """The origin of the zone that holds the name."""
        labels = fold(from_text(name))
        return next(labels[start:] for start in range(len(labels) + 1) if labels[start:] in self.zones)

    def zone(self, name: str) -> Zone:
        return self.zones[self.home(name)]

    def bytes(self, wire: bytes, transport: Transport = Transport.UDP) -> bytes | None:
        return respond(wire, transport, self.zones, self.rules)

    def message(
        self, query: dns.message.Message, transport: Transport = Transport.UDP
    ) -> dns.message.Message:
        """The response, parsed by dnspython and checked to belong to the query."""
        wire = self.bytes(query.to_wire(), transport)
        assert wire is not None
        response = dns.message.from_wire(wire)
        assert query.is_response(response)
        return response

    def ask(self, name: str, rtype: str, *, rclass: str = "IN") -> dns.message.Message:
        return self.message(dns.message.make_query(name, rtype, rclass))

    def addresses(self, name: str, rtype: str) -> list[str]:
        return [rdata.to_text() for rrset in self.ask(name, rtype).answer for rdata in rrset]

    def told(self, name: str, rtype: str, *, rclass: str = "IN") -> str:
        """The whole response on one line: ``NOERROR aa; answer …; authority …; additional …``."""
        return tell(self.ask(name, rtype, rclass=rclass))


def tell(response: dns.message.Message) -> str:
    """A response on one line; a SOA is told by its owner and TTL only."""
    flags = [flag for flag, bit in (("aa", 0x400), ("tc", 0x200), ("ra", 0x80)) if response.flags & bit]
    parts = [" ".join([dns.rcode.to_text(response.rcode()), *flags])]
    sections = (response.answer, response.authority, response.additional)
    for title, section in zip(("answer", "authority", "additional"), sections, strict=True):
        texts = [_short(line) for rrset in section for line in rrset.to_text().splitlines()]
        if texts:
            parts.append(f"{title} {', '.join(texts)}")
    return "; ".join(parts)


def _short(line: str) -> str:
    owner, ttl, _rclass, rtype, data = line.split(None, 4)
    return f"{owner} {ttl} SOA" if rtype == "SOA" else f"{owner} {ttl} {rtype} {data}"
