"""The server: sockets, one loop that owns them, and the zones behind a lock."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from secrets import token_bytes
from selectors import EVENT_READ, BaseSelector, DefaultSelector

from resolver.answer import Rcode
from resolver.bases import zone_bases
from resolver.config import Listen, ResolverConfig, parse_listen, zone_text
from resolver.cookies import SECRET_SIZE, Cookies, parse_secret
from resolver.errors import ResolverError
from resolver.front import Front
from resolver.limits import Limiter
from resolver.names import fold, from_text
from resolver.responder import Transport, respond
from resolver.synthesis import rules_of
from resolver.tcp import TcpClients
from resolver.wire import build_error
from resolver.zone import Update, Zone

log = logging.getLogger(__name__)

_STOP_INTERVAL = 0.2
_DATAGRAM_SIZE = 4096
_DATAGRAMS_PER_TURN = 64
# The usual 208 KiB lose a burst; the system may grant less.
_RECEIVE_BUFFER = 1 << 20
_PORT_TRIES = 20


class Resolver:
    """An authoritative DNS server on UDP and TCP.

    ``bind``, then ``serve`` in one thread; ``apply`` and ``answer_bytes`` may be called from any.
    """

    def __init__(self, config: ResolverConfig, *, serials: Mapping[str, int] | None = None) -> None:
        """``serials``: the least SOA serial per zone, where a former process has used higher ones."""
        now = int(time.time())
        least = {fold(from_text(zone)): serial for zone, serial in (serials or {}).items()}
        self._config = config
        self._rules = rules_of(config)
        self._zones = {
            base.origin: Zone(base, serial=max(now, least.get(base.origin, 0))) for base in zone_bases(config)
        }
        self._front = Front(
            self._respond,
            Cookies([parse_secret(text) for text in config.cookie_secrets] or [token_bytes(SECRET_SIZE)]),
            Limiter(config.rate_limit) if config.rate_limit else None,
            monotonic=time.monotonic,
            wall=time.time,
        )
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.addresses: tuple[str, ...] = ()

    def bind(self) -> tuple[str, ...]:
        """Open all sockets and tell their addresses with real ports; raises ResolverError, with none left."""
        try:
            for text in self._config.listen:
                self._bind_all(text)
        except ResolverError:
            self.close()
            raise
        self.addresses = tuple(dict.fromkeys(_address_text(sock) for sock in self._sockets))
        return self.addresses

    def _bind_all(self, text: str) -> None:
        several = parse_listen(text)
        for listen in several:
            try:
                self._sockets += _bind(listen)
            except OSError as error:
                if len(several) > 1 and ":" in listen.host and not isinstance(error, PermissionError):
                    log.info("not listening on %s: %s", listen.host, error)
                    continue
                raise ResolverError(f"cannot listen on {text}: {error.strerror or error}") from None

    def serve(self, stop: threading.Event) -> None:
        """Answer until ``stop`` is set (seen within a fifth of a second), then close all sockets."""
        if not self._sockets:
            self.bind()
        try:
            with DefaultSelector() as selector:
                self._loop(selector, stop)
        finally:
            self.close()

    def _loop(self, selector: BaseSelector, stop: threading.Event) -> None:
        clients = TcpClients(
            selector, self._config.tcp_limits, lambda wire, host: self.answer_bytes(wire, Transport.TCP, host)
        )
        for sock in self._sockets:
            selector.register(sock, EVENT_READ, self._handler(sock, clients))
        while not stop.is_set():
            ready = selector.select(_STOP_INTERVAL)
            now = time.monotonic()
            for key, mask in ready:
                # An earlier handler of this turn may have closed it to make room.
                if isinstance(key.fileobj, socket.socket) and key.fileobj.fileno() >= 0:
                    key.data(mask, now)
            clients.expire(now)
        clients.close()

    def _handler(self, sock: socket.socket, clients: TcpClients) -> Callable[[int, float], None]:
        if sock.type == socket.SOCK_STREAM:
            return lambda mask, now: clients.accept(sock, now)
        return lambda mask, now: self._answer_datagrams(sock)

    def _answer_datagrams(self, sock: socket.socket) -> None:
        for _ in range(_DATAGRAMS_PER_TURN):
            try:
                wire, peer = sock.recvfrom(_DATAGRAM_SIZE)
            except BlockingIOError:
                return
            except OSError as error:
                log.debug("a datagram was lost: %s", error)
                continue
            reply = self.answer_bytes(wire, Transport.UDP, peer[0])
            if reply is None:
                continue
            try:
                sock.sendto(reply, peer)
            except OSError as error:
                log.debug("an answer to %s was lost: %s", peer[0], error)

    def answer_bytes(self, wire: bytes, transport: Transport, host: str) -> bytes | None:
        """The response to one message from the address ``host``, None to stay silent; never raises."""
        try:
            with self._lock:
                return self._front.handle(wire, packed_address(host), transport)
        except Exception:
            # The top of all answering: whatever a stranger's packet finds, it must not end the server.
            log.exception("a message could not be answered: %s", wire[:512].hex())
            return build_error(wire, Rcode.SERVFAIL)

    def _respond(self, wire: bytes, transport: Transport, *, cap: int, cookie: bytes) -> bytes | None:
        return respond(wire, transport, self._zones, self._rules, cap=cap, cookie=cookie)

    def apply(self, zone: str, update: Update) -> int:
        """Take an update of one zone, whole, and give its serial; on ResolverError nothing was taken."""
        with self._lock:
            found = self._zones.get(fold(from_text(zone)))
            if found is None:
                served = ", ".join(zone_text(origin) for origin in self._zones)
                raise ResolverError(f"{zone} is not a zone of this server, which has {served}")
            found.apply(update, now=int(time.time()))
            return found.serial

    def close(self) -> None:
        """Close all sockets; safe to call twice."""
        for sock in self._sockets:
            sock.close()
        self._sockets = []


def _bind(listen: Listen) -> list[socket.socket]:
    """A UDP and a TCP socket on the same port; for port 0, tries until one is free for both."""
    for attempt in range(_PORT_TRIES):
        datagrams = _open(listen, socket.SOCK_DGRAM)
        try:
            stream = _open(listen._replace(port=datagrams.getsockname()[1]), socket.SOCK_STREAM)
        except OSError:
            datagrams.close()
            if listen.port or attempt == _PORT_TRIES - 1:
                raise
            continue
        return [datagrams, stream]
    raise AssertionError("the last attempt returns or raises")


def _open(listen: Listen, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            # Not for UDP, where it would let two servers share a port unnoticed.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        sock.setblocking(False)
        sock.bind((listen.host, listen.port))
        if kind == socket.SOCK_STREAM:
            sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


def packed_address(host: str) -> bytes:
    """The 4 or 16 bytes of a peer's address as sockets tell it, which may have an interface in it."""
    if ":" in host:
        return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
    return socket.inet_aton(host)


def _address_text(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
