"""What the resolver is told at its start, and every mistake in it that can be seen without a socket."""

import re
from ipaddress import ip_address
from typing import NamedTuple

import msgspec

from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text, is_within, to_text
from resolver.records import MAX_TTL
from resolver.safety.cookies import parse_secret
from resolver.safety.limits import RateLimit
from resolver.safety.policy import PRIVATE_NETWORKS, AddressPolicy, parse_network

DEFAULT_PORT = 53
MAX_WORKERS = 256
MAX_NUMBER = 2**31 - 1
TLS_PORT = 853

_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[0-9.]*)(?::([0-9]{1,5}))?")


class ResolverConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything as text and numbers, so that it can cross a process boundary as JSON.

    listen          ``ADDRESS:PORT``, ``[IPV6]:PORT``, ``:PORT`` (all addresses); port 0 takes a free one
    workers         processes that answer
    user            ``USER`` or ``USER:GROUP`` to become once the sockets are open; empty: stay
    metrics_address    ``ADDRESS:PORT`` of metrics and health over HTTP; empty: none
    zones           names to answer for; those below ``in-addr.arpa`` or ``ip6.arpa`` answer PTR
    ns              name servers of every zone, ``NAME`` or ``NAME=ADDRESS,ADDRESS`` (default: the zone)
    apex            addresses of each zone's own name
    hostmaster      mailbox in the SOA, as a DNS name or with @ (default ``hostmaster.<zone>``)
    ttl             seconds, of encoded addresses and of the zones' own records
    negative_ttl    seconds for which "no such name" may be kept (RFC 2308)
    ptr_zone        zone in which reverse names are answered (default: the first forward zone)
    allow_nets, deny_nets, private_only    see ``policy.AddressPolicy``
    hex_ipv4        whether eight hex digits are an address
    version, server_id    CHAOS TXT ``version.bind`` and ``id.server`` (also NSID); empty: refused
    static          files of records: zone files, or YAML if their names end so; see ``static``
    blocked, blocklist    lines of names that are not answered, and a file of them: ``blocklist.Blocklist``
    tsig_keys, tsig_key_files, allow_updates    secrets, files of them, and grants: see ``keys``
    allow_transfers    networks and names of TSIG keys that may have whole zones
    notify          secondaries to tell of changes, ``ADDRESS:PORT`` or ``ADDRESS:PORT=KEY``
    journal         file that keeps dynamic updates; empty: they end with the process
    tls_cert, tls_key  PEM files of the certificate chain and its key (default: in the same file)
    tls_listen      as ``listen``, for DNS over TLS (default: its addresses with port 853)
    tcp_timeout     seconds in which a TCP client must ask its next question whole
    rrl_rate        answers a second that a client network may have over UDP; 0: no limit
    rrl_slip        which of the refused questions get an empty answer with TC; 0: none
    rrl_exempt_nets    networks that may have any number
    rrl_private     whether the limit is for private networks too
    cookie_secrets, cookie_secret_file    32 hex digits each, or a file of such lines; the first makes
                    cookies, all are accepted; without any: a random one
    query_log       file to append a line of JSON to for each question; ``-``: standard error
    """

    listen: tuple[str, ...] = ("127.0.0.1:5300",)
    workers: int = 1
    user: str = ""
    metrics_address: str = ""
    zones: tuple[str, ...]
    ns: tuple[str, ...] = ()
    apex: tuple[str, ...] = ()
    hostmaster: str = ""
    ttl: int = 3600
    negative_ttl: int = 60
    ptr_zone: str = ""
    allow_nets: tuple[str, ...] = ()
    deny_nets: tuple[str, ...] = ()
    private_only: bool = False
    hex_ipv4: bool = True
    version: str = ""
    server_id: str = ""
    static: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    blocklist: str = ""
    tsig_keys: tuple[str, ...] = ()
    tsig_key_files: tuple[str, ...] = ()
    allow_updates: tuple[str, ...] = ()
    allow_transfers: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    journal: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    tls_listen: tuple[str, ...] = ()
    tcp_timeout: float = 10.0
    tcp_connections: int = 256
    tcp_connections_per_client: int = 64
    rrl_rate: int = 200
    rrl_slip: int = 2
    rrl_exempt_nets: tuple[str, ...] = ()
    rrl_private: bool = False
    cookie_secrets: tuple[str, ...] = ()
    cookie_secret_file: str = ""
    query_log: str = ""

    def __post_init__(self) -> None:
        if not all(zone.strip() for zone in self.zones) or not self.zones:
            raise ResolverError("no zone is given; name at least one, such as --zone xip.test")
        if not 1 <= self.workers <= MAX_WORKERS:
            raise ResolverError(f"{self.workers} workers are not within 1 and {MAX_WORKERS}")
        if not self.listen:
            raise ResolverError("no address to listen on is given, such as --listen 127.0.0.1:5300")
        for text in (*self.listen, *self.tls_listen):
            parse_listen(text)
        if (self.tls_key or self.tls_listen) and not self.tls_cert:
            raise ResolverError("a key or an address for DNS over TLS is given without a certificate")
        for seconds in (self.ttl, self.negative_ttl):
            if not 0 <= seconds <= MAX_TTL:
                raise ResolverError(f"a TTL of {seconds} seconds is not within 0 and {MAX_TTL} (RFC 2181)")
        if len(set(self.origins)) < len(self.zones):
            raise ResolverError(f"a zone is named twice: {', '.join(self.zones)}")
        if min(self.tcp_timeout, self.tcp_connections, self.tcp_connections_per_client) <= 0:
            raise ResolverError("the limits for TCP must be above zero")
        if max(len(self.version.encode()), len(self.server_id.encode())) > 255:
            raise ResolverError("the version or server id is longer than the 255 bytes of a TXT string")
        if min(self.rrl_rate, self.rrl_slip) < 0:
            raise ResolverError("the rate limit and its slip must not be below zero")
        numbers = (self.tcp_connections, self.tcp_connections_per_client, self.rrl_rate, self.rrl_slip)
        if max(numbers) > MAX_NUMBER:
            raise ResolverError(
                f"a limit of {max(numbers)} is more than {MAX_NUMBER}"
                " (--tcp-connections, --tcp-connections-per-client, --rrl-rate, --rrl-slip)"
            )
        self._check_names()

    def _check_names(self) -> None:
        for text in self.ns:
            parse_name_server(text)
        for text in self.apex:
            _address(text, "--apex")
        for net in (*self.allow_nets, *self.deny_nets, *self.rrl_exempt_nets):
            parse_network(net)
        for secret in self.cookie_secrets:
            parse_secret(secret)
        parse_mailbox(self.hostmaster)
        if self.ptr_zone and fold(from_text(self.ptr_zone)) not in self.forward_origins:
            raise ResolverError(f"the zone for reverse names, {self.ptr_zone}, is not among the zones")

    @property
    def origins(self) -> tuple[Labels, ...]:
        """The zones' names, folded, in the order given."""
        return tuple(fold(from_text(zone)) for zone in self.zones)

    @property
    def forward_origins(self) -> tuple[Labels, ...]:
        """The zones in which names encode addresses."""
        return tuple(origin for origin in self.origins if not is_reverse(origin))

    @property
    def policy(self) -> AddressPolicy:
        """Which addresses may be told."""
        allowed, denied = (tuple(map(parse_network, nets)) for nets in (self.allow_nets, self.deny_nets))
        return AddressPolicy(allowed, denied, self.private_only)

    @property
    def rate_limit(self) -> RateLimit | None:
        """How many answers a client network may have; None for any number."""
        private = () if self.rrl_private else PRIVATE_NETWORKS
        exempt = (*map(parse_network, self.rrl_exempt_nets), *private)
        return RateLimit(self.rrl_rate, self.rrl_slip, exempt) if self.rrl_rate else None

    @property
    def secure_listen(self) -> tuple[str, ...]:
        """Where DNS over TLS is served."""
        if not self.tls_cert:
            return ()
        hosts = (_LISTEN.fullmatch(text) for text in self.listen)
        derived = (f"{host[1]}:{TLS_PORT}" for host in hosts if host)
        return self.tls_listen or tuple(dict.fromkeys(derived))

    @property
    def tcp_limits(self) -> "TcpLimits":
        """How many TCP clients there may be, and how long they may wait."""
        return TcpLimits(self.tcp_timeout, self.tcp_connections, self.tcp_connections_per_client)


