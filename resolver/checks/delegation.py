"""Whether the world finds the zones here: what their parents say, and whether all name servers agree.

For each zone: the parent's servers are asked for the delegation, then each server that it names is asked
over the network for what this configuration would answer. All is asked as a recursor would ask it.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple, Protocol

from resolver.config import ResolverConfig, is_reverse, zone_text
from resolver.names import Labels, fold, from_text, from_wire, to_text
from resolver.records import Type
from resolver.zones.bases import ZoneBase

if TYPE_CHECKING:
    from dns.message import Message
    from dns.rrset import RRset

# An address for documentation (RFC 5737), encoded in a name that every forward zone answers.
_PROBE, _PROBED = "192-0-2-1", "192.0.2.1"


class Finding(NamedTuple):
    """One line of the report."""

    zone: str
    is_problem: bool
    text: str

    def __str__(self) -> str:
        return f"{self.zone}: {'problem' if self.is_problem else 'ok'}: {self.text}"


class Network(Protocol):
    """The way to other name servers; see ``resolver.checks.network``."""

    def resolve(self, name: str, rtype: str) -> list[str]:
        """The data that a recursor finds; empty if there is none or it cannot be asked."""

    def ask(self, name: str, rtype: str, address: str) -> "Message | None":
        """What the name server at ``address`` answers itself; None if it does not."""

    def takes_tcp(self, name: str, address: str) -> bool:
        """Whether the name server at ``address`` answers over TCP, too."""


class _Server(NamedTuple):
    name: str
    addresses: tuple[str, ...]


class _Said(NamedTuple):
    """What one address of one name server answers."""

    names: frozenset[str]
    serial: int
    probe: tuple[str, ...]


class _Wanted(NamedTuple):
    """What they should answer."""

    origin: Labels
    names: frozenset[str]
    probe: tuple[str, ...]


def check_zones(config: ResolverConfig, bases: Iterable[ZoneBase], network: Network) -> Iterator[Finding]:
    """The findings on all zones, in the order of ``bases``: what configuration and files make of them."""
    for base in bases:
        yield from _check_zone(base, config, network)


def _check_zone(base: ZoneBase, config: ResolverConfig, network: Network) -> Iterator[Finding]:
    origin, own = base.origin, _own_servers(base)
    zone, own_names = zone_text(origin), frozenset(own)
    parent, addresses = _find_parent(origin, network)
    if not addresses:
        yield Finding(zone, True, "no server of a parent zone is found; is there a recursor to ask?")
        return
    servers = _delegation(origin, addresses, network)
    if not servers:
        wanted = ", ".join(sorted(own))
        yield Finding(zone, True, f"not delegated: {parent} has no NS for it; enter there: {wanted}")
        return
    delegated = frozenset(server.name for server in servers)
    yield Finding(zone, False, f"{parent} delegates it to {', '.join(sorted(delegated))}")
    if delegated != own_names:
        yield Finding(zone, True, f"{_difference(delegated, own_names)} (parent against this configuration)")
    for server in servers:
        known, found = own.get(server.name), frozenset(server.addresses)
        if known and found and known != found:
            yield Finding(zone, True, f"{server.name} has other addresses there: {_difference(found, known)}")
    yield from _check_servers(servers, _Wanted(origin, own_names, _expected(origin, config)), network)


def _check_servers(servers: Iterable[_Server], wanted: _Wanted, network: Network) -> Iterator[Finding]:
    zone, said = zone_text(wanted.origin), {}
    for server in servers:
        if not server.addresses:
            yield Finding(zone, True, f"{server.name} has no address; give it glue at the parent")
        for address in server.addresses:
            answer = _question(wanted.origin, address, network)
            if isinstance(answer, _Said):
                said[f"{server.name} ({address})"] = answer
            else:
                yield Finding(zone, True, f"{server.name} ({address}) {answer}")
    yield from _compare(zone, said, wanted)


def _compare(zone: str, said: Mapping[str, _Said], wanted: _Wanted) -> Iterator[Finding]:
    for where, answer in said.items():
        if answer.names != wanted.names:
            yield Finding(zone, True, f"{where} has other NS: {_difference(answer.names, wanted.names)}")
        if answer.probe != wanted.probe:
            got, want = (", ".join(texts) or "nothing" for texts in (answer.probe, wanted.probe))
            yield Finding(zone, True, f"{where} answers {_PROBE}.{zone} with {got} instead of {want}")
    serials = {answer.serial for answer in said.values()}
    if len({(answer.names, answer.probe) for answer in said.values()}) == 1:
        yield Finding(zone, False, f"answered alike by {', '.join(said)}")
    if len(serials) > 1:
        # Not a mistake where each server computes its own copy.
        each = ", ".join(f"{where} {answer.serial}" for where, answer in said.items())
        yield Finding(zone, False, f"the serials differ, as those of independent servers do: {each}")


def _expected(origin: Labels, config: ResolverConfig) -> tuple[str, ...]:
    is_told = config.policy.permits(ip_address(_PROBED).packed) and not is_reverse(origin)
    return (_PROBED,) if is_told else ()


def _question(origin: Labels, address: str, network: Network) -> _Said | str:
    """What the server says of the zone, or why it is of no use."""
    zone = to_text(origin)
    soa = network.ask(zone, "SOA", address)
    if soa is None:
        return "does not answer"
    rrset = _rrset(soa.answer, zone, "SOA")
    if rrset is None or not soa.flags & 0x0400:
        return "is not authoritative for it"
    if not network.takes_tcp(zone, address):
        return "does not answer over TCP, as it must (RFC 7766); let port 53 through for it, too"
    names = network.ask(zone, "NS", address)
    probe = network.ask(f"{_PROBE}.{zone}", "A", address)
    return _Said(
        frozenset(_texts(_rrset(names.answer if names else [], zone, "NS"))),
        rrset[0].serial,
        tuple(_texts(_rrset(probe.answer if probe else [], f"{_PROBE}.{zone}", "A"))),
    )


def _find_parent(origin: Labels, network: Network) -> tuple[str, list[str]]:
    """The closest zone above, and the addresses of its servers."""
    for start in range(1, len(origin) + 1):
        parent = to_text(origin[start:])
        names = network.resolve(parent, "NS")
        if names:
            return parent, [address for name in names for address in _addresses(name, network)]
    return ".", []


def _delegation(origin: Labels, addresses: Iterable[str], network: Network) -> list[_Server]:
    """The servers that the first parent that answers names, with their glue or else what they resolve to."""
    zone = to_text(origin)
    for address in addresses:
        message = network.ask(zone, "NS", address)
        if message is None:
            continue
        names = _texts(_rrset([*message.answer, *message.authority], zone, "NS"))
        return [_Server(name, _glue(message, name) or tuple(_addresses(name, network))) for name in names]
    return []


def _glue(message: "Message", name: str) -> tuple[str, ...]:
    found = (_rrset(message.additional, name, rtype) for rtype in ("A", "AAAA"))
    return tuple(text for rrset in found for text in _texts(rrset))


def _addresses(name: str, network: Network) -> list[str]:
    return [*network.resolve(name, "A"), *network.resolve(name, "AAAA")]


def _own_servers(base: ZoneBase) -> dict[str, frozenset[str]]:
    """The zone's name servers, each with the addresses that stand in the zone."""
    records = {(rrset.name, rrset.type): rrset.data for rrset in base.static}
    names = [fold(from_wire(data)[0]) for data in records[base.origin, Type.NS]]
    return {
        to_text(name): frozenset(
            str(ip_address(packed))
            for rtype in (Type.A, Type.AAAA)
            for packed in records.get((name, rtype), ())
        )
        for name in names
    }


def _rrset(section: "Iterable[RRset]", name: str, rtype: str) -> "RRset | None":
    from dns.rdatatype import from_text as type_from_text

    wanted = fold(from_text(name)), type_from_text(rtype)
    return next((rrset for rrset in section if (_folded(rrset), rrset.rdtype) == wanted), None)


def _folded(rrset: "RRset") -> Labels:
    return fold(from_text(rrset.name.to_text()))


def _texts(rrset: "RRset | None") -> list[str]:
    """The data, names folded as ours are."""
    return sorted(rdata.to_text().lower() for rdata in rrset) if rrset else []


def _difference(theirs: frozenset[str], ours: frozenset[str]) -> str:
    surplus, missing = ", ".join(sorted(theirs - ours)), ", ".join(sorted(ours - theirs))
    return "; ".join([f"{surplus} too much"] * bool(surplus) + [f"{missing} missing"] * bool(missing))
