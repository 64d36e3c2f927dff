"""Which hosted zones take part, and which of them hold a name."""

from collections.abc import Sequence

from dnssync import zones as zone_rules
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.names import ascii_name, is_within
from dnssync.providers import Zone
from dnssync.providers.route53.options import Route53Options
from dnssync.providers.route53.properties import HOSTED_ZONE_ID

ID_PREFIX = "/hostedzone/"


def passes(zone: Zone, options: Route53Options) -> bool:
    """Whether the filters by id, type and domain let ``zone`` through; tags are asked for only then."""
    wanted = options.domain_filter
    return (
        zone_rules.id_passes(ID_PREFIX + zone.id, options.zone_ids)
        and zone_rules.type_passes("private" if zone.private else "public", options.zone_type)
        and (wanted.matches(zone.name) or (options.zone_match_parent and wanted.matches_parent(zone.name)))
    )


def zones_for(endpoint: Endpoint, zones: Sequence[Zone]) -> list[Zone]:
    """Every private zone that holds the name and the longest public one; of those only the one asked for.

    Public zones of one name (an account may have several) are told apart by the smallest id.
    """
    name = ascii_name(endpoint.dns_name)
    fitting = [zone for zone in zones if is_within(name, zone.name)]
    public = [zone for zone in fitting if not zone.private]
    longest = min(public, key=lambda zone: (-len(zone.name), zone.id), default=None)
    chosen = [zone for zone in fitting if zone.private or zone is longest]
    asked = (endpoint.property_value(HOSTED_ZONE_ID) or "").removeprefix(ID_PREFIX)
    return [zone for zone in chosen if asked in ("", zone.id)]


def domain_filter(zones: Sequence[Zone]) -> DomainFilter:
    """The names that lie in ``zones``; no zones give the empty filter, as external-dns does."""
    names = dict.fromkeys(zone.name for zone in zones)
    return DomainFilter(include=tuple(form for name in names for form in (name, "." + name)))
