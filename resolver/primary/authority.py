"""What only the owner of the zones can answer: signed questions, UPDATE, zone transfers. The keeper runs it.

    UPDATE (RFC 2136)            signed with a key that is granted it; else REFUSED
    AXFR, IXFR                   over TCP, IXFR over UDP if it is small; by key or address; else REFUSED
    any other query with TSIG    answered as without, and signed
    NOTIFY                       REFUSED: this is where the zones come from

A wrong signature is NOTAUTH with what is wrong with it, and logged.
"""

import logging
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

import msgspec

from resolver.answers.answer import Rcode
from resolver.answers.responder import STREAM_SIZE, Transport, respond
from resolver.answers.sections import Message, parse_message
from resolver.answers.synthesis import Rules
from resolver.answers.wire import (
    EDNS_SIZE,
    EDNS_VERSION,
    HEADER_SIZE,
    PLAIN_SIZE,
    MalformedError,
    build_error,
)
from resolver.names import Labels, fold, to_text
from resolver.primary.access import Access
from resolver.primary.dynamic import Updates
from resolver.primary.journal import Journal
from resolver.primary.notify import Notifier
from resolver.primary.transfer import (
    AXFR,
    IXFR,
    client_serial,
    pack_messages,
    tell_changes,
    tell_soa,
    tell_whole,
    zone_soa,
)
from resolver.primary.tsig import Fault, Signature, Signer, check_signature, find_signature, sign_fault
from resolver.primary.update import CLASS_IN, RejectedError
from resolver.records import RRset, Type
from resolver.safety.logquota import Quota
from resolver.zones.contents import Change
from resolver.zones.history import History, is_newer
from resolver.zones.truth import Truth
from resolver.zones.zone import Zone

log = logging.getLogger(__name__)

AMPLIFICATION = 4

_QUERY, _UPDATE = 0, 5
_KEPT_FLAGS = 0x7900
_RESPONSE, _TRUNCATED = 0x8000, 0x0200


class Peer(NamedTuple):
    """Where a message came from."""

    host: str
    port: int


class _Asked(NamedTuple):
    """A message, and what signs its answer if it is well signed itself."""

    message: Message
    peer: Peer
    transport: Transport
    signature: Signature | None = None
    signer: Signer | None = None


