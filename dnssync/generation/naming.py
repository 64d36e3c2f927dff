"""Which address a subject's hostnames carry, and what they are called. Pure."""

from collections.abc import Callable, Iterable
from ipaddress import ip_address

import msgspec
from msgspec.structs import replace

from dnssync.errors import ConfigError
from dnssync.generation.options import Family, GenerationOptions
from dnssync.generation.subject import Subject
from dnssync.hostnames import HostnameRequest, digest, generate, generate_without_address

Covered = Callable[[str], bool | None]
"""Whether dnssync itself can write a record for a name; None if that is not known yet."""


class Choice(msgspec.Struct, frozen=True):
    """The address to use. Without one ``reason`` says why; ``passing`` if that may end by itself soon."""

    address: str = ""
    reason: str = ""
    passing: bool = False


def choose_address(subject: Subject, family: Family, covered: Covered) -> Choice:
    """The address that the hosts carry already, while the load balancer has it; else its first that fits.

    A load balancer with nothing but a host name serves where a record can be written for ours: then that
    name is the address.
    """
    held = [entry.address for _, entry in sorted(subject.record.items())]
    numbers = [address for address in subject.addresses if is_number(address)]
    names = [address for address in subject.addresses if not is_number(address)]
    fitting = _of_family(numbers, family)
    coverage = covered(subject.domain) if names else False
    usable = [*fitting, *(names if coverage else ())]
    kept = next((address for address in held if address in usable), "")
    if coverage is None and not kept and any(address in names for address in held):
        return Choice(reason=f"it is not known yet whether {subject.domain} is in a zone", passing=True)
    if kept or usable:
        return Choice(kept or usable[0])
    if numbers:
        return Choice(
            reason=f"the load balancer has no address of the wanted family ({', '.join(numbers)}; "
            f"--hostname-address-family is {family})"
        )
    if names:
        reason = (
            f"the load balancer has only the host name {names[0]}, which no hostname can carry, and no zone "
            f"that dnssync manages holds {subject.domain}: manage that zone, so that a CNAME can be written"
        )
        return Choice(reason=reason, passing=coverage is None)
    return Choice(reason="the load balancer has no address", passing=True)


def is_number(address: str) -> bool:
    """Whether it is an IP address, and not a load balancer's host name."""
    try:
        ip_address(address)
    except ValueError:
        return False
    return True


def _of_family(addresses: Iterable[str], family: Family) -> list[str]:
    version = 6 if family.endswith("ipv6") else 4
    if family.startswith("prefer"):
        return sorted(addresses, key=lambda address: ip_address(address).version != version)
    return [address for address in addresses if ip_address(address).version == version]


def name_rule(
    subject: Subject, index: int, address: str, options: GenerationOptions, taken: Callable[[str], bool]
) -> str:
    """The host of one rule. One that is ``taken`` is marked with a hash of the object, and stays marked while
    the object has it.

    Raises ConfigError if the template and the domain give no such name.
    """
    plain, marked = possible_names(subject, index, address, options)
    had = any(entry.host == marked for entry in subject.record.values())
    for host in (marked, plain) if had else (plain, marked):
        if not taken(host):
            return host
    raise ConfigError(f"other objects have both {plain} and {marked}")


def possible_names(subject: Subject, index: int, address: str, options: GenerationOptions) -> tuple[str, str]:
    """The name of a rule, and its name if another object has the first; ConfigError as above."""
    request = HostnameRequest(
        name=subject.ref.name,
        namespace=subject.ref.namespace or "default",
        address=address,
        rule=str(index),
        service=subject.services[index] if index < len(subject.services) else "",
        domain=subject.domain,
        template=subject.template,
        form=options.form,
    )
    make = generate if is_number(address) else generate_without_address
    return make(request), make(replace(request, mark=digest(str(subject.ref))))
