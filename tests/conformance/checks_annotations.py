"""Checks of the annotation vocabulary and of the filters on annotations."""

from collections.abc import Callable

import pytest

from dnssync import annotations, selectors
from dnssync.annotations import Annotations
from dnssync.endpoints import Property
from dnssync.errors import ConfigError
from tests.conformance.registry import CaseData, Check, Deviation


def _read(case: CaseData) -> Annotations:
    return Annotations(case["annotations"] or {}, (case["annotationPrefix"],))


def _ttl(case: CaseData) -> None:
    seconds, problem = _read(case).ttl()
    assert seconds == case["expected"]
    asked = case["annotationPrefix"] + annotations.TTL in case["annotations"]
    assert (problem is not None) == (asked and seconds == 0)


_FUNCTIONS: dict[str, Callable[[CaseData], object]] = {
    "split": lambda case: annotations.split(case["value"]),
    "target": lambda case: list(_read(case).targets().values) or None,
    "hostname": lambda case: list(_read(case).hostnames().values) or None,
    "internalHostname": lambda case: (
        list(_read(case).hostnames(annotations.INTERNAL_HOSTNAME).values) or None
    ),
    "controllerMismatch": lambda case: _read(case).for_another_controller(),
}


def _by_function(case: CaseData) -> None:
    assert _FUNCTIONS[case["function"]](case) == case["expected"]


def _provider_specific(case: CaseData) -> None:
    read, expected = _read(case), case["expected"]
    properties = sorted(Property(**entry) for entry in expected["providerSpecific"] or ())
    assert list(read.provider_specific()) == properties
    assert read.value(annotations.SET_IDENTIFIER) == expected["setIdentifier"]


def _filter(case: CaseData) -> None:
    if case.get("expectError"):
        with pytest.raises(ConfigError):
            selectors.parse(case["filter"])
        return
    assert selectors.parse(case["filter"]).matches(case["annotations"] or {}) is case["expected"]


CHECKS: dict[str, Check] = {
    "annotation_ttl.json": _ttl,
    "annotation_hostname_target_controller.json": _by_function,
    "annotation_provider_specific.json": _provider_specific,
    "annotation_filter.json": _filter,
}


def _space_inside(case: CaseData) -> bool:
    values = [*(case.get("annotations") or {}).values(), case.get("value", "")]
    return any(len(entry.split()) > 1 for value in values for entry in value.split(","))


def _compares_otherwise(case: CaseData) -> bool:
    return bool(case.get("expectError")) and any(sign in case["filter"] for sign in ("!=", ">", "<"))


DEVIATIONS = [
    Deviation(
        "annotation_hostname_target_controller.json",
        _space_inside,
        "an entry with a space inside is reported, not closed: that would make another name of it",
    ),
    Deviation(
        "annotation_filter.json",
        _compares_otherwise,
        "!=, > and < mean in an annotation filter what they mean in a label filter, instead of being refused",
    ),
]
