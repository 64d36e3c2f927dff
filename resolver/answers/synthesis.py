"""What a zone answers without holding it: addresses in names, and reverse names of addresses. Pure."""

from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

import msgspec

from resolver.addresses import Address, encode, find_encoded, is_possible_inner
from resolver.config import ResolverConfig
from resolver.names import Labels, fold, from_text, to_wire
from resolver.records import RRset, Type
from resolver.safety.blocklist import Blocklist
from resolver.safety.policy import AddressPolicy
from resolver.zones.contents import Contents

_V4_TREE = (b"in-addr", b"arpa")
_OCTETS = {str(number).encode(): number for number in range(256)}
_NIBBLES = {f"{number:x}".encode(): number for number in range(16)}


class Rules(msgspec.Struct, frozen=True):
    """How names are computed: see ``config.ResolverConfig`` for the fields."""

    ttl: int
    policy: AddressPolicy
    hex_ipv4: bool
    ptr_zone: Labels
    version: str
    server_id: str
    blocklist: Blocklist = Blocklist()


class Synthetic(NamedTuple):
    """A computed name: ``rrset`` is None where the policy withholds it (the name exists all the same).

    ``depth`` is the number of labels of the name that carries the address; what asks below it has more.
    """

    rrset: RRset | None
    depth: int


def rules_of(config: ResolverConfig) -> Rules:
    """The rules that a configuration sets; raises ResolverError for what is wrong in its blocklist."""
    first = config.forward_origins[0] if config.forward_origins else ()
    return Rules(
        ttl=config.ttl,
        policy=config.policy,
        hex_ipv4=config.hex_ipv4,
        ptr_zone=from_text(config.ptr_zone) or first,
        version=config.version,
        server_id=config.server_id,
        blocklist=Blocklist(config.blocked, origins=config.origins),
    )


def synthesise(zone: Contents, name: Labels, rules: Rules) -> Synthetic | None:
    """What the folded ``name`` in ``zone`` stands for; None if it encodes nothing."""
    if zone.reverse:
        address = reverse_address(_classful(zone, name))
        if address is None:
            return None
        return Synthetic(_pointer(name, address, rules), len(name))
    prefix = name[: len(name) - len(zone.origin)]
    found = find_encoded(prefix, hex_ipv4=rules.hex_ipv4)
    if found is None:
        return None
    return Synthetic(_address(name, found.address, rules), len(zone.origin) + found.labels)


def is_inner(zone: Contents, name: Labels) -> bool:
    """Whether computed names can exist below ``name``, so that it exists itself, without data."""
    if zone.reverse:
        name = _classful(zone, name)
        alphabet, full = (_OCTETS, 4) if name[-2:] == _V4_TREE else (_NIBBLES, 32)
        return len(name) - 2 < full and all(label in alphabet for label in name[:-2])
    return is_possible_inner(name[: len(name) - len(zone.origin)])


def _classful(zone: Contents, name: Labels) -> Labels:
    """The reverse name of the address that ``name`` stands for in a classless zone (RFC 2317).

    Such a zone has a label of any kind, as in ``0/25.2.0.192.in-addr.arpa``, where its octets come to an end.
    """
    top = zone.origin
    if top[-2:] != _V4_TREE or len(top) < 3 or top[0] in _OCTETS:
        return name
    return name[: len(name) - len(top)] + top[1:]


def reverse_address(name: Labels) -> Address | None:
    """The address of a whole reverse name (RFC 1035 §3.5, RFC 3596 §2.5); None for any other name."""
    digits = name[-3::-1]
    if name[-2:] == _V4_TREE:
        octets = [_OCTETS[label] for label in digits if label in _OCTETS]
        return IPv4Address(bytes(octets)) if len(octets) == len(digits) == 4 else None
    nibbles = [label.decode("ascii") for label in digits if label in _NIBBLES]
    return IPv6Address(int("".join(nibbles), 16)) if len(nibbles) == len(digits) == 32 else None


def _address(name: Labels, address: Address, rules: Rules) -> RRset | None:
    if not rules.policy.permits(address.packed):
        return None
    rtype = Type.A if address.version == 4 else Type.AAAA
    return RRset(name, rtype, rules.ttl, (address.packed,))


def _pointer(name: Labels, address: Address, rules: Rules) -> RRset | None:
    if not rules.ptr_zone or not rules.policy.permits(address.packed):
        return None
    target = (encode(address).encode("ascii"), *rules.ptr_zone)
    if rules.blocklist.holds(fold(target)):
        return None
    return RRset(name, Type.PTR, rules.ttl, (to_wire(target),))
