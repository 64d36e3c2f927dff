"""Which managed zones of a project take part, and which of them hold a name. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from dnssync.domains import DomainFilter
from dnssync.names import ascii_name, longest_zone
from dnssync.providers import Zone
from dnssync.zones import id_passes, type_passes


class ManagedZone(msgspec.Struct, frozen=True, rename="camel"):
    """A zone as the API tells of it. Peering and forwarding zones hold no records of their own."""

    name: str
    dns_name: str
    id: str = ""
    visibility: str = "public"
    peering_config: dict[str, Any] | None = None
    forwarding_config: dict[str, Any] | None = None


class ZoneRules(msgspec.Struct, frozen=True):
    """What the user lets us touch: by name, by number or name of the zone (suffix), by visibility."""

    domain_filter: DomainFilter = DomainFilter()
    ids: tuple[str, ...] = ()
    visibility: str = ""


def select(zones: Iterable[ManagedZone], rules: ZoneRules) -> list[Zone]:
    """The zones that the rules let through, sorted by DNS name; the name of the zone becomes the id."""
    return sorted(
        (
            Zone(id=zone.name, name=ascii_name(zone.dns_name), private=zone.visibility == "private")
            for zone in zones
            if _passes(zone, rules)
        ),
        key=lambda zone: (zone.name, zone.id),
    )


def zones_of(name: str, zones: Sequence[Zone], domain_filter: DomainFilter) -> list[Zone]:
    """All zones of the longest DNS name that holds ``name``; none for a name that the filter keeps out.

    Where a public and a private zone share one DNS name (split horizon), or several private ones do, each
    of them gets the record: external-dns picks one at random. A longer name in one of them wins outright, so
    that what belongs to a private subdomain never appears in the public parent.
    """
    plain = ascii_name(name)
    if not domain_filter.matches(plain):
        return []
    longest = longest_zone(plain, (zone.name for zone in zones))
    return [zone for zone in zones if zone.name == longest]


def _passes(zone: ManagedZone, rules: ZoneRules) -> bool:
    return (
        zone.peering_config is None
        and zone.forwarding_config is None
        and rules.domain_filter.matches(ascii_name(zone.dns_name))
        and type_passes(zone.visibility, rules.visibility)
        and (id_passes(zone.id, rules.ids) or id_passes(zone.name, rules.ids))
    )
