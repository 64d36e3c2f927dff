"""Telling secondaries that a zone has changed (NOTIFY, RFC 1996): whom, when, when again, in what words."""

import logging
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from selectors import EVENT_READ, DefaultSelector

import msgspec

from resolver.answers.sections import parse_message
from resolver.answers.wire import MalformedError
from resolver.config import parse_listen, zone_text
from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text, to_wire
from resolver.primary.keys import Key
from resolver.primary.tsig import Fault, Signature, Signer, check_signature, find_signature
from resolver.records import RRset, Type

log = logging.getLogger(__name__)

_NOTIFY_AA = 0x2400
# Seconds: the least time between two messages about one zone to one server, then how long each waits for
# its answer (RFC 1996 §3.6 has 60 from the start). Who never answers will ask by itself in time.
_SPACING = 0.1
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)


class NotifyTarget(msgspec.Struct, frozen=True):
    """A secondary's address, and the key to sign with."""

    host: str
    port: int
    key: Labels | None = None

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_target(text: str) -> NotifyTarget:
    """``ADDRESS[:PORT][=KEY]``, port 53 if none; raises ResolverError."""
    address, _, key = text.strip().partition("=")
    try:
        several = parse_listen(address)
    except ResolverError:
        several = ()
    if len(several) != 1 or not several[0].port:
        raise ResolverError(f"cannot notify {text!r}: want ADDRESS:PORT or ADDRESS:PORT=KEY")
    return NotifyTarget(*several[0], fold(from_text(key)) or None)


class _Wait(msgspec.Struct):
    """A message to one target, to be sent when due; ``id`` and ``mac`` are those of the last one sent."""

    soa: RRset
    due: float
    tries: int = 0
    id: int = 0
    mac: bytes = b""


class Rounds:
    """What is to be said to whom and when. Pure: seconds of a monotonic clock come as arguments."""

    def __init__(self, targets: Iterable[NotifyTarget]) -> None:
        self._targets = tuple(targets)
        self._waits: dict[tuple[Labels, NotifyTarget], _Wait] = {}
        self._last: dict[tuple[Labels, NotifyTarget], float] = {}

    def announce(self, soa: RRset, now: float) -> None:
        """A zone has a new SOA: whatever was waited for, it is to be told anew."""
        for target in self._targets:
            since = self._last.get((soa.name, target), now - _SPACING)
            self._waits[soa.name, target] = _Wait(soa, max(now, since + _SPACING))

    def due(self, now: float) -> list[tuple[NotifyTarget, _Wait]]:
        """What is to be sent now; each is to be passed to ``sent``, or else is dropped after its last try."""
        for key, wait in list(self._waits.items()):
            if wait.due <= now and wait.tries == len(_PAUSES):
                del self._waits[key]
                log.warning(
                    "no answer to NOTIFY from %s",
                    key[1],
                    extra={"zone": zone_text(key[0]), "reason": "timeout"},
                )
        return [(target, wait) for (_, target), wait in self._waits.items() if wait.due <= now]

    def sent(self, target: NotifyTarget, wait: _Wait, now: float) -> None:
        """The message went out; if no answer comes, it is due again later."""
        wait.due = now + _PAUSES[wait.tries]
        wait.tries += 1
        self._last[wait.soa.name, target] = now

    def waiting(self, origin: Labels, target: NotifyTarget) -> _Wait | None:
        """What waits for an answer of this target about this zone."""
        wait = self._waits.get((origin, target))
        return wait if wait and wait.tries else None

    def answered(self, origin: Labels, target: NotifyTarget) -> None:
        """The target knows."""
        self._waits.pop((origin, target), None)

    def next_due(self) -> float | None:
        """When there is something to do again."""
        return min((wait.due for wait in self._waits.values()), default=None)


