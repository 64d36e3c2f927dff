"""Checks of Route 53: zones, records read, endpoints adjusted, changes and whole cycles as requests.

Requests are made by the provider's own ``apply`` against a stand-in for the account that keeps what it
is sent and refuses what a case says; the wire itself is tested elsewhere.
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
from tests.conformance.route53_words import recorded_change, rrset_from

_PREFIX = placing.ID_PREFIX


class _Account:
    """Stands in for an AWS account: keeps requests, refuses those that touch ``fail_names``."""

    def __init__(self, fail_names: Iterable[str]) -> None:
        self.requests: list[dict[str, Any]] = []
        self._fail_names = frozenset(fail_names)

    def change(self, zone_id: str, changes: list[dict[str, Any]]) -> None:
        names = {change["ResourceRecordSet"]["Name"] for change in changes}
        failed = bool(names & self._fail_names)
        recorded = [recorded_change(change) for change in changes]
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
    sets = map(rrset_from, zone.get("rrsets") or ())
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
        change = Change(action, _endpoint(old), _endpoint(new))
        groups[normalise(owner)].append(change)
    return [Bundle(name, tuple(group)) for name, group in groups.items()]


def _endpoint(data: dict[str, Any] | None) -> Endpoint | None:
    return None if data is None else endpoint_from(data)


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
    """Request by request; where one failed, what was committed and what failed alone, in any grouping."""
    if any(request["failed"] for request in expected):
        assert _committed(actual) == _committed(expected)
        assert _failed_alone(actual) == _failed_alone(expected)
    else:
        assert list(map(_canonical_request, actual)) == list(map(_canonical_request, expected))


def _failed_alone(requests: list[dict[str, Any]]) -> list[str]:
    failed = [request for request in requests if request["failed"]]
    smallest = min((len(request["changes"]) for request in failed), default=0)
    return sorted(_canonical_request(r) for r in failed if len(r["changes"]) == smallest)


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


def _spelt_otherwise(*names: str) -> bool:
    return any(name != ascii_name(name) for name in names)


def _sides(case: CaseData) -> list[dict[str, Any]]:
    """Every endpoint of the recorded changes."""
    return [entry for side in case["changes"].values() for entry in side or ()]


def _names_spelt_otherwise(case: CaseData) -> bool:
    return _spelt_otherwise(*(entry["dnsName"] for entry in _sides(case)))


def _values_spelt_otherwise(case: CaseData) -> bool:
    entries = [entry for entry in _sides(case) if entry["recordType"] != "TXT"]
    return any(not target.isascii() for entry in entries for target in entry["targets"] or ())


def _txt_needs_form(case: CaseData) -> bool:
    texts = [t for e in _sides(case) if e["recordType"] == "TXT" for t in e["targets"] or ()]
    return any(not text.startswith('"') or len(text.encode()) > 257 or not text.isascii() for text in texts)


def _upsert_changes_policy(case: CaseData) -> bool:
    pairs = zip(case["changes"]["updateOld"] or (), case["changes"]["updateNew"] or (), strict=False)
    return any(_late_policies(old) != _late_policies(new) for old, new in pairs)


def _late_policies(entry: dict[str, Any]) -> set[str]:
    """The kinds of policy that the peer does not look at when it chooses between UPSERT and re-creation."""
    names = (item["name"] for item in entry["providerSpecific"] or ())
    return {name.split("-")[0] for name in names if name.startswith(("aws/multi-value", "aws/geoproximity"))}


def _same_zone_alias_in_many(case: CaseData) -> bool:
    """Whether an alias inside its own zone goes to several zones."""
    aliases_inside = {
        (entry["dnsName"], change["rrset"]["alias"]["dnsName"])
        for entry in _sides(case)
        for request in case["expected"]["requests"]
        for change in request["changes"]
        if "alias" in change["rrset"] and not canonical_zone(change["rrset"]["alias"]["dnsName"])
    }
    return bool(aliases_inside) and len({r["zoneId"] for r in case["expected"]["requests"]}) > 1


def _same_named_zones(case: CaseData) -> bool:
    names = Counter(zone["name"] for zone in case["zones"] if not zone["private"])
    return any(count > 1 for count in names.values())


def _ends_inside_label(case: CaseData) -> bool:
    host = case["input"].lower()
    return host != case["input"] or (
        not canonical_zone(host) and any(host.endswith(suffix) for suffix in CANONICAL_ZONES)
    )


def _changes(case: CaseData, *actions: str) -> list[dict[str, Any]]:
    requests = case["expected"]["requests"]
    return [c["rrset"] for r in requests for c in r["changes"] if c["action"] in actions]


def _standing(case: CaseData) -> list[dict[str, Any]]:
    return [rrset for zone in case["zones"] for rrset in zone.get("rrsets") or ()]


def _as_entry(rrset: dict[str, Any]) -> dict[str, Any]:
    name = read_name(rrset["name"]).removesuffix(".")
    identifier = rrset.get("setIdentifier", "")
    return {"dnsName": name, "recordType": rrset["type"], "setIdentifier": identifier}


def _cname_beside(case: CaseData) -> bool:
    created = [_as_entry(rrset) for rrset in _changes(case, "CREATE") if rrset["type"] != "TXT"]
    kept = case["config"]["policy"] != "sync"
    return bool(kept) and creates_cname_beside(created, [_as_entry(rrset) for rrset in _standing(case)])


def _assumes_marker(case: CaseData) -> bool:
    """Whether a marker is replaced or deleted that is not in the zone as such."""
    there = {tuple(_as_entry(r).values()) for r in _standing(case) if r["type"] == "TXT"}
    touched = [r for r in _changes(case, "UPSERT", "DELETE") if r["type"] == "TXT"]
    return any(tuple(_as_entry(rrset).values()) not in there for rrset in touched)


def _created_without_marker(case: CaseData) -> bool:
    created = _changes(case, "CREATE")
    return bool(2 * sum(rrset["type"] == "TXT" for rrset in created) < len(created))


_SAME_NAME = "of public zones of one name always the same is taken, not one by chance"
_SPELLING = "names in upper case or Unicode are written, as A-labels; the peer finds no zone or is refused"

DEVIATIONS = [
    Deviation("aws_suitable.json", lambda case: _spelt_otherwise(case["input"]), _SPELLING),
    Deviation("aws_apply.json", _names_spelt_otherwise, _SPELLING),
    Deviation(
        "aws_apply.json", _values_spelt_otherwise, "targets in Unicode are written as A-labels, or refused"
    ),
    Deviation("aws_apply.json", _txt_needs_form, "TXT is quoted and split as Route 53 demands"),
    Deviation(
        "aws_apply.json",
        _upsert_changes_policy,
        "Route 53 refuses an UPSERT that changes the routing policy: DELETE and CREATE for every policy",
    ),
    Deviation(
        "aws_apply.json",
        _same_zone_alias_in_many,
        "an alias inside its own zone names that zone in each zone; the peer names the first in all",
    ),
    Deviation("aws_apply.json", _same_named_zones, "of public zones of one name, always the same is taken"),
    Deviation(
        "aws_suitable.json", _same_named_zones, "of public zones of one name, always the same is taken"
    ),
    Deviation("aws_canonical.json", _ends_inside_label, "suffixes are matched by whole labels, in any case"),
    Deviation(
        "aws_unescape.json",
        lambda case: "\\056" in case["input"] or "\\134" in case["input"],
        "an escaped dot or backslash inside a label stays escaped: decoded, it would be another name",
    ),
    Deviation(
        "aws_records.json",
        lambda case: any(rrset["type"] == "PTR" for rrset in _standing(case)),
        "PTR records are read, so that they are not created again in each cycle",
    ),
    Deviation("aws_cycle.json", _cname_beside, CNAME_BESIDE),
    Deviation("aws_cycle.json", lambda case: tied_candidates(case["desired"]), TIED),
    Deviation(
        "aws_cycle.json",
        lambda case: bool(case["config"]["migrateFromTxtOwner"]),
        "owner migration writes what the old owner holds, once; the peer writes all of it in each cycle",
    ),
    Deviation(
        "aws_cycle.json",
        _assumes_marker,
        "a marker is replaced or deleted as it stands in the zone; the peer names one that is not there",
    ),
    Deviation(
        "aws_cycle.json",
        _created_without_marker,
        "a record is created with a marker that speaks for it or not at all, never under another's marker",
    ),
]
