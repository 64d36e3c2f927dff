"""Checks of Route 53: zones, records read, endpoints adjusted, changes and whole cycles as requests.

Requests are made by the provider's own ``apply`` against a stand-in for the account that keeps what it is sent
and refuses what a case says; the wire itself is tested elsewhere.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from dnssync.changes import Action, Bundle, Change, Outcome
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.names import ascii_name, normalise
from dnssync.ownership import TxtOptions, TxtRegistry
from dnssync.plan import PlanRules, plan
from dnssync.policy import Policy
from dnssync.providers import Zone
from dnssync.providers.route53 import Route53Options, Route53Provider, aliases, placing
from dnssync.providers.route53.canonical import CANONICAL_ZONES, canonical_zone
from dnssync.providers.route53.errors import RejectedError
from dnssync.providers.route53.rrsets import to_endpoint
from dnssync.providers.route53.spelling import read_name
from dnssync.zones import tags_pass
from tests.conformance.checks_plan import CNAME_BESIDE, TIED, creates_cname_beside, tied_candidates
from tests.conformance.compare import assert_endpoints, endpoint_from, endpoints_from
from tests.conformance.registry import CaseData, Check, Deviation

_PREFIX = placing.ID_PREFIX


class _Account:
    """Stands in for an AWS account: keeps requests, refuses those that touch ``fail_names``."""

    def __init__(self, fail_names: Iterable[str]) -> None:
        self.requests: list[dict[str, Any]] = []
        self._fail_names = frozenset(fail_names)

    def change(self, zone_id: str, changes: list[dict[str, Any]]) -> None:
        names = {change["ResourceRecordSet"]["Name"] for change in changes}
        failed = bool(names & self._fail_names)
        recorded = [_recorded_change(change) for change in changes]
        self.requests.append({"zoneId": _PREFIX + zone_id, "failed": failed, "changes": recorded})
        if failed:
            raise RejectedError("refused")

    def sets_at(self, zone_id: str, names: Iterable[str]) -> list[dict[str, Any]]:
        return []

    def close(self) -> None:
        """Nothing is held."""


def options_from(config: dict[str, Any]) -> Route53Options:
    """The options that a recorded configuration describes."""
    include, exclude = config["domainFilter"] or (), config["excludeDomains"] or ()
    return Route53Options(
        domain_filter=DomainFilter(include=tuple(include), exclude=tuple(exclude)),
        zone_ids=tuple(config["zoneIdFilter"] or ()),
        zone_type=config["zoneType"],
        zone_tags=tuple(config["zoneTags"] or ()),
        zone_match_parent=config["zoneMatchParent"],
        batch_size=config["batchChangeSize"],
        batch_characters=config["batchChangeSizeBytes"],
        batch_values=config["batchChangeSizeValues"],
        batch_interval=0,
        evaluate_target_health=config["evaluateTargetHealth"],
        prefer_cname=config["preferCNAME"],
    )


def _zones(case: CaseData) -> None:
    zones = _selected(case)
    assert sorted(_PREFIX + zone.id for zone in zones) == sorted(case["expected"]["zoneIds"])
    given = set(placing.domain_filter(zones).include)
    assert given == set(case["expected"]["domainFilter"] or ())


def _selected(case: CaseData) -> list[Zone]:
    options = options_from(case["config"])
    tags = {zone["id"]: zone.get("tags") or {} for zone in case["zones"]}
    zones = [zone for zone in map(_zone, case["zones"]) if placing.passes(zone, options)]
    return [zone for zone in zones if tags_pass(tags[_PREFIX + zone.id], options.zone_tags)]


def _zone(data: dict[str, Any]) -> Zone:
    return Zone(data["id"].removeprefix(_PREFIX), data["name"].removesuffix("."), data["private"])


def _suitable(case: CaseData) -> None:
    found = placing.zones_for(Endpoint(case["input"]), _selected(case))
    assert sorted(_PREFIX + zone.id for zone in found) == sorted(case["expected"]["zoneIds"])


def _canonical(case: CaseData) -> None:
    assert canonical_zone(case["input"]) == case["expected"]["zone"]


def _unescape(case: CaseData) -> None:
    assert read_name(case["input"]) == case["expected"]["name"]


def _records(case: CaseData) -> None:
    assert_endpoints(
        [endpoint for zone in case["zones"] for endpoint in _read(zone)], case["expected"]["records"]
    )


def _read(zone: dict[str, Any]) -> list[Endpoint]:
    sets = map(_rrset_from, zone.get("rrsets") or ())
    found = (to_endpoint(rrset, zone["id"].removeprefix(_PREFIX)) for rrset in sets)
    return [endpoint for endpoint in found if endpoint is not None]


def _adjust(case: CaseData) -> None:
    endpoints = endpoints_from(case["endpoints"])
    assert_endpoints(aliases.adjust(endpoints, options_from(case["config"])), case["expected"]["endpoints"])


def _apply(case: CaseData) -> None:
    account = _Account(case["config"]["failNames"] or ())
    provider = _provider(case, account)
    outcomes = _send(provider, _bundles(case["changes"]), _selected(case), dry=case["config"]["dryRun"])
    failed = any(_is_failure(outcome) for outcome in outcomes)
    assert failed == bool(case["expected"]["error"])
    _assert_requests(account.requests, case["expected"]["requests"])


def _is_failure(outcome: Outcome) -> bool:
    """The peer counts what is too large for any request as a warning."""
    return not outcome.ok and "need one request" not in outcome.error


def _provider(case: CaseData, account: _Account) -> Route53Provider:
    provider = Route53Provider(options_from(case["config"]), sleep=lambda _: None)
    provider._accounts = [account]  # type: ignore[list-item]
    return provider


def _send(
    provider: Route53Provider, bundles: Sequence[Bundle], zones: Sequence[Zone], *, dry: bool = False
) -> list[Outcome]:
    """Apply the bundles zone by zone, as the controller does; where they belong is asked per change."""
    by_zone: defaultdict[Zone, list[Bundle]] = defaultdict(list)
    for bundle in bundles:
        homes: defaultdict[Zone, list[Change]] = defaultdict(list)
        for change in bundle.changes:
            for zone in provider.zones_for(change.endpoint, zones):
                homes[zone].append(change)
        for zone, changes in homes.items():
            by_zone[zone].append(Bundle(bundle.name, tuple(changes)))
    if dry:
        return []
    ordered = sorted(by_zone, key=lambda zone: zone.id)
    return [outcome for zone in ordered for outcome in provider.apply(zone, by_zone[zone])]


def _bundles(changes: dict[str, Any]) -> list[Bundle]:
    """Recorded changes, grouped as the peer groups them: a marker goes with the record that it names."""
    groups: defaultdict[str, list[Change]] = defaultdict(list)
    pairs = zip(changes["updateOld"] or (), changes["updateNew"] or (), strict=False)
    flat: list[tuple[Action, dict[str, Any] | None, dict[str, Any] | None]] = [
        *((Action.CREATE, None, new) for new in changes["create"] or ()),
        *((Action.UPDATE, old, new) for old, new in pairs),
        *((Action.DELETE, old, None) for old in changes["delete"] or ()),
    ]
    for action, old, new in flat:
        side = new or old
        assert side is not None
        owner = (side["labels"] or {}).get("ownedRecord", side["dnsName"])
        change = Change(action, old and endpoint_from(old), new and endpoint_from(new))
        groups[normalise(owner)].append(change)
    return [Bundle(name, tuple(group)) for name, group in groups.items()]


def _cycle(case: CaseData) -> None:
    config, account = case["config"], _Account(())
    provider, zones = _provider(case, account), _selected(case)
    registry = TxtRegistry(
        TxtOptions(
            owner_id=config["txtOwnerId"],
            prefix=config["txtPrefix"],
            managed_types=frozenset(config["managedRecordTypes"]),
            migrate_from=config["migrateFromTxtOwner"],
        )
    )
    content = registry.read([endpoint for zone in case["zones"] for endpoint in _read(zone)])
    rules = PlanRules(
        policy=Policy(config["policy"]),
        managed_types=frozenset(config["managedRecordTypes"]),
        owner_id=registry.owner_id,
        domain_filters=(placing.domain_filter(zones),),
    )
    planned = plan(content.records(), provider.adjust(endpoints_from(case["desired"])), rules)
    _send(provider, registry.bundle(planned.changes, content), zones)
    _assert_requests(account.requests, case["expected"]["requests"])


def _assert_requests(actual: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    """What was committed is equal request by request; after a failure, in any grouping, with the same left over."""
    if not any(request["failed"] for request in expected):
        assert list(map(_canonical_request, actual)) == list(map(_canonical_request, expected))
        return
    assert not [r for r in actual if r["failed"] and not any(e["failed"] for e in expected)]
    assert _committed(actual) == _committed(expected)
    assert min(map(_canonical_request, _failed(actual)), key=len) in map(
        _canonical_request, _failed(expected)
    )


def _failed(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    smallest = min((len(request["changes"]) for request in requests if request["failed"]), default=0)
    return [r for r in requests if r["failed"] and len(r["changes"]) == smallest]


def _committed(requests: list[dict[str, Any]]) -> Counter[str]:
    return Counter(
        request["zoneId"] + _text(change)
        for request in requests
        if not request["failed"]
        for change in request["changes"]
    )


def _canonical_request(request: dict[str, Any]) -> str:
    return _text([request["zoneId"], request["failed"], sorted(map(_text, request["changes"]))])


def _text(value: object) -> str:
    return msgspec.json.encode(value, order="deterministic").decode()


def _recorded_change(change: dict[str, Any]) -> dict[str, Any]:
    """A change of a request in the words of the recorded cases."""
    rrset = change["ResourceRecordSet"]
    return {"action": change["Action"], "rrset": dict(_recorded_fields(rrset))}


_SIMPLE = {
    "Name": "name",
    "Type": "type",
    "SetIdentifier": "setIdentifier",
    "TTL": "ttl",
    "Weight": "weight",
    "Region": "region",
    "Failover": "failover",
    "MultiValueAnswer": "multiValueAnswer",
    "HealthCheckId": "healthCheckId",
}
_ALIAS = {
    "DNSName": "dnsName",
    "HostedZoneId": "hostedZoneId",
    "EvaluateTargetHealth": "evaluateTargetHealth",
}
_LOCATION = {
    "ContinentCode": "continentCode",
    "CountryCode": "countryCode",
    "SubdivisionCode": "subdivisionCode",
}
_PROXIMITY = {"AWSRegion": "awsRegion", "LocalZoneGroup": "localZoneGroup", "Bias": "bias"}
_POINT = {"Latitude": "latitude", "Longitude": "longitude"}


def _recorded_fields(rrset: dict[str, Any]) -> list[tuple[str, Any]]:
    fields = [(ours, rrset[theirs]) for theirs, ours in _SIMPLE.items() if theirs in rrset]
    if "ResourceRecords" in rrset:
        fields.append(("values", [record["Value"] for record in rrset["ResourceRecords"]]))
    if "AliasTarget" in rrset:
        fields.append(("alias", _renamed(rrset["AliasTarget"], _ALIAS)))
    if "GeoLocation" in rrset:
        fields.append(("geoLocation", _renamed(rrset["GeoLocation"], _LOCATION)))
    if "GeoProximityLocation" in rrset:
        proximity = rrset["GeoProximityLocation"]
        point = _renamed(proximity.get("Coordinates", {}), _POINT)
        fields.append(("geoProximity", _renamed(proximity, _PROXIMITY) | point))
    return fields


def _rrset_from(recorded: dict[str, Any]) -> dict[str, Any]:
    """A recorded set as boto3 gives it."""
    rrset = {theirs: recorded[ours] for theirs, ours in _SIMPLE.items() if ours in recorded}
    if "values" in recorded:
        rrset["ResourceRecords"] = [{"Value": value} for value in recorded["values"]]
    if "alias" in recorded:
        rrset["AliasTarget"] = _renamed(recorded["alias"], _inverted(_ALIAS))
    if "geoLocation" in recorded:
        rrset["GeoLocation"] = _renamed(recorded["geoLocation"], _inverted(_LOCATION))
    if "geoProximity" in recorded:
        proximity = _renamed(recorded["geoProximity"], _inverted(_PROXIMITY))
        point = _renamed(recorded["geoProximity"], _inverted(_POINT))
        rrset["GeoProximityLocation"] = proximity | ({"Coordinates": point} if point else {})
    return rrset


def _renamed(fields: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {names[name]: value for name, value in fields.items() if name in names}


def _inverted(names: dict[str, str]) -> dict[str, str]:
    return {ours: theirs for theirs, ours in names.items()}


CHECKS: dict[str, Check] = {
    "aws_zones.json": _zones,
    "aws_suitable.json": _suitable,
    "aws_canonical.json": _canonical,
    "aws_unescape.json": _unescape,
    "aws_records.json": _records,
    "aws_adjust.json": _adjust,
    "aws_apply.json": _apply,
    "aws_cycle.json": _cycle,
}

DEVIATIONS: list[Deviation] = []
