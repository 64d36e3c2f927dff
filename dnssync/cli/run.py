"""``dnssync run``: the controller."""

import logging

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.config import describe
from dnssync.settings import Settings

log = logging.getLogger(__name__)


@click.command("run", cls=SettingsCommand)
def command(settings: Settings) -> int:
    """Watch objects and keep DNS in step with them, until interrupted.

    Exit code: 0 after SIGTERM or Ctrl-C, or after --once if all went well; else 1.
    """
    check(settings, needs_provider=True)
    from dnssync import __version__, app

    options = (f"--{name}={value}" for name, value in describe(settings).items())
    log.info("dnssync %s starts with %s", __version__, " ".join(options))
    return app.run(settings)
