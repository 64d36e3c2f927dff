"""Checks of Cloud DNS: which zones take part, what is read from them, which requests changes make."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from dnssync.changes import Action, Bundle, Change
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.names import ascii_name
from dnssync.providers import Zone
from dnssync.providers.clouddns.batches import Limits, body_of, edit_of, obstacle, pack
from dnssync.providers.clouddns.rrsets import RRset, to_endpoint
from dnssync.providers.clouddns.zones import ManagedZone, ZoneRules, select, zones_of
from tests.conformance.compare import assert_endpoints, endpoints_from
from tests.conformance.registry import CaseData, Check, Deviation

_PEER_READS = frozenset({"A", "AAAA", "CNAME", "DNAME", "SRV", "TXT", "NS", "MX", "SOA"})


def _zones(case: CaseData) -> None:
    assert sorted(zone.id for zone in _selected(case)) == sorted(case["expected"]["zones"])


def _records(case: CaseData) -> None:
    chosen = {zone.id for zone in _selected(case)}
    rrsets = [rrset for zone in case["zones"] if zone["name"] in chosen for rrset in zone["rrsets"]]
    endpoints = (to_endpoint(msgspec.convert(rrset, RRset)) for rrset in rrsets)
    assert_endpoints([endpoint for endpoint in endpoints if endpoint], case["expected"]["records"])


def _apply(case: CaseData) -> None:
    zones = _selected(case)
    bundles: defaultdict[str, list[Bundle]] = defaultdict(list)
    for bundle in sorted(_bundles(case["changes"]), key=lambda bundle: bundle.name):
        for zone in zones_of(bundle.name, zones, _domain_filter(case)):
            bundles[zone.id].append(bundle)
    limits = Limits(changes=case["config"]["batchChangeSize"])
    requests = [
        {"zone": zone} | _comparable(body_of(batch))
        for zone in sorted(bundles)
        for batch in pack(
            (edit for edit in map(edit_of, bundles[zone]) if not obstacle(edit, limits)), limits
        )
    ]
    sent = [] if case["config"]["dryRun"] else requests
    expected = [{"zone": entry["zone"]} | _comparable(entry) for entry in case["expected"]["requests"] or ()]
    assert sent == sorted(expected, key=lambda entry: str(entry["zone"]))
    failing = any(entry["zone"] in case["config"]["failZones"] for entry in sent)
    assert bool(case["expected"]["error"]) == failing


def _selected(case: CaseData) -> list[Zone]:
    zones = [
        ManagedZone(
            name=zone["name"],
            dns_name=zone["dnsName"],
            id=str(zone["id"]),
            visibility=zone["visibility"],
            peering_config={} if zone.get("peering") else None,
        )
        for zone in case["zones"]
    ]
    config = case["config"]
    return select(
        zones, ZoneRules(_domain_filter(case), tuple(config["zoneIdFilter"]), config["zoneVisibility"])
    )


def _domain_filter(case: CaseData) -> DomainFilter:
    config = case["config"]
    return DomainFilter(include=tuple(config["domainFilter"]), exclude=tuple(config["excludeDomains"]))


def _bundles(changes: dict[str, Any]) -> Iterator[Bundle]:
    """The changes grouped by name, as the peer groups them into batches."""
    grouped: defaultdict[str, list[Change]] = defaultdict(list)
    for change in _changes(changes):
        grouped[change.endpoint.dns_name].append(change)
    for name, entries in grouped.items():
        yield Bundle(name, tuple(entries))


def _changes(changes: dict[str, Any]) -> Iterator[Change]:
    for new in endpoints_from(changes["create"]):
        yield Change(Action.CREATE, new=new)
    pairs = zip(endpoints_from(changes["updateOld"]), endpoints_from(changes["updateNew"]), strict=True)
    for old, new in pairs:
        yield Change(Action.UPDATE, old=old, new=new)
    for old in endpoints_from(changes["delete"]):
        yield Change(Action.DELETE, old=old)


def _comparable(request: dict[str, Any]) -> dict[str, Any]:
    return {
        key: sorted(request[key] or [], key=lambda rrset: (rrset["name"], rrset["type"]))
        for key in ("additions", "deletions")
    }


def _any_endpoint(case: CaseData) -> list[Endpoint]:
    return [endpoint for entries in case["changes"].values() for endpoint in endpoints_from(entries)]


def _has_other_spelling(case: CaseData) -> bool:
    return any(endpoint.dns_name != ascii_name(endpoint.dns_name) for endpoint in _any_endpoint(case))


def _has_unicode_target(case: CaseData) -> bool:
    endpoints = [endpoint for endpoint in _any_endpoint(case) if endpoint.record_type != "TXT"]
    return any(not target.isascii() for endpoint in endpoints for target in endpoint.targets)


def _has_unquoted_text(case: CaseData) -> bool:
    texts = [endpoint for endpoint in _any_endpoint(case) if endpoint.record_type == "TXT"]
    return any(not target.startswith('"') for endpoint in texts for target in endpoint.targets)


def _has_relative_pointer(case: CaseData) -> bool:
    pointers = [endpoint for endpoint in _any_endpoint(case) if endpoint.record_type == "PTR"]
    return any(not target.endswith(".") for endpoint in pointers for target in endpoint.targets)


def _is_split_horizon(case: CaseData) -> bool:
    names = [zone.name for zone in _selected(case)]
    return len(names) > len(set(names))


def _has_failing_zone(case: CaseData) -> bool:
    return bool(case["config"]["failZones"])


def _has_unread_type(case: CaseData) -> bool:
    return any(rrset["type"] not in _PEER_READS for zone in case["zones"] for rrset in zone["rrsets"])


CHECKS: dict[str, Check] = {
    "google_apply.json": _apply,
    "google_records.json": _records,
    "google_zones.json": _zones,
}

DEVIATIONS = [
    Deviation(
        "google_records.json",
        _has_unread_type,
        "types that the peer writes but never reads back would be created again at every sync",
    ),
    Deviation(
        "google_apply.json",
        _has_other_spelling,
        "names are written as lower-case A-labels, Unicode is refused",
    ),
    Deviation(
        "google_apply.json", _has_unicode_target, "targets are written as A-labels, Unicode is refused"
    ),
    Deviation(
        "google_apply.json", _has_unquoted_text, "TXT data is quoted, or its words become strings apart"
    ),
    Deviation("google_apply.json", _has_relative_pointer, "a PTR needs an absolute name like any other host"),
    Deviation(
        "google_apply.json", _is_split_horizon, "the peer picks one of several zones of one name at random"
    ),
    Deviation(
        "google_apply.json",
        _has_failing_zone,
        "the peer stops at the first failure; other batches go on here",
    ),
]
