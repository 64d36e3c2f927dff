"""The benchmarks run, and their tables hold what they promise; no time is judged here."""

from pathlib import Path

import msgspec
import pytest

from benchmarks import latency, memory, planning
from benchmarks.report import Report, save, show


def test_every_patch_is_followed_to_its_request_and_a_resync_falls_into_the_time() -> None:
    report = latency.run(latency.TINY)
    (row,) = (dict(zip(report.columns, row, strict=True)) for row in report.rows)
    assert row["patches"] > 10
    assert 0 < row["p50"] <= row["p99"] <= row["max"]
    assert row["resync s"] > 0


def test_both_planners_find_the_same_changes() -> None:
    report = planning.run(planning.TINY, rounds=1)
    assert [row[0] for row in report.rows] == ["nothing changed", "1 % changed", "all new"]


def test_a_full_cluster_takes_more_memory_than_an_empty_one() -> None:
    report = memory.run(memory.TINY, interval="500ms")
    empty, full = (dict(zip(report.columns, row, strict=True)) for row in report.rows)
    assert (empty["Ingresses"], full["Ingresses"]) == (0, memory.TINY)
    assert isinstance(full["bytes per Ingress"], int)


def test_a_report_is_a_table_for_people_and_json_for_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = Report("sizes", "Sizes", ("of", "count", "share"), [("a long name", 12_000, 0.256)], ("so far",))
    show(report)
    assert capsys.readouterr().out.splitlines() == [
        "Sizes",
        "",
        "| of          |  count | share |",
        "| ----------- | -----: | ----: |",
        "| a long name | 12,000 |  0.26 |",
        "",
        "so far",
        "",
    ]
    saved = msgspec.json.decode(save(report, tmp_path / "results").read_bytes())
    assert saved["report"]["rows"] == [["a long name", 12_000, 0.256]]
    assert "cores" in saved["machine"]


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 5.0), (0.99, 10.0), (1.0, 10.0)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert latency.percentile([float(value) for value in range(10, 0, -1)], share) == expected
