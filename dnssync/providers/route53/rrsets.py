"""Endpoint ⇄ ResourceRecordSet (API reference: ResourceRecordSet, AliasTarget)."""

from dnssync.endpoints import Endpoint, Property, new_endpoint
from dnssync.providers.route53 import properties as p
from dnssync.providers.route53.aliases import ALIAS_TTL, is_alias
from dnssync.providers.route53.canonical import canonical_zone
from dnssync.providers.route53.placing import ID_PREFIX
from dnssync.providers.route53.routing import RRset, policy_fields, policy_properties
from dnssync.providers.route53.spelling import read_name, write_name, write_value

DEFAULT_TTL = 300

READ_TYPES = frozenset({"A", "AAAA", "CNAME", "MX", "NAPTR", "NS", "PTR", "SRV", "TXT"})
"""The types that become endpoints; whatever else a zone holds is not ours to look at."""


def to_rrset(endpoint: Endpoint, zone_id: str, *, evaluate_target_health: bool) -> RRset:
    """The set that ``endpoint`` stands for in the zone ``zone_id``.

    ``evaluate_target_health`` is for aliases that do not say. An alias to a name that is not AWS's own is
    an alias inside the zone itself.
    """
    rrset: RRset = {"Name": write_name(endpoint.dns_name), "Type": endpoint.record_type}
    if is_alias(endpoint):
        given = endpoint.property_value(p.EVALUATE_TARGET_HEALTH)
        rrset["AliasTarget"] = {
            "HostedZoneId": _alias_zone(endpoint) or zone_id,
            "DNSName": write_name(endpoint.targets[0]),
            "EvaluateTargetHealth": evaluate_target_health if given is None else given == "true",
        }
    else:
        rrset["TTL"] = endpoint.ttl or DEFAULT_TTL
        values = (write_value(endpoint.record_type, target) for target in endpoint.targets)
        rrset["ResourceRecords"] = [{"Value": value} for value in values]
    return rrset | policy_fields(endpoint)


def to_endpoint(rrset: RRset, zone_id: str) -> Endpoint | None:
    """The endpoint that a set of the zone ``zone_id`` reads as; None for what cannot be one.

    Not readable are types that we do not know and records of a traffic policy.
    """
    record_type, alias = rrset["Type"], rrset.get("AliasTarget")
    records = rrset.get("ResourceRecords") or ()
    if record_type not in READ_TYPES or not (alias or records):
        return None
    if alias:
        targets: tuple[str, ...] = (read_name(alias["DNSName"]),)
        found, ttl = _alias_properties(alias, zone_id), ALIAS_TTL
    else:
        targets, ttl = tuple(record["Value"] for record in records), rrset.get("TTL", 0)
        found = [Property(p.ALIAS, "false")] if record_type == "CNAME" else []
    found += policy_properties(rrset)
    plain = new_endpoint(read_name(rrset["Name"]), record_type, targets, ttl=ttl)
    return Endpoint(
        plain.dns_name,
        record_type,
        plain.targets,
        ttl,
        rrset.get("SetIdentifier", ""),
        tuple(sorted(found)) if len(found) > 1 else tuple(found),
    )


def settle_alias_zone(endpoint: Endpoint) -> Endpoint:
    """The endpoint with its target zone as it would be read back: not named where it goes without saying."""
    asked = endpoint.property_value(p.TARGET_HOSTED_ZONE)
    if asked is None:
        return endpoint
    zone = asked.removeprefix(ID_PREFIX)
    goes_without_saying = not is_alias(endpoint) or zone == canonical_zone(endpoint.targets[0])
    return endpoint.with_property(p.TARGET_HOSTED_ZONE, None if goes_without_saying else zone)


def _alias_zone(endpoint: Endpoint) -> str:
    asked = (endpoint.property_value(p.TARGET_HOSTED_ZONE) or "").removeprefix(ID_PREFIX)
    return asked or canonical_zone(endpoint.targets[0])


def _alias_properties(alias: RRset, zone_id: str) -> list[Property]:
    health = "true" if alias["EvaluateTargetHealth"] else "false"
    found = [Property(p.ALIAS, "true"), Property(p.EVALUATE_TARGET_HEALTH, health)]
    target_zone = alias["HostedZoneId"].removeprefix(ID_PREFIX)
    if target_zone not in (zone_id, canonical_zone(read_name(alias["DNSName"]).removesuffix("."))):
        found.append(Property(p.TARGET_HOSTED_ZONE, target_zone))
    return found
