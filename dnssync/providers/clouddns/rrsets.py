"""Endpoints and Cloud DNS's resource record sets, each made from the other. Pure.

Cloud DNS writes names absolute and in A-labels, always wants a TTL, and takes TXT data as quoted strings
(https://cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets).
"""

from ipaddress import ip_address
from typing import Any

import msgspec

from dnssync.endpoints import Endpoint, new_endpoint
from dnssync.names import normalise, trailing_dot
from dnssync.txt import presentation

DEFAULT_TTL = 300

Key = tuple[str, str]
"""Absolute name and type: what a zone holds at most one set for."""

_HOST_LAST = frozenset({"MX", "NS", "PTR", "SRV"})
_HOSTS = frozenset({"CNAME", "DNAME", *_HOST_LAST})
_SERVER_MADE = frozenset({"SOA"})


class RRset(msgspec.Struct, frozen=True, gc=False):
    """One resource record set in the service's words. ``ttl`` is in seconds; None leaves it open.

    A set with a routing policy has its data inside the policy, and none of its own.
    """

    name: str
    type: str
    ttl: int | None = None
    rrdatas: tuple[str, ...] = ()
    routing_policy: dict[str, Any] | None = msgspec.field(default=None, name="routingPolicy")

    @property
    def key(self) -> Key:
        """What tells it from the other RRsets of its zone."""
        return self.name, self.type

    @property
    def is_routed(self) -> bool:
        """Whether a routing policy answers for this name, which dnssync does not touch."""
        return self.routing_policy is not None or not self.rrdatas

    def wire(self) -> dict[str, Any]:
        """The set as it stands in a Change; an open TTL becomes the default."""
        ttl = DEFAULT_TTL if self.ttl is None else self.ttl
        return {"name": self.name, "type": self.type, "ttl": ttl, "rrdatas": list(self.rrdatas)}

    def holds(self, wanted: "RRset") -> bool:
        """Whether this set of the zone has the data of ``wanted``, and its TTL unless that is open."""
        return (
            not self.is_routed and wanted.ttl in (None, self.ttl) and _comparable(self) == _comparable(wanted)
        )


def from_endpoint(endpoint: Endpoint) -> RRset:
    """The set that holds what the endpoint says; its properties and set identifier have no place here."""
    data = _data(endpoint.record_type, endpoint.targets)
    return RRset(normalise(endpoint.dns_name), endpoint.record_type, endpoint.ttl or None, data)


def to_endpoint(rrset: RRset) -> Endpoint | None:
    """What the set says, or None for the SOA, which is the service's own.

    A set with a routing policy becomes an endpoint without targets: its name is seen to be taken, and
    nothing can be planned from it.
    """
    if rrset.type in _SERVER_MADE:
        return None
    data = () if rrset.is_routed else rrset.rrdatas
    return new_endpoint(rrset.name, rrset.type, data, ttl=rrset.ttl or 0)


def adjust(endpoint: Endpoint) -> Endpoint:
    """The endpoint as it would be read back: TXT data quoted, and no property or set identifier."""
    targets = endpoint.targets
    if endpoint.record_type == "TXT":
        targets = tuple(presentation(target) for target in targets)
    return msgspec.structs.replace(endpoint, targets=targets, set_identifier="", provider_specific=())


def _data(record_type: str, targets: tuple[str, ...]) -> tuple[str, ...]:
    if record_type == "TXT":
        return tuple(presentation(target) for target in targets)
    if record_type == "CNAME":
        # A second target is refused however it is written; it goes out as it came, as in external-dns.
        return (*(_absolute(target) for target in targets[:1]), *targets[1:])
    if record_type in _HOST_LAST:
        return tuple(_absolute(target) for target in targets)
    return targets


def _absolute(target: str) -> str:
    """The data with the host name at its end absolute and in A-labels; an address stays as it is."""
    return trailing_dot(target if target.isascii() else normalise(target))


def _comparable(rrset: RRset) -> list[str]:
    """The data in one spelling and order: hosts in lower case, addresses by value."""
    if rrset.type in _HOSTS:
        return sorted(data.lower() for data in rrset.rrdatas)
    if rrset.type in ("A", "AAAA"):
        return sorted(_address(data) for data in rrset.rrdatas)
    return sorted(rrset.rrdatas)


def _address(data: str) -> str:
    try:
        return ip_address(data).compressed
    except ValueError:
        return data