class TcpLimits(msgspec.Struct, frozen=True):
    """``timeout`` in seconds; how many connections there may be in all and from one client address."""

    timeout: float
    connections: int
    per_client: int


class Listen(NamedTuple):
    """One socket address."""

    host: str
    port: int


class NameServer(NamedTuple):
    """One name server with the addresses that are known for it."""

    name: Labels
    addresses: tuple[str, ...]


def is_reverse(origin: Labels) -> bool:
    """Whether the zone belongs to the reverse tree (RFC 1035 §3.5, RFC 3596 §2.5)."""
    return any(is_within(origin, tree) for tree in ((b"in-addr", b"arpa"), (b"ip6", b"arpa")))


def parse_listen(text: str) -> tuple[Listen, ...]:
    """The socket addresses of one listen text: two for ``:PORT``, else one. Raises ResolverError."""
    match = _LISTEN.fullmatch(text)
    host, port = match.groups() if match else (text, None)
    number = int(port or DEFAULT_PORT)
    if number > 65535:
        raise ResolverError(f"cannot listen on {text!r}: {number} is not a port")
    if port and not host:
        return Listen("0.0.0.0", number), Listen("::", number)
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        raise ResolverError(f"cannot listen on {text!r}: want ADDRESS:PORT, such as 127.0.0.1:5300") from None
    return (Listen(str(address), number),)


def parse_name_server(text: str) -> NameServer:
    """``NAME`` or ``NAME=ADDRESS,ADDRESS``; raises ResolverError."""
    name, _, addresses = text.partition("=")
    labels = from_text(name.strip())
    if not labels:
        raise ResolverError(f"the name server {text!r} has no name; want NAME or NAME=ADDRESS")
    return NameServer(
        labels, tuple(_address(each, f"--ns {text}") for each in addresses.split(",") if each.strip())
    )


def parse_mailbox(text: str) -> Labels:
    """A mailbox as a SOA has it, from ``hostmaster.xip.test`` or ``host.master@xip.test`` (RFC 1035 §8)."""
    user, at, host = text.strip().rpartition("@")
    if not at:
        return from_text(host)
    if not user:
        raise ResolverError(f"the mailbox {text!r} has nothing before its @")
    dots_kept = user.replace(".", "\\.")
    return from_text(f"{dots_kept}.{host}")


def _address(text: str, where: str) -> str:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        raise ResolverError(f"{text!r} is not an IP address ({where})") from None


def zone_text(origin: Labels) -> str:
    """A zone's name as people write it: no final dot, except for the root."""
    return to_text(origin).removesuffix(".") or "."
