"""Aliases: what becomes of a CNAME to one of AWS's own names."""

from collections.abc import Iterable

import msgspec

from dnssync.endpoints import Endpoint
from dnssync.providers.route53 import properties as p
from dnssync.providers.route53.canonical import canonical_zone
from dnssync.providers.route53.options import Route53Options

ALIAS_TTL = 300
"""Aliases have no TTL of their own; this one stands for it, as in external-dns."""

_TYPES_BY_WISH = {"true": ("A", "AAAA"), "A": ("A",), "AAAA": ("AAAA",)}


def adjust(endpoints: Iterable[Endpoint], options: Route53Options) -> list[Endpoint]:
    """The endpoints with every alias decided.

    A CNAME becomes alias records of type A and AAAA (or the one that ``alias`` names) if it asks for it,
    or if it asks for nothing and its target is one of AWS's own names; any other CNAME says
    ``alias=false``. Types other than A, AAAA and CNAME pass through.
    """
    return [_with_bias(adjusted) for endpoint in endpoints for adjusted in _adjust_one(endpoint, options)]


def is_alias(endpoint: Endpoint) -> bool:
    """Whether the endpoint is written as an AliasTarget."""
    return (
        endpoint.record_type in ("A", "AAAA")
        and endpoint.property_value(p.ALIAS) == "true"
        and bool(endpoint.targets)
    )


def _adjust_one(endpoint: Endpoint, options: Route53Options) -> list[Endpoint]:
    wish = endpoint.property_value(p.ALIAS)
    if endpoint.record_type in ("A", "AAAA"):
        return [_as_alias(endpoint, options) if wish == "true" else _as_plain(endpoint)]
    if endpoint.record_type != "CNAME":
        return [endpoint]
    if wish is None:
        wish = "true" if _is_aliased_unasked(endpoint, options) else "false"
    types = _TYPES_BY_WISH.get(wish, ())
    if not types:
        return [_as_plain(endpoint).with_property(p.ALIAS, "false")]
    alias = _as_alias(endpoint.with_property(p.ALIAS, wish), options)
    return [msgspec.structs.replace(alias, record_type=record_type) for record_type in types]


def _is_aliased_unasked(endpoint: Endpoint, options: Route53Options) -> bool:
    return not options.prefer_cname and bool(endpoint.targets) and bool(canonical_zone(endpoint.targets[0]))


def _as_alias(endpoint: Endpoint, options: Route53Options) -> Endpoint:
    given = endpoint.property_value(p.EVALUATE_TARGET_HEALTH)
    health = options.evaluate_target_health if given is None else given == "true"
    alias = endpoint.with_property(p.EVALUATE_TARGET_HEALTH, "true" if health else "false")
    return msgspec.structs.replace(alias, ttl=ALIAS_TTL) if alias.ttl else alias


def _as_plain(endpoint: Endpoint) -> Endpoint:
    kept = [
        entry for entry in endpoint.provider_specific if entry.name not in (p.ALIAS, p.EVALUATE_TARGET_HEALTH)
    ]
    return msgspec.structs.replace(endpoint, provider_specific=tuple(kept))


def _with_bias(endpoint: Endpoint) -> Endpoint:
    """Geoproximity without a bias is written, and read back, with a bias of 0."""
    places = any(endpoint.property_value(name) is not None for name in p.PROXIMITY_PLACES)
    if not endpoint.set_identifier or not places or endpoint.property_value(p.PROXIMITY_BIAS) is not None:
        return endpoint
    return endpoint.with_property(p.PROXIMITY_BIAS, "0")
