"""Checks of host name templates: a template and an object in, host names out."""

from typing import Any

import pytest

from dnssync import gotemplate
from dnssync.errors import DnssyncError
from tests.conformance.registry import CaseData, Check, Deviation

_META = ("name", "namespace", "labels", "annotations")


def _object(case: CaseData) -> dict[str, Any]:
    """The object as an API server gives it: recorded test types have metadata at the top and no kind."""
    obj = dict(case["object"])
    group, version, kind = case["gvk"]
    if "metadata" not in obj:
        obj["metadata"] = {key: obj.pop(key) for key in _META if key in obj}
    obj.setdefault("kind", kind)
    if version:
        obj.setdefault("apiVersion", f"{group}/{version}" if group else version)
    return obj


def _source(case: CaseData) -> str:
    is_plain = case["goType"].endswith("unstructuredWrapper")
    return str(case.get("boundSource") or ("unstructured" if is_plain else ""))


def _execute(case: CaseData) -> None:
    if case.get("expectError"):
        with pytest.raises(DnssyncError):
            gotemplate.parse(case["template"]).render(_object(case), source=_source(case))
        return
    assert gotemplate.parse(case["template"]).render(_object(case), source=_source(case)) == case["expected"]


def _has_hole(name: str) -> bool:
    return "<no value>" in name or "<nil>" in name or name.startswith(".") or ".." in name


def _names_a_hole(case: CaseData) -> bool:
    return any(map(_has_hole, case.get("expected") or []))


CHECKS: dict[str, Check] = {"fqdn_template_exec.json": _execute}

DEVIATIONS = [
    Deviation(
        "fqdn_template_exec.json",
        _names_a_hole,
        "a name with <no value>, <nil> or an empty label is not published: something is not there",
    )
]