class Notifier:
    """Sends and repeats, from a thread of its own. ``announce`` may be called from any."""

    def __init__(
        self, targets: Iterable[NotifyTarget], keys: Mapping[Labels, Key], settle: Callable[[], None]
    ) -> None:
        """``settle`` waits until questions are answered from the changes that were announced.

        A secondary asks for the SOA at once, and if it sees the old one it does not ask again.
        """
        self._settle = settle
        self._targets = {(target.host, target.port): target for target in targets}
        self.keys = keys
        self._rounds = Rounds(self._targets.values())
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
        self._closing = False
        self._thread.start()

    def announce(self, soa: RRset) -> None:
        """Tell every target of the zone's new SOA, soon and until it answers."""
        with self._lock:
            self._rounds.announce(soa, time.monotonic())
        self._stir()

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._stir()
        self._thread.join()
        self._wake.close()
        self._woken.close()

    def _stir(self) -> None:
        try:
            self._wake.send(b"\0")
        except BlockingIOError:
            return

    def _run(self) -> None:
        sockets = {family: socket.socket(family, socket.SOCK_DGRAM) for family in self._families()}
        with DefaultSelector() as selector:
            for sock in (*sockets.values(), self._woken):
                sock.setblocking(False)
                selector.register(sock, EVENT_READ)
            while not self._closing:
                due = self._send(sockets)
                for key, _ in selector.select(None if due is None else max(0.0, due - time.monotonic())):
                    self._receive(key.fileobj)
        for sock in sockets.values():
            sock.close()

    def _families(self) -> set[socket.AddressFamily]:
        return {socket.AF_INET6 if ":" in host else socket.AF_INET for host, _ in self._targets}

    def _send(self, sockets: Mapping[socket.AddressFamily, socket.socket]) -> float | None:
        self._settle()
        now = time.monotonic()
        with self._lock:
            for target, wait in self._rounds.due(now):
                wait.id = wait.id or secrets.randbelow(65536)
                wire = build_notify(wait.soa, wait.id)
                if target.key:
                    signer = Signer(self.keys[target.key])
                    wire = signer.sign(wire, int(time.time()))
                    wait.mac = signer.mac
                self._rounds.sent(target, wait, now)
                family = socket.AF_INET6 if ":" in target.host else socket.AF_INET
                try:
                    sockets[family].sendto(wire, (target.host, target.port))
                except OSError as error:
                    log.debug("NOTIFY to %s was lost: %s", target, error)
            return self._rounds.next_due()

    def _receive(self, sock: object) -> None:
        assert isinstance(sock, socket.socket), "only sockets are registered"
        try:
            wire, peer = sock.recvfrom(4096)
        except OSError as error:
            # An ICMP message that the target's port is closed comes as one, too.
            log.debug("an answer to NOTIFY was lost: %s", error)
            return
        target = self._targets.get(peer[:2]) if peer else None
        if target:
            self._take(wire, target)

    def _take(self, wire: bytes, target: NotifyTarget) -> None:
        with self._lock:
            try:
                message = parse_message(wire)
                origin = fold(message.name)
                wait = self._rounds.waiting(origin, target)
                if wait is None or wait.id != message.id or wire[2] >> 3 != 0b10100:
                    return
                signature = find_signature(message)
                if target.key and not self._is_genuine(signature, target.key, wait.mac):
                    return
            except MalformedError:
                return
            self._rounds.answered(origin, target)
        rcode = wire[3] & 0xF
        if rcode:
            log.warning(
                "%s does not want NOTIFY",
                target,
                extra={"zone": zone_text(origin), "reason": f"rcode {rcode}"},
            )

    def _is_genuine(self, signature: Signature | None, key: Labels, mac: bytes) -> bool:
        if signature is None or signature.key != key:
            return False
        now = int(time.time())
        return check_signature(signature, self.keys, now, request_mac=mac) is Fault.NONE


def build_notify(soa: RRset, number: int) -> bytes:
    """A NOTIFY for the zone, with its new SOA as a hint (RFC 1996 §3.7). Pure."""
    origin = to_wire(soa.name)
    header = struct.pack("!6H", number, _NOTIFY_AA, 1, 1, 0, 0)
    record = struct.pack("!HHIH", Type.SOA, 1, soa.ttl, len(soa.data[0])) + soa.data[0]
    return header + origin + struct.pack("!HH", Type.SOA, 1) + b"\xc0\x0c" + record
