"""The runner itself: nothing that is recorded may go unheard."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import vectors
from tests.conformance.registry import Deviation, discover


def write(folder: Path, file: str, cases: list[dict[str, Any]]) -> None:
    (folder / file).write_text(json.dumps({"cases": cases}))


def run(folder: Path, *arguments: str) -> str:
    """What a run of the runner over ``folder`` prints."""
    runner = "tests/conformance/test_vectors.py"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", runner, *arguments]
    finished = subprocess.run(
        command,
        cwd=vectors.PROJECT,
        env=os.environ | {"DNSSYNC_VECTORS": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_each_file_is_reported_with_every_outcome(tmp_path: Path, workers: tuple[str, ...]) -> None:
    hollow = {"name": "hollow", "function": "normalize", "input": "xn--.com"}
    write(
        tmp_path,
        "idna_names.json",
        [
            {"name": "right", "function": "normalize", "input": "A.com", "expected": "a.com."},
            {"name": "wrong", "function": "normalize", "input": "A.com", "expected": "b.com."},
            {**hollow, "expected": ".com."},
            {**hollow, "expected": "xn--.com."},
        ],
    )
    write(tmp_path, "source_pod.json", [{"name": "later"}, {"name": "later too"}])
    write(tmp_path, "never_heard_of.json", [{"name": "unknown"}])
    printed = run(tmp_path, *workers)
    assert "idna_names.json: 2 passed, 1 failed, 1 deviations, 0 out of scope" in printed
    assert re.search(r"1 deviation: an A-label without content stays", printed)
    assert "source_pod.json: 0 passed, 0 failed, 0 deviations, 2 out of scope" in printed
    assert "2 out of scope: the source pod is not built yet" in printed
    assert "never_heard_of.json: UNKNOWN FILE" in printed


def test_a_missing_folder_is_said_loudly(tmp_path: Path) -> None:
    assert "NO VECTORS" in run(tmp_path / "nowhere", "-rs")


def test_a_file_without_cases_is_an_error_and_not_an_empty_success(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text('{"title": "nothing"}')
    with pytest.raises(ValueError, match="expected an object with a list"):
        vectors.cases(path)


def test_exemptions_are_for_files_that_are_checked_and_give_a_reason() -> None:
    registry = discover()
    for exemption in (*registry.deviations, *registry.out_of_scope):
        assert exemption.reason
        assert exemption.file.endswith(".json")
        assert not isinstance(exemption, Deviation) or exemption.file in registry.checks
