"""What happens to merged endpoints before they are planned: external-dns's wrapper chain, in its order.

default targets → validity and duplicates → NAT64 → target networks → TTL, properties, alias. Each step is a
function over the endpoints of one name (or of many; no step looks from one name to another).
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv6Network
from typing import NamedTuple

import msgspec

from dnssync.endpoints import ADDRESS_TYPES, Endpoint, suitable_type
from dnssync.targets import TargetFilter, embedded_ipv4, nat64_networks, target_filter
from dnssync.validity import ALIAS_PROPERTY, endpoint_problem

# Asks for a PTR record; spent once it was looked at, since no service would ever give it back.
_PTR_PROPERTY = "record-type"

# This provider's properties have whole annotation keys as names, so they cannot be told from others'.
_UNFILTERED_PROVIDER = "cloudflare"


class ShapeOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the flags say about endpoints of all sources; ``min_ttl`` in seconds, 0 leaves TTLs alone.

    Raises ConfigError on construction for a network that is none.
    """

    default_targets: tuple[str, ...] = ()
    force_default_targets: bool = False
    nat64_networks: tuple[str, ...] = ()
    target_net_filter: tuple[str, ...] = ()
    exclude_target_net: tuple[str, ...] = ()
    min_ttl: int = 0
    provider: str = ""
    prefer_alias: bool = False

    def __post_init__(self) -> None:
        nat64_networks(self.nat64_networks)
        target_filter(self.target_net_filter, self.exclude_target_net)


class Dropped(NamedTuple):
    """An endpoint that can be no record, and why."""

    endpoint: Endpoint
    reason: str


class Checked(NamedTuple):
    """The endpoints that can be records, each once, and the others."""

    endpoints: list[Endpoint]
    dropped: list[Dropped]


def shape(endpoints: Iterable[Endpoint], options: ShapeOptions) -> list[Endpoint]:
    """The whole chain over endpoints that are merged already."""
    filled = with_default_targets(endpoints, options.default_targets, force=options.force_default_targets)
    kept = with_nat64(deduplicate(filled).endpoints, nat64_networks(options.nat64_networks))
    wanted = target_filter(options.target_net_filter, options.exclude_target_net)
    return [finish(endpoint, options) for endpoint in map(_without_ptr_wish, within_networks(kept, wanted))]


def with_default_targets(
    endpoints: Iterable[Endpoint], targets: Sequence[str], *, force: bool = False
) -> list[Endpoint]:
    """Endpoints without targets (all of them, if forced) get the default ones, one endpoint per type."""
    if not targets:
        return list(endpoints)
    by_type = {
        record_type: tuple(target for target in targets if suitable_type(target) == record_type)
        for record_type in ADDRESS_TYPES
    }
    result = []
    for endpoint in endpoints:
        if endpoint.targets and not force:
            result.append(endpoint)
        else:
            result += [_retargeted(endpoint, kind, chosen) for kind, chosen in by_type.items() if chosen]
    return result


def deduplicate(endpoints: Iterable[Endpoint]) -> Checked:
    """Drop what can be no record, and all but the first of endpoints with equal key and targets."""
    kept: dict[tuple[object, ...], Endpoint] = {}
    dropped = []
    for endpoint in endpoints:
        problem = endpoint_problem(endpoint)
        if problem:
            dropped.append(Dropped(endpoint, problem))
            continue
        targets = tuple(sorted(set(endpoint.targets)))
        kept.setdefault((*endpoint.key, targets), _retargeted(endpoint, endpoint.record_type, targets))
    return Checked(list(kept.values()), dropped)


def with_nat64(endpoints: Iterable[Endpoint], prefixes: Sequence[IPv6Network]) -> list[Endpoint]:
    """After each AAAA with targets behind a NAT64 prefix comes an A with the IPv4 addresses inside them."""
    result = []
    for endpoint in endpoints:
        result.append(endpoint)
        if prefixes and endpoint.record_type == "AAAA":
            found = (embedded_ipv4(target, prefixes) for target in endpoint.targets)
            inside = tuple(address for address in found if address is not None)
            if inside:
                result.append(_retargeted(endpoint, "A", inside))
    return result


def within_networks(endpoints: Iterable[Endpoint], wanted: TargetFilter) -> list[Endpoint]:
    """Only the targets that the filter passes, and only endpoints that keep one."""
    if not (wanted.include or wanted.exclude):
        return list(endpoints)
    result = []
    for endpoint in endpoints:
        targets = tuple(target for target in endpoint.targets if wanted.passes(target))
        if targets:
            result.append(_retargeted(endpoint, endpoint.record_type, targets))
    return result


def finish(endpoint: Endpoint, options: ShapeOptions) -> Endpoint:
    """The TTL filled in, properties of other providers taken out, and an alias asked for where preferred."""
    if options.min_ttl > 0 and endpoint.ttl <= 0:
        endpoint = msgspec.structs.replace(endpoint, ttl=options.min_ttl)
    if options.provider not in ("", _UNFILTERED_PROVIDER) and endpoint.provider_specific:
        endpoint = _only_properties_of(endpoint, options.provider)
    wants_alias = options.prefer_alias and endpoint.record_type == "CNAME"
    if wants_alias and endpoint.property_value(ALIAS_PROPERTY) is None:
        endpoint = endpoint.with_property(ALIAS_PROPERTY, "true")
    return endpoint


def _without_ptr_wish(endpoint: Endpoint) -> Endpoint:
    asked = endpoint.property_value(_PTR_PROPERTY) is not None
    return endpoint.with_property(_PTR_PROPERTY, None) if asked else endpoint


def _only_properties_of(endpoint: Endpoint, provider: str) -> Endpoint:
    mine = f"{provider}/"
    kept = [
        entry for entry in endpoint.provider_specific if "/" not in entry.name or entry.name.startswith(mine)
    ]
    return msgspec.structs.replace(endpoint, provider_specific=tuple(sorted(kept)))


def _retargeted(endpoint: Endpoint, record_type: str, targets: tuple[str, ...]) -> Endpoint:
    if endpoint.record_type == record_type and endpoint.targets == targets:
        return endpoint
    return msgspec.structs.replace(endpoint, record_type=record_type, targets=targets)
