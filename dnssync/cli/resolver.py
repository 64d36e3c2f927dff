"""``dnssync resolver``: the wildcard DNS server alone."""

import logging
import signal
import threading
from typing import TYPE_CHECKING

import click

from dnssync.cli.options import SettingsCommand
from dnssync.errors import ConfigError
from dnssync.settings import ResolverSettings

if TYPE_CHECKING:
    from resolver.config import ResolverConfig

log = logging.getLogger(__name__)


@click.command("resolver", cls=SettingsCommand, model=ResolverSettings)
def command(settings: ResolverSettings) -> None:
    """Serve IP-encoded names, such as app.10.0.0.5.xip.test, over UDP and TCP until interrupted."""
    from resolver.errors import ResolverError
    from resolver.keeper import Keeper

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        keeper = Keeper(resolver_config(settings))
        log.info("listening on %s", ", ".join(keeper.bind()))
        keeper.run(stop)
    except ResolverError as error:
        raise ConfigError(str(error)) from None


def resolver_config(settings: ResolverSettings) -> "ResolverConfig":
    """The resolver's own configuration; raises ResolverError for what cannot be."""
    from resolver.config import ResolverConfig

    return ResolverConfig(
        listen=settings.listen,
        workers=settings.workers,
        zones=settings.zone,
        ns=settings.ns,
        apex=settings.apex,
        hostmaster=settings.hostmaster,
        ttl=settings.ttl,
        negative_ttl=settings.negative_ttl,
        ptr_zone=settings.ptr_zone,
        allow_nets=settings.allow_net,
        deny_nets=settings.deny_net,
        private_only=settings.private_only,
        hex_ipv4=settings.hex_ipv4,
        version=settings.chaos_version,
        server_id=settings.server_id,
        tcp_timeout=settings.tcp_timeout,
        tcp_connections=settings.tcp_connections,
        tcp_connections_per_client=settings.tcp_connections_per_client,
    )
