"""Who may change records and who may have whole zones: keys, what is granted to them, and networks."""

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address

import msgspec

from resolver.config import ResolverConfig
from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text, is_within, to_text
from resolver.primary.keys import Grant, Key, parse_grant, parse_key, read_keys, settle_grants
from resolver.primary.notify import NotifyTarget, parse_target
from resolver.safety.policy import Network, parse_network
from resolver.textfile import read_text


class Access(msgspec.Struct, frozen=True):
    """The keys by name, and what is allowed to whom; whom to notify is part of it, for the keys in it."""

    keys: Mapping[Labels, Key] = {}
    grants: tuple[Grant, ...] = ()
    transfer_keys: frozenset[Labels] = frozenset()
    transfer_nets: tuple[Network, ...] = ()
    targets: tuple[NotifyTarget, ...] = ()

    def may_update(self, key: Labels, name: Labels, rtype: int | None) -> bool:
        """Whether the key may change records of the type (None: of any one) at the folded name."""
        return any(grant.key == key and grant.permits(name, rtype) for grant in self.grants)

    def may_transfer(self, key: Labels | None, host: str) -> bool:
        """Whether whole zones may go to the address ``host``; ``key`` signed the request, or None did."""
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return key in self.transfer_keys or any(
            address in network for network in self.transfer_nets if network.version == address.version
        )


def read_access(config: ResolverConfig) -> Access:
    """The access that a configuration gives; reads its files of keys. Raises ResolverError."""
    keys = [parse_key(text) for text in config.tsig_keys]
    for path in config.tsig_key_files:
        keys += _read_file(path)
    by_name = {key.name: key for key in keys}
    if len(by_name) < len(keys):
        raise ResolverError("two TSIG keys have the same name")
    grants = [_read_grant(text, config) for text in config.allow_updates]
    targets = tuple(parse_target(text) for text in config.notify)
    transfer_keys, nets = _split(config.allow_transfers, by_name)
    named = {grant.key for grant in grants} | {target.key for target in targets if target.key}
    for name in sorted(named - by_name.keys()):
        raise ResolverError(f"there is no TSIG key {to_text(name)}; give it with --tsig-key or in a file")
    others = transfer_keys | {target.key for target in targets if target.key}
    return Access(by_name, settle_grants(keys, grants, others), transfer_keys, nets, targets)


def _read_grant(text: str, config: ResolverConfig) -> Grant:
    grant = parse_grant(text)
    if any(is_within(grant.tail, origin) or is_within(origin, grant.tail) for origin in config.origins):
        return grant
    raise ResolverError(
        f"the grant {text!r} is for names outside of the zones; want a name in {', '.join(config.zones)}"
    )


def _read_file(path: str) -> list[Key]:
    keys = read_keys(read_text(path, "the TSIG keys in"), path)
    if not keys:
        raise ResolverError(f"{path} has no TSIG key in it; want NAME:ALGORITHM:SECRET")
    return keys


def _split(
    texts: tuple[str, ...], keys: Mapping[Labels, Key]
) -> tuple[frozenset[Labels], tuple[Network, ...]]:
    """Names of keys and networks apart."""
    names, nets = set(), []
    for text in texts:
        try:
            nets.append(parse_network(text))
        except ResolverError:
            name = fold(from_text(text))
            if name not in keys:
                raise ResolverError(f"{text!r} is neither a network nor the name of a TSIG key") from None
            names.add(name)
    return frozenset(names), tuple(nets)
