"""The owner of some zones, asked directly with messages that dnspython signs and reads."""

import time
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.rrset
import dns.tsig
import dns.update

from resolver.answers.responder import Transport
from resolver.answers.synthesis import rules_of
from resolver.config import ResolverConfig
from resolver.primary.access import read_access
from resolver.primary.authority import Authority, Peer
from resolver.primary.journal import Journal
from resolver.zones.bases import zone_bases
from resolver.zones.truth import Truth
from tests.resolver.zones import World, update

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTAwMDE="
ACME_KEY = f"acme:hmac-sha256:{SECRET}"
ADMIN_KEY = f"admin:hmac-sha512:{SECRET}"
ALGORITHMS = {"acme": "hmac-sha256", "admin": "hmac-sha512"}
PEER = Peer("127.0.0.1", 5353)


class Owner:
    """Zones with a clock that can be set wrong; ``acme`` has the default grant, ``admin`` may do all."""

    def __init__(
        self,
        *lines: str,
        zones: tuple[str, ...] = ("xip.test",),
        journal: Path | None = None,
        **settings: Any,
    ) -> None:
        given = {"tsig_keys": (ACME_KEY, ADMIN_KEY), "allow_updates": ("acme", "admin:."), **settings}
        self.config = ResolverConfig(zones=zones, **given)
        self.skew = 0.0
        self.truth = Truth(zone_bases(self.config), now=int(time.time()))
        self.rules = rules_of(self.config)
        for origin in self.truth.zones:
            mine = [line for line in lines if World(zones=zones).home(line.split()[0]) == origin]
            self.truth.apply(origin, update(mine), now=int(time.time()))
        self.journal = Journal(journal) if journal else None
        self.authority = Authority(
            self.truth,
            self.rules,
            read_access(self.config),
            journal=self.journal,
            clock=lambda: time.time() + self.skew,
            settle=lambda: None,
        )

    def raw(self, wire: bytes, transport: Transport = Transport.TCP, peer: Peer = PEER) -> list[bytes]:
        return list(self.authority.handle(wire, peer, transport))

    def send(self, message: dns.message.Message, transport: Transport = Transport.TCP) -> dns.message.Message:
        """The one response, its signature checked if the message has one."""
        (wire,) = self.raw(message.to_wire(), transport)
        keyring = message.keyring or None
        return dns.message.from_wire(wire, keyring=keyring, request_mac=message.mac)

    def answers(self, name: str, rtype: str) -> list[str]:
        """What the zones say now, without any signature."""
        query = dns.message.make_query(name, rtype)
        response = self.send(query)
        return sorted(rdata.to_text() for rrset in response.answer for rdata in rrset)

    def serial(self, zone: str = "xip.test") -> int:
        return self.truth.zones[World(zones=(zone,)).home(zone)].serial

    def close(self) -> None:
        self.authority.close()


def key(name: str = "acme", secret: str = SECRET) -> dns.tsig.Key:
    return dns.tsig.Key(name, secret, ALGORITHMS.get(name, "hmac-sha256"))


def changing(by: str | None = "acme", zone: str = "xip.test") -> dns.update.UpdateMessage:
    """An empty update, to be filled; signed with the key named ``by``."""
    return dns.update.UpdateMessage(zone, keyring=key(by) if by else None)


def transferring(
    rtype: str, serial: int = 0, *, by: str | None = None, zone: str = "xip.test"
) -> dns.message.Message:
    """A question for a transfer; ``serial`` is what the asker of an IXFR has."""
    query = dns.message.make_query(zone, rtype)
    if rtype == "IXFR":
        query.authority.append(dns.rrset.from_text(f"{zone}.", 0, "IN", "SOA", f". . {serial} 0 0 0 0"))
    if by:
        query.use_tsig(key(by))
    return query
