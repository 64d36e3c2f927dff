"""What commands print: data on stdout, in colour and in tables on a terminal only."""

import os
import sys
from collections.abc import Iterable
from typing import Any

import click

from dnssync.printable import printable
from dnssync.render import Line, Table, columns, to_json, to_yaml

_STYLES: dict[str, dict[str, Any]] = {
    "heading": {"bold": True},
    "create": {"fg": "green"},
    "update": {"fg": "yellow"},
    "delete": {"fg": "red"},
    "skipped": {"dim": True},
    "plain": {},
}


def write(text: str) -> None:
    """Data as it is."""
    click.echo(text, nl=False)


def show_values(values: list[dict[str, Any]], table: Table, form: str) -> None:
    """The same values as ``json``, ``yaml`` or ``table``."""
    if form == "table":
        show_table(table)
    else:
        write(to_json(values) if form == "json" else to_yaml(values))


def show_table(table: Table) -> None:
    """A table that fits the terminal, or plain aligned columns where stdout is none."""
    safe = Table(table.columns, tuple(tuple(map(printable, row)) for row in table.rows))
    if sys.stdout.isatty():
        _show_rich_table(safe)
    else:
        write(columns(safe))


def show_lines(lines: Iterable[Line]) -> None:
    """Lines in the colours of what they are about; https://no-color.org is respected."""
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    for tone, text in lines:
        safe = printable(text)
        click.echo(click.style(safe, **_STYLES[tone]) if coloured else safe)


def _show_rich_table(table: Table) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    used = [index for index in range(len(table.columns)) if any(row[index] for row in table.rows)]
    for index in used:
        shown.add_column(table.columns[index], overflow="fold")
    for row in table.rows:
        shown.add_row(*(Text(row[index]) for index in used))
    Console().print(shown)
