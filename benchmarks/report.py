"""What a benchmark found: a table for people, plain where it is piped, and JSON for later."""

import os
import platform
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import msgspec

RESULTS = Path(__file__).parent / "results"
_LIBRARIES = ("msgspec", "boto3", "kubernetes", "octodns")


class Report(msgspec.Struct, frozen=True):
    """One table. Cells are numbers or words; ``notes`` say what the numbers mean."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str | int | float, ...]]
    notes: tuple[str, ...] = ()


class _Result(msgspec.Struct, frozen=True):
    machine: str
    report: Report


def machine() -> str:
    """One line about what the figures were measured on; no names of hosts."""
    facts = Path("/proc/cpuinfo").read_text()
    models = re.findall(r"^model name\s*:\s*(.+)$", facts, re.MULTILINE) or [platform.machine()]
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return f"{os.cpu_count()} cores ({models[0]}), Python {platform.python_version()}, {libraries}"


def show(report: Report) -> None:
    """Print the table."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not console.is_terminal:
        print(_plain(report))
        return
    table = Table(title=report.title, caption="\n".join(report.notes), caption_justify="left")
    for column in report.columns:
        table.add_column(column, justify="left" if column == report.columns[0] else "right")
    for row in report.rows:
        table.add_row(*map(_cell, row))
    console.print(table)


def save(report: Report, folder: Path = RESULTS) -> Path:
    """Write the report as JSON to ``folder``; the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{report.name}.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(_Result(machine(), report))) + b"\n")
    return file


def _plain(report: Report) -> str:
    """The table as it stands in Markdown, with columns in line."""
    cells = [report.columns, *(tuple(map(_cell, row)) for row in report.rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(report.columns))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [_line(cells[0], widths), f"| {' | '.join(rule)} |", *(_line(row, widths) for row in cells[1:])]
    return "\n".join((report.title, "", *lines, *(("", *report.notes) if report.notes else ()), ""))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        cell.rjust(width) if at else cell.ljust(width)
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return f"| {' | '.join((first, *rest))} |"


def _cell(value: str | int | float) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
