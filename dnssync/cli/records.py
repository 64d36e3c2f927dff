"""``dnssync records``: what the provider holds."""

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.settings import Settings


@click.command("records", cls=SettingsCommand, presets={"log-level": ["warning"]})
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", help="Form.")
def command(settings: Settings, output: str) -> None:
    """Show the records that the provider holds, and whose they are."""
    check(settings, needs_provider=True)
    from dnssync import app, render
    from dnssync.cli.output import show_values

    records = app.records(settings)
    show_values(render.record_objects(records), render.record_table(records), output)
