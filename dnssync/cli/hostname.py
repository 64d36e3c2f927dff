"""``dnssync hostname``: names that carry an address."""

from typing import get_args

import click

from dnssync.cli.output import write
from dnssync.errors import ConfigError
from dnssync.hostnames import (
    DEFAULT_DOMAIN,
    DEFAULT_TEMPLATE,
    AddressForm,
    HostnameRequest,
    decode_host,
)
from dnssync.hostnames import generate as generate_hostname
from dnssync.render import to_json

_OUTPUT = click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="Form.")


@click.group("hostname")
def command() -> None:
    """Make and read hostnames that carry an address."""


@command.command("generate")
@click.argument("name")
@click.argument("ip")
@click.option("--namespace", default="default", show_default=True, help="Namespace of the object.")
@click.option("--domain", default=DEFAULT_DOMAIN, show_default=True, help="Domain that the resolver serves.")
@click.option("--template", default=DEFAULT_TEMPLATE, show_default=True, help="Form of the hostname.")
@click.option(
    "--form", type=click.Choice(get_args(AddressForm)), default="auto", show_default=True, help="Form of IP."
)
@click.option("--rule", default="", help="What stands for {rule}.")
@click.option("--service", default="", help="What stands for {service}.")
@_OUTPUT
def generate(name: str, ip: str, output: str, form: AddressForm, **parts: str) -> None:
    """Print the hostname that the object NAME gets when its address is IP."""
    host = generate_hostname(HostnameRequest(name=name, address=ip, form=form, **parts))
    write(to_json({"host": host, "address": ip}) if output == "json" else f"{host}\n")


@command.command("decode")
@click.argument("host")
@click.option("--zone", help="Zone before which the address stands; without it, any.")
@_OUTPUT
def decode(host: str, zone: str | None, output: str) -> None:
    """Print the address that HOST carries."""
    found = decode_host(host, zone)
    if found is None:
        raise ConfigError(f"{host!r} carries no address directly before {zone or 'any zone'}")
    answer = {"host": host, "address": found.address, "zone": found.zone}
    write(to_json(answer) if output == "json" else f"{found.address}\n")
