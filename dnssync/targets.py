"""Networks that targets are held against: which targets may be published, and NAT64 prefixes."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from dnssync.errors import ConfigError

Network = IPv4Network | IPv6Network

# RFC 6052 §2.2: only the /96 prefix keeps the IPv4 address whole, in the last four octets.
_NAT64_PREFIX_LENGTH = 96


class TargetFilter(msgspec.Struct, frozen=True):
    """Which targets may be published, by network.

    With ``include``, only addresses inside one of its networks pass, and so no host name. Addresses inside
    a network of ``exclude`` never pass; host names are never excluded.
    """

    include: tuple[Network, ...] = ()
    exclude: tuple[Network, ...] = ()

    def passes(self, target: str) -> bool:
        """Whether the target, an address or a host name, may be published."""
        address = _address(target)
        return (not self.include or _inside(address, self.include)) and not _inside(address, self.exclude)


@lru_cache(maxsize=16)
def target_filter(include: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> TargetFilter:
    """The filter that these networks (CIDR) make; raises ConfigError for one that is none."""
    return TargetFilter(
        tuple(_network("--target-net-filter", text) for text in include),
        tuple(_network("--exclude-target-net", text) for text in exclude),
    )


@lru_cache(maxsize=16)
def nat64_networks(texts: tuple[str, ...]) -> tuple[IPv6Network, ...]:
    """NAT64 prefixes (CIDR); raises ConfigError for one that is not an IPv6 /96."""
    networks = []
    for text in texts:
        network = _network("--nat64-networks", text)
        if network.version != 6 or network.prefixlen != _NAT64_PREFIX_LENGTH:
            raise ConfigError(f"--nat64-networks: {text!r} is not an IPv6 network of length /96")
        networks.append(network)
    return tuple(networks)


def embedded_ipv4(target: str, prefixes: Iterable[IPv6Network]) -> str | None:
    """The IPv4 address inside a NAT64 address of one of ``prefixes``; None for any other target."""
    address = _address(target)
    if isinstance(address, IPv6Address) and _inside(address, prefixes):
        return str(IPv4Address(address.packed[-4:]))
    return None


def _network(option: str, text: str) -> Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError as error:
        raise ConfigError(f"{option}: {text!r} is not a network such as 10.0.0.0/8: {error}") from error


def _address(target: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(target)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.scope_id:
        return None
    return address


def _inside(address: IPv4Address | IPv6Address | None, networks: Iterable[Network]) -> bool:
    """Whether the address lies in one of the networks; an IPv4-mapped one counts as the IPv4 address too."""
    if address is None:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any(address in network or (mapped is not None and mapped in network) for network in networks)
