"""``dnssync resolver``: the wildcard DNS server alone."""

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from dnssync.cli.options import SettingsCommand
from dnssync.errors import ConfigError
from dnssync.settings import ResolverSettings

if TYPE_CHECKING:
    from resolver.config import ResolverConfig

# 2 would be a mistake in the use of the command line.
DELEGATION_PROBLEM = 3

# Options whose fields in the resolver's configuration have other names.
_RENAMED = {
    "zone": "zones",
    "allow_net": "allow_nets",
    "deny_net": "deny_nets",
    "rrl_exempt_net": "rrl_exempt_nets",
    "chaos_version": "version",
    "tsig_key": "tsig_keys",
    "tsig_key_file": "tsig_key_files",
    "allow_update": "allow_updates",
    "allow_transfer": "allow_transfers",
}


@click.command("resolver", cls=SettingsCommand, model=ResolverSettings)
def command(settings: ResolverSettings) -> None:
    """Serve IP-encoded names, such as app.10.0.0.5.xip.test, over UDP and TCP until interrupted.

    With --check nothing is served: configuration and delegation are checked, and the exit code is 0 if all is
    well, 1 for a configuration that cannot be, 3 for a delegation with a problem.
    """
    if settings.check:
        sys.exit(DELEGATION_PROBLEM if report_findings(settings) else 0)
    from resolver.errors import ResolverError
    from resolver.serving.service import serve

    try:
        serve(resolver_config(settings))
    except ResolverError as error:
        raise ConfigError(str(error)) from None


def report_findings(settings: ResolverSettings) -> int:
    """Print a line per finding on the configuration and its delegation; how many are problems."""
    from resolver.checks.checking import check_configuration
    from resolver.checks.delegation import check_zones
    from resolver.checks.network import DnsNetwork
    from resolver.config import parse_listen
    from resolver.errors import ResolverError

    try:
        config = resolver_config(settings)
        bases = check_configuration(config)
    except ResolverError as error:
        raise ConfigError(str(error)) from None
    try:
        recursor = parse_listen(settings.check_recursor)[0] if settings.check_recursor else None
    except ResolverError:
        raise ConfigError(
            f"--check-recursor: {settings.check_recursor!r} is not an address with a port"
            " (examples: 127.0.0.1:53, [::1]:53)"
        ) from None
    problems = 0
    for finding in check_zones(config, bases, DnsNetwork(recursor)):
        click.echo(str(finding))
        problems += finding.is_problem
    return problems


def resolver_config(settings: ResolverSettings) -> "ResolverConfig":
    """The resolver's own configuration; raises ResolverError for what cannot be."""
    from resolver.config import ResolverConfig

    names = (field.name for field in msgspec.structs.fields(ResolverSettings))
    values = {_RENAMED.get(name, name): getattr(settings, name) for name in names}
    return ResolverConfig(
        **{name: values[name] for name in ResolverConfig.__struct_fields__ if name in values}
    )
