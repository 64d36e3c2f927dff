"""``dnssync demo``: everything at once, with no account and no cluster."""

import click

from dnssync.cli.options import SettingsCommand
from dnssync.coherence import check
from dnssync.errors import ConfigError
from dnssync.settings import Settings

PRESETS = {
    "provider": ["builtin"],
    "registry": ["noop"],
    "zone": ["demo.test", "xip.test"],
    "generate-hostnames": ["true"],
    "hostname-domain": ["xip.test"],
    "log-level": ["warning"],
}


@click.command("demo", cls=SettingsCommand, presets=PRESETS)
def command(settings: Settings) -> int:
    """See everything at work on this machine: example manifests, and the resolver that answers for them.

    Edit the manifests while it runs. Ctrl-C ends it.
    """
    check(settings, needs_provider=True)
    if settings.provider != "builtin":
        raise ConfigError(
            f"--provider: the demo needs builtin, not {settings.provider!r}; leave the option out"
        )
    from dnssync import app

    return app.demo(settings)
