"""What Route 53 refuses about one change, in its own wording where a wording has been reported."""

import ipaddress
import re
from functools import cache

from tests.doubles.route53.records import RecordSet, sort_key

_TYPES = "SOA|A|TXT|NS|CNAME|MX|NAPTR|PTR|SRV|SPF|AAAA|CAA|DS|TLSA|SSHFP|SVCB|HTTPS"
MAX_VALUES, MAX_CHARACTERS, MAX_VALUE_LENGTH, MAX_STRING_LENGTH = 1000, 32000, 4000, 255

_STRINGS = re.compile(r'\s*"((?:[^"\\]|\\[0-7]{3}|\\.)*)"')
_CHARACTER = re.compile(r"\\[0-7]{3}|\\.|.", re.DOTALL)

# Suffixes of AWS's own names and the zones that they live in: a wrong pair is refused.
CANONICAL = {
    "us-east-1.elb.amazonaws.com.": "Z35SXDOTRQ7X7K",
    "elb.us-east-1.amazonaws.com.": "Z26RNL4JYFTOTI",
    "eu-west-1.elb.amazonaws.com.": "Z32O12XQLNTSW2",
    "elb.eu-west-1.amazonaws.com.": "Z2IFOLAFXWLO4F",
    "cloudfront.net.": "Z2FDTNDATAQYW2",
    "awsglobalaccelerator.com.": "Z2BJ6XQ5FK7U4H",
}


def canonical_zone(name: str) -> str | None:
    """The zone of one of AWS's own names, as far as this table knows it."""
    return next((zone for suffix, zone in CANONICAL.items() if name.endswith("." + suffix)), None)


# Fields of a routing policy that take one of a few words, and the shape in the service's model that has them.
_ENUMERATED = {"Region": "ResourceRecordSetRegion", "Failover": "ResourceRecordSetFailover"}


