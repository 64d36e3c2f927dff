"""``dnssync explain``: the whole story of one name."""

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.settings import Settings


@click.command("explain", cls=SettingsCommand, presets={"log-level": ["error"]})
@click.argument("host")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Form.")
def command(settings: Settings, host: str, output: str) -> None:
    """Tell the whole story of HOST: wanted by whom, written where, answered how, or why not.

    Without --provider no zone is read.
    """
    check(settings, needs_provider=bool(settings.provider))
    from dnssync import app, render
    from dnssync.cli.output import write
    from dnssync.story import tell

    story = app.explain(settings, host)
    write(render.to_json(story) if output == "json" else "\n".join(tell(story)) + "\n")
