"""Checks of domain filters: what they let through, and their JSON form."""

import pytest

from dnssync import domains
from dnssync.domains import DomainFilter
from dnssync.errors import ConfigError
from tests.conformance.registry import CaseData, Check


def _filter(config: CaseData | None) -> DomainFilter:
    if config is None:
        return DomainFilter()
    return DomainFilter(
        tuple(config["include"]), tuple(config["exclude"]), config["regexInclude"], config["regexExclude"]
    )


def _match(case: CaseData) -> None:
    assert _filter(case["config"]).matches(case["domain"]) is case["expected"]


def _match_parent(case: CaseData) -> None:
    assert _filter(case["config"]).matches_parent(case["domain"]) is case["expected"]


def _json(case: CaseData) -> None:
    if case.get("expectError"):
        with pytest.raises(ConfigError):
            domains.decode(case["json"])
        return
    decoded = domains.decode(case["json"])
    assert decoded == _filter(case["expected"])
    assert sorted(decoded.include) == sorted(case["expected"]["include"])
    assert sorted(decoded.exclude) == sorted(case["expected"]["exclude"])
    assert domains.decode(domains.encode(decoded)) == decoded


CHECKS: dict[str, Check] = {
    "domain_filter_match.json": _match,
    "domain_filter_match_parent.json": _match_parent,
    "domain_filter_json.json": _json,
}
