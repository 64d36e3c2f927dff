"""``dnssync apply``: a saved plan, exactly."""

from pathlib import Path

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.errors import ConfigError
from dnssync.settings import Settings


@click.command("apply", cls=SettingsCommand)
@click.argument("file", type=click.Path(dir_okay=False))
def command(settings: Settings, file: str) -> int:
    """Apply the plan in FILE, made by 'dnssync plan --out FILE' with the same options, exactly as it stands.

    A record that is no longer as the plan saw it is left alone. Exit code: 0 all done, 1 not all or error.
    """
    check(settings, needs_provider=True)
    from dnssync import app, planfile

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from None
    return app.apply_plan(settings, planfile.decode(data, file))