class Authority:
    """Answers messages one at a time; ``handle`` and the zones' changes may come from different threads."""

    def __init__(
        self,
        truth: Truth,
        rules: Rules,
        access: Access,
        *,
        journal: Journal | None,
        clock: Callable[[], float],
        settle: Callable[[], None],
    ) -> None:
        """Takes back what the journal has, and from now on follows the zones' changes.

        ``clock`` is the time in seconds; ``settle`` waits until all who answer do so from every change.
        """
        self._truth = truth
        self._rules = rules
        self._access = access
        self._clock = clock
        self._quota = Quota()
        self._updates = Updates(truth, access, journal, now=int(clock()))
        self._histories = {origin: History() for origin in truth.zones}
        self._notifier = Notifier(access.targets, access.keys, settle) if access.targets else None
        truth.listeners.append(self._follow)
        for origin in truth.zones:
            self._announce(origin)

    def handle(self, wire: bytes, peer: Peer, transport: Transport) -> Iterator[bytes]:
        """The messages that answer ``wire``, none for what is itself an answer. Made as they are taken."""
        if len(wire) < HEADER_SIZE or wire[2] & 0x80:
            return iter(())
        now = int(self._clock())
        try:
            message = parse_message(wire)
            signature = find_signature(message)
            fault = check_signature(signature, self._access.keys, now) if signature else Fault.NONE
        except MalformedError:
            return iter((build_error(wire, Rcode.FORMERR),))
        asked = _Asked(message, peer, transport, signature)
        if signature is None:
            return self._answer(asked, now)
        with self._truth.lock:
            return self._answer_signed(asked, signature, fault, now)

    def obey(self, rules: Rules, access: Access) -> None:
        """Answer by these rules and keys from now on.

        Where other names are withheld, each zone gets a new serial and no differences to the old one, so
        that secondaries take it whole again.
        """
        with self._truth.lock:
            is_other = rules.blocklist != self._rules.blocklist
            self._rules, self._access, self._updates.access = rules, access, access
            if self._notifier:
                self._notifier.keys = access.keys
            if is_other:
                self._truth.renew(now=int(self._clock()))
                for history in self._histories.values():
                    history.clear()

    def close(self) -> None:
        """End what runs beside: the notifications, and the hold on the journal."""
        self._truth.listeners.remove(self._follow)
        if self._notifier:
            self._notifier.close()
        self._updates.close()

    def _follow(self, number: int, change: Change) -> None:
        self._updates.reserve(change.origin, change.serial)
        self._histories[change.origin].add(change)
        self._announce(change.origin)

    def _announce(self, origin: Labels) -> None:
        if self._notifier:
            self._notifier.announce(zone_soa(self._truth.zones[origin]))

    def _answer_signed(self, asked: _Asked, signature: Signature, fault: Fault, now: int) -> Iterator[bytes]:
        is_update = asked.message.opcode == _UPDATE
        replays = self._updates.replays
        if is_update and fault is Fault.NONE and replays.is_stale(signature, now):
            fault = Fault.BADTIME
        if fault is not Fault.NONE:
            if self._quota.admits(now):
                _log_fault(asked, signature, fault)
            bare = _reply(asked.message, Rcode.NOTAUTH)
            return iter((sign_fault(bare, signature, fault, self._access.keys, now),))
        signer = Signer(self._access.keys[signature.key], signature.mac)
        asked = asked._replace(signer=signer)
        if is_update:
            return iter((self._answer_once(asked, signature, signer, now),))
        return signer.sign_all(self._answer(asked, now), now)

    def _answer_once(self, asked: _Asked, signature: Signature, signer: Signer, now: int) -> bytes:
        """The answer to an update: what it got before, if it came before."""
        replays = self._updates.replays
        replays.expire(now)
        earlier = replays.find(signature)
        if earlier:
            return earlier
        # Known without its answer, it is in the journal: it was done.
        rcode = self._update(asked, now) if earlier is None else Rcode.NOERROR
        answer = signer.sign(_reply(asked.message, rcode), now)
        # What failed here may be tried again; all else would have the same answer.
        if rcode != Rcode.SERVFAIL:
            replays.add(signature, answer)
        return answer

    def _answer(self, asked: _Asked, now: int) -> Iterator[bytes]:
        message = asked.message
        if message.opcode == _UPDATE:
            return iter((_reply(message, self._update(asked, now)),))
        if message.opcode != _QUERY:
            return iter((_reply(message, Rcode.REFUSED),))
        if message.type in (AXFR, IXFR):
            with self._truth.lock:
                return self._transfer(asked)
        return self._plain(asked)

    def _update(self, asked: _Asked, now: int) -> Rcode:
        signature = asked.signature
        try:
            if signature is None:
                raise RejectedError(Rcode.REFUSED, "it is not signed")
            if asked.message.edns_version > EDNS_VERSION:
                raise RejectedError(Rcode.BADVERS, f"it speaks version {asked.message.edns_version} of EDNS")
            self._updates.take(asked.message, signature, now)
        except (RejectedError, MalformedError) as error:
            if self._quota.admits(now):
                _log_update(asked, "refused an update", str(error), logging.WARNING)
            return error.rcode if isinstance(error, RejectedError) else Rcode.FORMERR
        except OSError as error:
            reason = error.strerror or str(error)
            _log_update(asked, "an update cannot be kept and was not done", reason, logging.ERROR)
            return Rcode.SERVFAIL
        _log_update(asked, "took an update", "", logging.INFO)
        return Rcode.NOERROR

    def _transfer(self, asked: _Asked) -> Iterator[bytes]:
        message, signature = asked.message, asked.signature
        is_stream = asked.transport is not Transport.UDP
        if not self._access.may_transfer(signature.key if signature else None, asked.peer.host):
            if self._quota.admits(self._clock()):
                log.warning(
                    "refused a transfer to %s", asked.peer.host, extra={"zone": to_text(message.name)}
                )
            return iter((_reply(message, Rcode.REFUSED),))
        if message.edns_version > EDNS_VERSION:
            return iter((_reply(message, Rcode.BADVERS),))
        zone = self._truth.zones.get(fold(message.name))
        if zone is None or message.rclass != CLASS_IN:
            return iter((_reply(message, Rcode.NOTAUTH),))
        if message.type == AXFR:
            if not is_stream:
                return iter((_reply(message, Rcode.FORMERR),))
            return pack_messages(message, tell_whole(zone, self._told))
        serial = client_serial(message)
        if serial is None:
            return iter((_reply(message, Rcode.FORMERR),))
        answers = pack_messages(message, self._differences(zone, serial))
        return answers if is_stream else self._in_one(asked, zone, answers)

    def _differences(self, zone: Zone, serial: int) -> Iterator[bytes]:
        """RFC 1995 §4: nothing new, what is new, or all of it where that is not known."""
        if serial == zone.serial or is_newer(serial, zone.serial):
            return tell_soa(zone)
        changes = self._histories[zone.origin].since(serial)
        return tell_whole(zone, self._told) if changes is None else tell_changes(zone, changes, self._told)

    def _in_one(self, asked: _Asked, zone: Zone, answers: Iterator[bytes]) -> Iterator[bytes]:
        """Over UDP one message; if that is not enough, the SOA, which means: ask over TCP (RFC 1995 §2).

        If even that is too long, nothing but TC.
        """
        room = _room(asked)
        for found in (answers, pack_messages(asked.message, tell_soa(zone))):
            first = list(islice(found, 2))
            if len(first) == 1 and len(first[0]) <= room:
                return iter(first)
        return iter((_reply(asked.message, Rcode.NOERROR, flags=_TRUNCATED),))

    def _plain(self, asked: _Asked) -> Iterator[bytes]:
        wire = asked.signature.body if asked.signature else asked.message.wire
        with self._truth.lock:
            answer = respond(wire, asked.transport, self._truth.zones, self._rules, cap=_room(asked))
        return iter(()) if answer is None else iter((asked.message.wire[:2] + answer[2:],))

    def _told(self, rrset: RRset) -> RRset | None:
        """As much as may leave the server on any path: no address or name that is withheld from answers."""
        if self._rules.blocklist.holds(rrset.name):
            return None
        if self._rules.policy.is_open or rrset.type not in (Type.A, Type.AAAA):
            return rrset
        data = tuple(packed for packed in rrset.data if self._rules.policy.permits(packed))
        return msgspec.structs.replace(rrset, data=data) if data else None


