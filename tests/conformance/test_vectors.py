"""The conformance runner: every recorded case in scope is one test item."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dnssync.errors import DnssyncError
from tests.conformance import vectors
from tests.conformance.registry import discover
from tests.conformance.vectors import Case

REGISTRY = discover()


def _in_scope(root: Path) -> list[Case]:
    return [
        case
        for path in vectors.files(root)
        if path.name in REGISTRY.checks
        for case in vectors.cases(path)
        if REGISTRY.scope(case) is None
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    root = vectors.folder()
    if not root.is_dir():
        absent = pytest.mark.skip(reason=f"NO VECTORS at {root}: set DNSSYNC_VECTORS to their folder")
        metafunc.parametrize("case", [pytest.param(None, marks=absent, id="absent")])
        return
    cases = _in_scope(root)
    metafunc.parametrize("case", cases, ids=[f"{case.file}::{case.name}" for case in cases])


def test_vector(case: Case, record_property: Callable[[str, object], None]) -> None:
    record_property("vector", case.file)
    reason = REGISTRY.deviation(case)
    if reason is None:
        REGISTRY.checks[case.file](case.data)
        return
    try:
        REGISTRY.checks[case.file](case.data)
    except (AssertionError, pytest.fail.Exception, DnssyncError):
        record_property("deviation", reason)
        pytest.xfail(f"deviation: {reason}")
