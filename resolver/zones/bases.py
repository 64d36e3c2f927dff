"""What each zone is before any record is given: the configuration and the files of records. Pure."""

import struct
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from resolver.config import ResolverConfig, is_reverse, parse_mailbox, parse_name_server
from resolver.names import Labels, fold, from_wire, is_within, to_text, to_wire
from resolver.records import RRset, Type, rrset_from_text

# Refresh, retry and expire, in seconds, for secondaries (RIPE-203 recommends this order of size).
SOA_TIMES = (3600, 600, 1209600)


class ZoneBase(msgspec.Struct, frozen=True):
    """What a zone is before any record is given; names are folded. Built by ``zone_bases``.

    ``serial`` is the least one that its SOA may have; the times are seconds.
    """

    origin: Labels
    static: tuple[RRset, ...]
    primary: Labels
    hostmaster: Labels
    ttl: int
    negative_ttl: int
    times: tuple[int, int, int] = SOA_TIMES
    serial: int = 0


def zone_bases(config: ResolverConfig, records: Iterable[RRset] = ()) -> list[ZoneBase]:
    """The zones of a configuration, with their NS, glue and apex addresses.

    ``records`` (of files; each lies in a zone) stand in front of those that the configuration makes. A SOA
    among them gives all that a SOA says; its serial is the least one.
    """
    own: dict[Labels, list[RRset]] = {origin: [] for origin in config.origins}
    for rrset in records:
        own[home_of(rrset.name, config.origins) or config.origins[0]].append(rrset)
    return [_base(config, origin, own[origin]) for origin in config.origins]


def home_of(name: Labels, origins: Sequence[Labels]) -> Labels | None:
    """The longest of the zones that holds the folded name."""
    return max((origin for origin in origins if is_within(name, origin)), key=len, default=None)


def _base(config: ResolverConfig, origin: Labels, own: Iterable[RRset]) -> ZoneBase:
    merged = {(rrset.name, rrset.type): rrset for rrset in (*_configured(config, origin), *own)}
    soa = merged.pop((origin, Type.SOA), None)
    static = tuple(merged.values())
    if soa:
        return _from_soa(soa, static)
    primary, _ = from_wire(merged[origin, Type.NS].data[0])
    hostmaster = fold(parse_mailbox(config.hostmaster)) or (b"hostmaster", *origin)
    return ZoneBase(origin, static, primary, hostmaster, config.ttl, config.negative_ttl)


def _from_soa(soa: RRset, static: tuple[RRset, ...]) -> ZoneBase:
    primary, middle = from_wire(soa.data[0])
    hostmaster, end = from_wire(soa.data[0], middle)
    serial, refresh, retry, expire, minimum = struct.unpack_from("!5L", soa.data[0], end)
    times = (refresh, retry, expire)
    return ZoneBase(soa.name, static, primary, hostmaster, soa.ttl, minimum, times, serial)


def _configured(config: ResolverConfig, origin: Labels) -> list[RRset]:
    servers = [parse_name_server(text) for text in config.ns]
    names = [fold(server.name) for server in servers] or [origin]
    ns = RRset(origin, Type.NS, config.ttl, tuple(dict.fromkeys(to_wire(name) for name in names)))
    addresses: dict[Labels, list[str]] = {} if is_reverse(origin) else {origin: list(config.apex)}
    for server in servers:
        if home_of(fold(server.name), config.origins) == origin:
            addresses.setdefault(fold(server.name), []).extend(server.addresses)
    return [ns, *_address_rrsets(addresses, config.ttl)]


def _address_rrsets(addresses: Mapping[Labels, Iterable[str]], ttl: int) -> list[RRset]:
    rrsets = []
    for name, texts in addresses.items():
        for rtype, chosen in (
            ("A", [t for t in texts if ":" not in t]),
            ("AAAA", [t for t in texts if ":" in t]),
        ):
            if chosen:
                rrsets.append(rrset_from_text(to_text(name), rtype, ttl, chosen))
    return rrsets