def _room(asked: _Asked) -> int:
    """Bytes that an answer may have, less a signature; to who may be anyone, little more than came."""
    if asked.transport is not Transport.UDP:
        limit = STREAM_SIZE
    else:
        sizes = [record.rclass for record in asked.message.additional if record.type == Type.OPT]
        limit = min(max(sizes[0], PLAIN_SIZE), EDNS_SIZE) if sizes else PLAIN_SIZE
        if asked.signer is None:
            return min(limit, AMPLIFICATION * len(asked.message.wire))
    return limit - asked.signer.size if asked.signer else limit


def _reply(message: Message, rcode: Rcode, flags: int = 0) -> bytes:
    """A header and the question, or (UPDATE) the zone, with OPT for who sent it, and nothing else."""
    flags |= int.from_bytes(message.wire[2:4]) & _KEPT_FLAGS | _RESPONSE | rcode & 0xF
    opt = message.opt
    if rcode > 0xF:
        # Its upper bits stand first in the TTL of the OPT record (RFC 6891 §6.1.3).
        opt = opt[:5] + bytes([rcode >> 4]) + opt[6:]
    counts = (1).to_bytes(2) + bytes(5) + bytes([bool(opt)])
    return message.wire[:2] + flags.to_bytes(2) + counts + message.question + opt


def _log_fault(asked: _Asked, signature: Signature, fault: Fault) -> None:
    log.warning(
        "a message from %s with a bad signature of %s: %s",
        asked.peer.host,
        to_text(signature.key),
        fault.name,
        extra={"zone": to_text(asked.message.name), "reason": fault.name},
    )


def _log_update(asked: _Asked, text: str, reason: str, level: int) -> None:
    key: Labels = asked.signature.key if asked.signature else ()
    extra = {"zone": to_text(asked.message.name), "reason": reason, "object": to_text(key)}
    said = f"{text} of {to_text(asked.message.name)} from {asked.peer.host}"
    log.log(level, "%s", f"{said}: {reason}" if reason else said, extra=extra)
