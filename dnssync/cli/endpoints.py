"""``dnssync endpoints``: what the objects want."""

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.settings import Settings


@click.command("endpoints", cls=SettingsCommand, presets={"log-level": ["warning"]})
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", help="Form.")
def command(settings: Settings, output: str) -> None:
    """Show the records that the objects want; no provider is asked."""
    check(settings, needs_provider=False)
    from dnssync import app, render
    from dnssync.cli.output import show_values

    endpoints = app.endpoints(settings)
    show_values(render.endpoint_objects(endpoints), render.endpoint_table(endpoints), output)
