"""Checks of the plan: current and desired endpoints in, changes out."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from dnssync.changes import Action, Change
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.names import normalise
from dnssync.plan import Plan, PlanRules, plan
from dnssync.policy import Policy
from tests.conformance.compare import assert_endpoints, comparable, endpoints_from
from tests.conformance.registry import CaseData, Check, Deviation

_STRICTEST_LAST = list(Policy)


def rules_from(config: dict[str, Any]) -> PlanRules:
    """The rules that a recorded configuration describes; of several policies the strictest holds."""
    policies = [Policy(name) for name in config["policies"]]
    return PlanRules(
        policy=max(policies, key=_STRICTEST_LAST.index, default=Policy.SYNC),
        managed_types=frozenset(config["managedRecords"] or ()),
        excluded_types=frozenset(config["excludeRecords"] or ()),
        owner_id=config["ownerID"],
        domain_filters=tuple(_domain_filter(entry) for entry in config["domainFilters"] or ()),
    )


def assert_changes(
    changes: Iterable[Change], expected: dict[str, Any], *, ignore: Iterable[str] = ()
) -> None:
    """Assert that the changes are those of a recorded create / updateOld / updateNew / delete."""
    changes, ignore = list(changes), tuple(ignore)
    created = [change.new for change in changes if change.action is Action.CREATE and change.new]
    deleted = [change.old for change in changes if change.action is Action.DELETE and change.old]
    updated = [(change.old, change.new) for change in changes if change.old and change.new]
    assert_endpoints(created, expected["create"], ignore=ignore)
    assert_endpoints(deleted, expected["delete"], ignore=ignore)
    pairs = zip(endpoints_from(expected["updateOld"]), endpoints_from(expected["updateNew"]), strict=True)
    assert _pairs(updated, ignore) == _pairs(pairs, ignore)


def _pairs(pairs: Iterable[tuple[Endpoint, Endpoint]], ignore: tuple[str, ...]) -> Counter[tuple[str, ...]]:
    # An update whose two sides are equal is no change: the peer itself says so by hasChanges.
    return Counter(
        tuple(comparable(side, ignore=ignore) for side in pair) for pair in pairs if pair[0] != pair[1]
    )


def _domain_filter(data: dict[str, Any]) -> DomainFilter:
    return DomainFilter(
        include=tuple(data.get("include") or ()),
        exclude=tuple(data.get("exclude") or ()),
        regex_include=data.get("regexInclude") or "",
        regex_exclude=data.get("regexExclude") or "",
    )


def _plan(case: CaseData) -> None:
    current, desired = endpoints_from(case["current"]), endpoints_from(case["desired"])
    result = plan(current, desired, rules_from(case["config"]))
    assert_changes(result.changes, case["expected"])
    _assert_reasons(result, case)


def _assert_reasons(result: Plan, case: CaseData) -> None:
    """Whatever is wanted and gets no change is either as wanted, or was skipped with a reason."""
    if not case["expectedHasChanges"]:
        assert not result


def _cname_beside_kept(case: CaseData) -> bool:
    """Whether the policy keeps a record that the peer creates another beside, one of the two a CNAME."""
    if "sync" in case["config"]["policies"]:
        return False
    return creates_cname_beside(case["expected"]["create"], case["current"])


def creates_cname_beside(created: list[dict[str, Any]], current: list[dict[str, Any]]) -> bool:
    """Whether some created record and some current one of another type share a name, one being a CNAME."""
    return any(
        _row(new) == _row(old)
        and new["recordType"] != old["recordType"]
        and "CNAME" in (new["recordType"], old["recordType"])
        for new in created
        for old in current
        if old["recordType"] != "TXT"
    )


def tied_candidates(desired: list[dict[str, Any]]) -> bool:
    """Whether two wanted endpoints of one row and type have the same targets: the peer takes either."""
    seen = Counter((*_row(entry), entry["recordType"], *sorted(entry["targets"])) for entry in desired)
    return any(count > 1 for count in seen.values())


def _read_twice(case: CaseData) -> bool:
    seen = Counter((*_row(entry), entry["recordType"]) for entry in case["current"])
    return any(count > 1 for count in seen.values())


def _rewrites_labels_alone(case: CaseData) -> bool:
    """Whether owner migration makes the peer update a record that only differs in labels."""
    return bool(case["config"]["oldOwnerID"])


def _row(entry: dict[str, Any]) -> tuple[str, str]:
    return normalise(entry["dnsName"]), entry["setIdentifier"]


CHECKS: dict[str, Check] = {"plan.json": _plan}

CNAME_BESIDE = "a policy that keeps a record also keeps a CNAME from being put beside it (RFC 1034 §3.6.2)"
TIED = "equal candidates of two objects: settled by object and TTL here, by chance there"

DEVIATIONS = [
    Deviation("plan.json", _cname_beside_kept, CNAME_BESIDE),
    Deviation("plan.json", lambda case: tied_candidates(case["desired"]), TIED),
    Deviation(
        "plan.json", _read_twice, "an RRset that is read twice: the last read wins there, here any order"
    ),
    Deviation(
        "plan.json",
        _rewrites_labels_alone,
        "with an old owner set, the peer updates every owned record in every cycle; here only what the old "
        "owner still holds, as the registry's reading says",
    ),
]
