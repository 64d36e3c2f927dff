"""``dnssync run``: the controller."""

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.settings import Settings


@click.command("run", cls=SettingsCommand)
def command(settings: Settings) -> int:
    """Watch objects and keep DNS in step with them, until interrupted.

    Exit code: 0 after SIGTERM or Ctrl-C, or after --once if all went well; else 1.
    """
    check(settings, needs_provider=True)
    from dnssync import app

    return app.run(settings)
