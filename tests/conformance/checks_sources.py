"""Checks of whole sources, through ``dnssync.compute_endpoints`` with the flags of the command line."""

import pytest

from dnssync import compute_endpoints
from dnssync.annotations import PREFIXES
from dnssync.errors import DnssyncError
from dnssync.names import host_problem
from tests.conformance.compare import assert_endpoints
from tests.conformance.registry import CaseData, Check, Deviation, OutOfScope

_PEER_PREFIX = "external-dns.kubernetes.io/"

# Kinds for which a source exists.
_SOURCES = frozenset({"ingress"})


def arguments(case: CaseData) -> list[str]:
    """The case's flags as they stand on a command line."""
    args = [f"--source={case['source']}"]
    for name, value in case["flags"].items():
        if isinstance(value, bool):
            args.append(f"--{name}" if value else f"--no-{name}")
        else:
            args += [f"--{name}={item}" for item in (value if isinstance(value, list) else [value])]
    return args


def _source(case: CaseData) -> None:
    if case.get("expectError"):
        with pytest.raises(DnssyncError):
            compute_endpoints(case["objects"], arguments(case))
        return
    actual = compute_endpoints(case["objects"], arguments(case))
    assert_endpoints(actual, case["expected"], ignore=case.get("nondeterministic", ()))


CHECKS: dict[str, Check] = {"source_ingress.json": _source, "fqdn_templates_sources.json": _source}


def _publishes_no_name(case: CaseData) -> bool:
    """The peer publishes a name, or a CNAME to a target, that is no host name."""
    return any(
        host_problem(endpoint["dnsName"])
        or (endpoint["recordType"] == "CNAME" and any(map(host_problem, endpoint["targets"])))
        for endpoint in case.get("expected") or ()
    )


def _annotations(case: CaseData) -> list[tuple[str, str]]:
    found = [(entry.get("metadata") or {}).get("annotations") or {} for entry in case["objects"]]
    return [pair for annotations in found for pair in annotations.items()]


def _has_other_prefix(case: CaseData) -> bool:
    """The object is annotated under a prefix that the peer does not read by default."""
    others = tuple(prefix for prefix in PREFIXES if prefix != _PEER_PREFIX)
    return "annotation-prefix" not in case["flags"] and any(
        key.startswith(others) for key, _ in _annotations(case)
    )


def _has_space_inside(case: CaseData) -> bool:
    """A host name or target of an annotation has a space inside, which the peer closes."""
    return any(
        key.endswith(("/hostname", "/target")) and any(len(entry.split()) > 1 for entry in value.split(","))
        for key, value in _annotations(case)
    )


DEVIATIONS = [
    deviation
    for file in CHECKS
    for deviation in (
        Deviation(
            file, _publishes_no_name, "a name or target that is no host name is reported, not published"
        ),
        Deviation(
            file, _has_other_prefix, "annotations are read under all three prefixes, unless one is given"
        ),
        Deviation(file, _has_space_inside, "a space inside an entry is reported, not closed"),
    )
]

OUT_OF_SCOPE = [
    OutOfScope(
        "fqdn_templates_sources.json",
        lambda case: case["source"] not in _SOURCES,
        "the source of the object is not built yet",
    )
]
