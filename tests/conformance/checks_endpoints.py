"""Checks of the rules for endpoints: type, canonical form, validity, merging."""

from dnssync.endpoints import new_endpoint, suitable_type
from dnssync.merging import merge
from dnssync.names import name_problem
from dnssync.validity import endpoint_problem
from tests.conformance.compare import assert_endpoints, comparable, endpoint_from, endpoints_from
from tests.conformance.registry import CaseData, Check, Deviation


def _suitable_type(case: CaseData) -> None:
    assert suitable_type(case["target"]) == case["expected"]


def _new_endpoint(case: CaseData) -> None:
    given, expected = endpoint_from(case["input"]), case["expected"]
    if name_problem(given.dns_name):
        assert expected is None
        return
    made = new_endpoint(
        given.dns_name, given.record_type, given.targets, ttl=given.ttl, labels=dict(given.labels)
    )
    assert expected is not None
    assert comparable(made) == comparable(endpoint_from(expected))


def _check(case: CaseData) -> None:
    assert (endpoint_problem(endpoint_from(case["endpoint"])) == "") is case["expected"]


def _merge(case: CaseData) -> None:
    merged = merge(endpoints_from(case["endpoints"]))
    assert_endpoints(merged, case["expected"], ignore=case.get("nondeterministic", ()))


CHECKS: dict[str, Check] = {
    "suitable_type.json": _suitable_type,
    "new_endpoint.json": _new_endpoint,
    "endpoint_check.json": _check,
    "endpoint_merge.json": _merge,
}


def _has_empty_label(case: CaseData) -> bool:
    return "" in case["input"]["dnsName"].removesuffix(".").split(".")


def _is_measured_otherwise(case: CaseData) -> bool:
    return not case["input"]["dnsName"].isascii()


DEVIATIONS = [
    Deviation(
        "new_endpoint.json", _has_empty_label, "a name that is empty, or has an empty label, is refused"
    ),
    Deviation(
        "new_endpoint.json", _is_measured_otherwise, "labels are measured as the A-labels that go on the wire"
    ),
]
