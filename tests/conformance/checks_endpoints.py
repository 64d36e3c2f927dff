"""Checks of the rules for one endpoint: its type, its canonical form."""

from dnssync.endpoints import suitable_type
from tests.conformance.registry import CaseData, Check


def _suitable_type(case: CaseData) -> None:
    assert suitable_type(case["target"]) == case["expected"]


CHECKS: dict[str, Check] = {"suitable_type.json": _suitable_type}
