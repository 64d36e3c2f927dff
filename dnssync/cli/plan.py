"""``dnssync plan``: what ``run`` would change."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.errors import ConfigError
from dnssync.settings import Settings

if TYPE_CHECKING:
    from dnssync.planfile import PlanDocument

CHANGES = 2
"""The exit code that says that there are changes."""


@click.command("plan", cls=SettingsCommand, presets={"log-level": ["warning"]})
@click.option(
    "-o", "--output", type=click.Choice(["table", "json", "markdown"]), default="table", help="Form."
)
@click.option("--out", type=click.Path(dir_okay=False), help="Save the plan here for 'dnssync apply'.")
def command(settings: Settings, output: str, out: str | None) -> int:
    """Show what run would change: + create, ~ update, - delete, ! left alone.

    Exit code: 0 nothing to change, 2 changes, 1 error.
    """
    check(settings, needs_provider=True)
    from dnssync import app, planfile

    document = app.make_plan(settings)
    if out:
        _save(planfile.encode(document), out)
    _show(document, output)
    return CHANGES if document else 0


def _save(data: bytes, out: str) -> None:
    try:
        Path(out).write_bytes(data)
    except OSError as error:
        raise ConfigError(f"--out: cannot write {out}: {error.strerror}") from None


def _show(document: "PlanDocument", output: str) -> None:
    from dnssync import planfile, render
    from dnssync.cli.output import show_lines, write

    plans = {str(zone.zone): zone.plan for zone in document.zones}
    if output == "json":
        write(planfile.encode(document).decode())
    elif output == "markdown":
        write(render.plan_markdown(plans, document.held))
    else:
        show_lines(render.plan_lines(plans))
    if document.held:
        click.echo(f"dnssync: {document.held}", err=True)
