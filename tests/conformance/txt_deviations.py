"""Where ownership in TXT records means to differ from the peer: by what a recorded case contains, and why."""

from collections import Counter
from typing import Any

from dnssync.endpoints import LABEL_OWNER
from dnssync.ownership.labels import parse_labels, unquote
from dnssync.ownership.names import MarkerNames
from tests.conformance.checks_plan import CNAME_BESIDE, TIED, creates_cname_beside, tied_candidates
from tests.conformance.registry import CaseData, Deviation


def naming(config: dict[str, Any]) -> MarkerNames:
    """The marker naming of a recorded configuration, lower-case as a registry makes it."""
    affixes = config["txtPrefix"], config["txtSuffix"], config["txtWildcardReplacement"]
    return MarkerNames(*(affix.lower() for affix in affixes))


def _provider(case: CaseData, *sides: str) -> list[dict[str, Any]]:
    """The recorded changes of a whole cycle, as they reach the provider."""
    recorded = case["expected"].get("provider") or {}
    return [entry for side in sides for entry in recorded.get(side) or ()]


def _is_marker(entry: dict[str, Any]) -> bool:
    return "ownedRecord" in (entry["labels"] or {})


def _migrates(case: CaseData) -> bool:
    old = case["config"]["migrateFromTxtOwner"]
    if not old:
        return False
    held = any(_speaks_of(entry, old) for entry in case["providerRecords"])
    return held or bool(case["expected"]["plan"]["updateNew"])


def _speaks_of(entry: dict[str, Any], owner: str) -> bool:
    labels = parse_labels(unquote(entry["targets"][0])) if entry["targets"] else None
    return entry["recordType"] == "TXT" and (labels or {}).get(LABEL_OWNER) == owner


def _assumes_marker(case: CaseData) -> bool:
    """Whether a marker is replaced or deleted as it would be written today, not as it is there."""
    there = {_rrset(entry) for entry in case["providerRecords"]}
    return any(
        _is_marker(entry) and _rrset(entry) not in there for entry in _provider(case, "updateOld", "delete")
    )


def _rrset(entry: dict[str, Any]) -> tuple[str, str, tuple[str, ...]]:
    return entry["dnsName"], entry["setIdentifier"], tuple(entry["targets"])


def _created_without_marker(case: CaseData) -> bool:
    """Whether some record is created and its marker is not."""
    created = _provider(case, "create")
    return 2 * sum(_is_marker(entry) for entry in created) != len(created)


def _marker_on_taken_name(case: CaseData) -> bool:
    taken = {
        entry["dnsName"]
        for entry in case["providerRecords"]
        if entry["recordType"] in ("TXT", "CNAME") and not _is_heritage(entry)
    }
    return any(_is_marker(entry) and entry["dnsName"] in taken for entry in _provider(case, "create"))


def _is_heritage(entry: dict[str, Any]) -> bool:
    if entry["recordType"] != "TXT":
        return False
    return bool(entry["targets"]) and parse_labels(unquote(entry["targets"][0])) is not None


def _marked_by_sibling(case: CaseData) -> bool:
    """Whether a record's marker name is there with another set identifier only."""
    names_of = naming(case["config"])
    there = {
        (entry["dnsName"], entry["setIdentifier"]) for entry in case["providerRecords"] if _is_heritage(entry)
    }
    names = {name for name, _ in there}
    wanted = {
        (names_of.marker_name(entry["dnsName"], entry["recordType"]), entry["setIdentifier"])
        for entry in case["providerRecords"]
    }
    return any(name in names and (name, set_identifier) not in there for name, set_identifier in wanted)


def _told_twice(case: CaseData) -> bool:
    """Whether two markers read as speaking for the same record."""
    names_of = naming(case["config"])
    told = Counter(
        (*names_of.record_of(entry["dnsName"]), entry["setIdentifier"])
        for entry in case["providerRecords"]
        if _is_heritage(entry)
    )
    return any(count > 1 for (name, *_), count in told.items() if name)


def _upper_case_wildcard(case: CaseData) -> bool:
    replacement = case["config"]["txtWildcardReplacement"]
    wild = any(entry["dnsName"].startswith("*") for entry in case["providerRecords"])
    return wild and replacement != replacement.lower()


def _upper_case_name(case: CaseData) -> bool:
    return any(entry["dnsName"] != entry["dnsName"].lower() for entry in case["providerRecords"])


def _foreign_script(case: CaseData) -> bool:
    entries = case.get("desired") or case.get("changes", {}).get("create") or [case.get("endpoint")]
    return any(entry and not entry["dnsName"].isascii() for entry in entries)


def _cname_beside_kept(case: CaseData) -> bool:
    created = case["expected"]["plan"]["create"]
    return case["policy"] != "sync" and creates_cname_beside(created, case["providerRecords"])


_UPPER = (
    "upper-case names and wildcard replacements are recognised; the peer writes them and never finds them"
)
_SCRIPT = "a marker is named after the A-label of a Unicode name; the peer's name cannot be read back"

_SIBLING = (
    "a marker speaks for its own set identifier only; one of another does not stand in for a missing one"
)

_TWICE = (
    "of two markers that read as one record's, the one under today's name counts; the last read does there"
)

DEVIATIONS = [
    Deviation("txt_registry_records.json", _marked_by_sibling, _SIBLING),
    Deviation("txt_cycle.json", _marked_by_sibling, _SIBLING),
    Deviation("txt_registry_records.json", _upper_case_wildcard, _UPPER),
    Deviation("txt_registry_records.json", _upper_case_name, _UPPER),
    Deviation("txt_cycle.json", _upper_case_wildcard, _UPPER),
    Deviation("txt_cycle.json", _upper_case_name, _UPPER),
    Deviation("txt_registry_generate.json", _foreign_script, _SCRIPT),
    Deviation("txt_registry_apply.json", _foreign_script, _SCRIPT),
    Deviation("txt_cycle.json", _foreign_script, _SCRIPT),
    Deviation("txt_cycle.json", _cname_beside_kept, CNAME_BESIDE),
    Deviation("txt_cycle.json", lambda case: tied_candidates(case["desired"]), TIED),
    Deviation("txt_registry_records.json", _told_twice, _TWICE),
    Deviation("txt_cycle.json", _told_twice, _TWICE),
    Deviation(
        "txt_cycle.json",
        _migrates,
        "owner migration writes once what the old owner holds; the peer writes it in each cycle, or never",
    ),
    Deviation(
        "txt_cycle.json",
        _assumes_marker,
        "a marker is replaced or deleted as it stands in the zone; the peer names one that is not there",
    ),
    Deviation(
        "txt_cycle.json",
        _created_without_marker,
        "a record is created with a marker that speaks for it or not at all, never under another's marker",
    ),
    Deviation(
        "txt_cycle.json",
        _marker_on_taken_name,
        "a record is not created where the place of its marker is taken by a TXT or CNAME record",
    ),
]