class Refused(Exception):
    """A request that the service turns down: error code, message, HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def require_shape(action: str, rrset: RecordSet) -> None:
    """Raise Refused(InvalidInput) where fields are missing or contradict one another."""
    where = (
        f"in Change with [Action={action}, Name={rrset.name}, Type={rrset.type}, "
        f"SetIdentifier={rrset.set_identifier or 'null'}]"
    )
    plain = rrset.ttl is not None and bool(rrset.values)
    halves = rrset.ttl is not None or bool(rrset.values)
    kinds = {path.partition("/")[0] for path, _ in rrset.policy}
    if rrset.alias is not None and halves:
        raise _invalid(f"Expected exactly one of {_FORMS}, but found more than one", where)
    if rrset.alias is None and not plain:
        raise _invalid(f"Expected exactly one of {_FORMS}, but found none", where)
    if rrset.policy and not rrset.set_identifier:
        raise _invalid("Missing field 'SetIdentifier'", where)
    if rrset.set_identifier and not rrset.policy:
        raise _invalid(f"Missing field '{_POLICIES}'", where)
    if len(kinds) > 1:
        raise _invalid(f"Expected exactly one of [{_POLICIES}], but found more than one", where)


def _invalid(problem: str, where: str) -> Refused:
    return Refused("InvalidInput", f"Invalid request: {problem} {where}")


_FORMS = "[AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]"
_POLICIES = "Weight, or Region, or Failover, or GeoLocation, or MultiValueAnswer, or GeoProximityLocation"


def problems(rrset: RecordSet, zone: str) -> list[str]:
    """Everything wrong with a set as such, in a zone named ``zone`` (with its final dot)."""
    found = _name_problems(rrset.name, zone)
    if not re.fullmatch(_TYPES, rrset.type):
        found.append(f"Unknown record type {rrset.type}")
    if rrset.ttl is not None and not 0 <= rrset.ttl < 2**31:
        found.append(f"Invalid TTL {rrset.ttl} for {rrset.name}")
    if rrset.type == "CNAME" and rrset.name == zone:
        found.append(
            f"RRSet of type CNAME with DNS name {rrset.name} is not permitted at apex in zone {zone}"
        )
    if rrset.type in ("CNAME", "SOA") and len(rrset.values) > 1:
        found.append(f"Invalid Resource Record: '{rrset.name}' can have only one value")
    if len(set(rrset.values)) != len(rrset.values):
        found.append(f"Duplicate Resource Record: '{rrset.name}'")
    for value in rrset.values:
        found += _value_problems(rrset.type, value)
    return found + _policy_problems(rrset)


def _name_problems(name: str, zone: str) -> list[str]:
    if name != zone and not name.endswith("." + zone):
        return [f"RRSet with DNS name {name} is not permitted in zone {zone}"]
    labels = re.sub(r"\\[0-7]{3}", "x", name).removesuffix(".").split(".")
    if any(not label for label in labels):
        return [f"FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with '{name}'"]
    if any(len(label) > 63 for label in labels):
        return [f"FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '{name}'"]
    if len(".".join(labels)) > 253:
        return [f"FATAL problem: DomainNameTooLong (Domain name is too long) encountered with '{name}'"]
    return []


def _value_problems(record_type: str, value: str) -> list[str]:
    if len(value) > MAX_VALUE_LENGTH:
        return [_fatal("ValueTooLong (Value is too long)", value)]
    if record_type in ("TXT", "SPF"):
        return _txt_problems(value)
    if record_type == "A" and not _is_address(value, 4):
        return [_fatal("ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)", value)]
    if record_type == "AAAA" and not _is_address(value, 6):
        return [_fatal("AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)", value)]
    if record_type in ("CNAME", "NS", "PTR") and not re.fullmatch(r"[!#-~]+", value):
        return [_fatal("CNAMERRDATAIllegal (Value is not a valid domain name)", value)]
    return []


def _txt_problems(value: str) -> list[str]:
    position, count = 0, 0
    while found := _STRINGS.match(value, position):
        if len(_CHARACTER.findall(found.group(1))) > MAX_STRING_LENGTH:
            return [_fatal("CharacterStringTooLong (Value is too long)", value)]
        position, count = found.end(), count + 1
    if not count or value[position:].strip():
        return [_fatal("InvalidCharacterString (Value should be enclosed in quotation marks)", value)]
    if not value.isascii():
        return [_fatal("InvalidCharacterString (Non-ASCII characters must be octal escapes)", value)]
    return []


def _policy_problems(rrset: RecordSet) -> list[str]:
    policy = dict(rrset.policy)
    for field, shape in _ENUMERATED.items():
        if field in policy and policy[field] not in _words(shape):
            return [f"Invalid {field} {policy[field]} for {rrset.name}"]
    weight = policy.get("Weight")
    if weight is not None and not (weight.isdigit() and int(weight) <= 255):
        return [f"Invalid weight {weight} for {rrset.name}: must be between 0 and 255"]
    if rrset.policy_kind == "MultiValueAnswer" and rrset.alias is not None:
        return [f"Multivalue answer is not permitted for the alias {rrset.name}"]
    return []


@cache
def _words(shape: str) -> frozenset[str]:
    """The words that the service's own model allows; botocore does not hold a client to them."""
    import botocore.session

    model = botocore.session.get_session().get_service_model("route53")
    words: list[str] = model.shape_for(shape).enum
    return frozenset(words)


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version and "%" not in value
    except ValueError:
        return False


def _fatal(problem: str, value: str) -> str:
    return f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"


def group_problems(name: str, group: list[RecordSet], zone: str) -> list[str]:
    """What is wrong with all the sets of one name together, as they would be after the batch."""
    found: list[str] = []
    if len({rrset.type for rrset in group}) > 1 and any(rrset.type == "CNAME" for rrset in group):
        found.append(
            f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other "
            f"records with the same DNS name in zone {zone}"
        )
    for record_type in sorted({rrset.type for rrset in group}):
        found += _routing_problems(name, [rrset for rrset in group if rrset.type == record_type])
    return found


def _routing_problems(name: str, group: list[RecordSet]) -> list[str]:
    kinds = {rrset.policy_kind for rrset in group}
    if len(kinds) > 1:
        rrset = max(group, key=lambda one: sort_key(one.key))
        return [
            f"RRSet with DNS name {name}, type {rrset.type}, SetIdentifier {rrset.set_identifier} cannot be "
            "created because a record set with the same name and type and another routing policy exists"
        ]
    if kinds == {"Weight"} and len({rrset.ttl for rrset in group if rrset.ttl is not None}) > 1:
        return [f"Weighted record sets of {name} must all have the same TTL"]
    if kinds & {"Region", "Failover", "GeoLocation"} and len({rrset.policy for rrset in group}) < len(group):
        return [f"Record sets of {name} must not share one {min(kinds)}"]
    return []
