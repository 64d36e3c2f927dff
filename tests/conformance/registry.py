"""What is known about the files of recorded cases: checks, deviations, and what is out of scope.

Each module ``checks_*.py`` beside this one contributes by its module-level names:

* ``CHECKS``: file name → a function that is given the case's content and asserts;
* ``DEVIATIONS`` (optional): cases where dnssync means to differ from what was recorded;
* ``OUT_OF_SCOPE`` (optional): cases that wait for work that is not done yet.

The last two select cases by a predicate on their content, never by name: unseen cases come.
"""

import importlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.conformance.vectors import Case

CaseData = dict[str, Any]
Check = Callable[[CaseData], None]
Predicate = Callable[[CaseData], bool]


def always(_case: CaseData) -> bool:
    """The predicate of an exemption that holds for a whole file."""
    return True


class Exemption(NamedTuple):
    """Cases of ``file`` that are not held to their recorded answer, and why."""

    file: str
    predicate: Predicate
    reason: str


class Deviation(Exemption):
    """dnssync means to answer otherwise; the check still runs, and only its failure is excused."""


class OutOfScope(Exemption):
    """Nothing in dnssync could answer yet; the check does not run."""


class Registry(NamedTuple):
    """All contributions of all check modules."""

    checks: dict[str, Check]
    deviations: tuple[Deviation, ...]
    out_of_scope: tuple[OutOfScope, ...]

    def knows(self, file: str) -> bool:
        return file in self.checks or any(entry.file == file for entry in self.out_of_scope)

    def deviation(self, case: Case) -> str | None:
        return _reason(self.deviations, case)

    def scope(self, case: Case) -> str | None:
        return _reason(self.out_of_scope, case)


def discover() -> Registry:
    """Import every ``checks_*`` module beside this one; two checks for one file are a mistake."""
    checks: dict[str, Check] = {}
    deviations: list[Deviation] = []
    out_of_scope: list[OutOfScope] = []
    for path in sorted(Path(__file__).parent.glob("checks_*.py")):
        module = importlib.import_module(f"tests.conformance.{path.stem}")
        twice = checks.keys() & module.CHECKS.keys()
        assert not twice, f"{path.name}: {sorted(twice)} already have a check"
        checks.update(module.CHECKS)
        deviations += getattr(module, "DEVIATIONS", [])
        out_of_scope += getattr(module, "OUT_OF_SCOPE", [])
    return Registry(checks, tuple(deviations), tuple(out_of_scope))


def _reason(exemptions: Iterable[Exemption], case: Case) -> str | None:
    for exemption in exemptions:
        if exemption.file == case.file and exemption.predicate(case.data):
            return exemption.reason
    return None
