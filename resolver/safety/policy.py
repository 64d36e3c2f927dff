"""Which addresses may be told at all: allowed, denied and private networks. Pure."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from resolver.errors import ResolverError

Network = IPv4Network | IPv6Network

# RFC 1918, 6598 (carrier NAT), 1122 (loopback), 3927 (link-local), 4193 (unique local), 4291.
PRIVATE_NETWORKS: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
# RFC 6052 §2.1, and RFC 8215 for those within a network, which has others of its own besides.
_NAT64 = IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = IPv6Network("::/96")


class AddressPolicy(msgspec.Struct, frozen=True):
    """An address is told if no denied network holds it, and an allowed one does where any is given.

    An IPv6 address that stands for an IPv4 one (mapped, compatible, NAT64, 6to4) is judged as both, so
    that a rule for IPv4 cannot be gone round by spelling.
    """

    allowed: tuple[Network, ...] = ()
    denied: tuple[Network, ...] = ()
    private_only: bool = False

    @property
    def is_open(self) -> bool:
        """Whether every address passes."""
        return not (self.allowed or self.denied or self.private_only)

    def permits(self, packed: bytes) -> bool:
        """Whether the address of 4 or 16 ``packed`` bytes may stand in an answer."""
        if self.is_open:
            return True
        address = ip_address(packed)
        inner = _embedded(address) if isinstance(address, IPv6Address) else None
        if self.private_only and not _is_held(inner or address, PRIVATE_NETWORKS):
            return False
        spellings = [address] if inner is None else [address, inner]
        if any(_is_held(spelling, self.denied) for spelling in spellings):
            return False
        return not self.allowed or any(_is_held(spelling, self.allowed) for spelling in spellings)


def _is_held(address: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    found = address.ipv4_mapped or address.sixtofour
    if found is None and (_is_held(address, _NAT64) or (address in _COMPATIBLE and int(address) > 0xFFFF)):
        found = IPv4Address(address.packed[12:])
    return found


def parse_network(text: str) -> Network:
    """A network or single address in CIDR notation; raises ResolverError."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise ResolverError(f"{text!r} is not a network such as 10.0.0.0/8 or fd00::/8") from None
