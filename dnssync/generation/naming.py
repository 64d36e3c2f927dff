"""Which address a subject's hostnames carry, and what they are called. Pure."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, ip_address

import msgspec
from msgspec.structs import replace

from dnssync.errors import ConfigError
from dnssync.generation.options import Family, GenerationOptions
from dnssync.generation.subject import Subject
from dnssync.hostnames import HostnameRequest, digest, generate, generate_without_address
from dnssync.names import longest_zone

# Public services that take the first address they find in a name, and not the one before their domain.
_LEFTMOST = ("nip.io", "sslip.io", "xip.io")
_HEX = re.compile(r"[0-9a-f]{8}")

_HASH_ONLY = "{name}-{ip}.{domain}"
_HASHES = 3

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
    """The host of one rule. One that is ``taken``, or that a public service would read otherwise, is marked
    with a hash of the object, and stays marked while the object has it.

    Raises ConfigError if the template and the domain give no such name.
    """
    names = possible_names(subject, index, address, options)
    plain, marked = next(names), next(names)
    if any(entry.host == marked for entry in subject.record.values()):
        plain, marked = marked, plain
    for host in itertools.chain((plain, marked), names):
        if not taken(host) and not _is_misread(host, address, subject.domain):
            return host
    raise ConfigError(f"every name like {plain} is taken, or {subject.domain} reads another address in it")


def possible_names(subject: Subject, index: int, address: str, options: GenerationOptions) -> Iterator[str]:
    """The names that a rule can have, in the order in which they are wished for; ConfigError as above."""
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
    plain = make(request)
    yield plain
    yield make(replace(request, mark=digest(str(subject.ref))))
    # Where the very text of the name is in the way, nothing of it can stay.
    for number in range(_HASHES):
        text = digest(f"{subject.ref} {plain} {number}")
        yield make(replace(request, name=text, template=_HASH_ONLY))


def _is_misread(host: str, address: str, domain: str) -> bool:
    """Whether a public service may find another address in ``host``: it looks for four decimal numbers, and
    only where there are none for eight hex digits."""
    service = longest_zone(domain, _LEFTMOST)
    if service is None:
        return False
    pieces = re.split(r"[.-]", host.removesuffix(f".{service}"))
    fours = (".".join(pieces[start : start + 4]) for start in range(len(pieces) - 3))
    found = [text for text in fours if is_number(text)]
    if not found:
        found = [str(IPv4Address(int(piece, 16))) for piece in pieces if _HEX.fullmatch(piece)]
    return any(text != address for text in found)
