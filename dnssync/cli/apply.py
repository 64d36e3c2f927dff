"""``dnssync apply``: a saved plan, exactly."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.errors import ConfigError
from dnssync.settings import Settings

if TYPE_CHECKING:
    from dnssync.planfile import PlanDocument


@click.command("apply", cls=SettingsCommand)
@click.argument("file", type=click.Path(dir_okay=False))
def command(settings: Settings, file: str) -> int:
    """Apply the plan in FILE, made by 'dnssync plan --out FILE' with the same options, exactly as it stands.

    A record that is no longer as the plan saw it is left alone. Exit code: 0 all done, 1 not all or error.
    """
    check(settings, needs_provider=True)
    if settings.dry_run:
        raise ConfigError("--dry-run: apply does nothing but write; to look only, use dnssync plan")
    document = _read(file)
    from dnssync import app

    return app.apply_plan(settings, document)


def _read(file: str) -> "PlanDocument":
    from dnssync import planfile

    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror}") from None
    return planfile.decode(data, file)
