"""All that one process needs to answer messages: every path in its order, counted. No sockets.

front      drops, cookies, rate and size limits
fast       the common question, from bytes to bytes
keeper     DNS UPDATE, NOTIFY, zone transfer and signed questions: not answered here, where there is one
slow       everything else
"""

import logging
import time
from collections.abc import Callable, Mapping
from secrets import token_bytes

from resolver.answers.answer import Rcode
from resolver.answers.opt import attach_cookie, rcode_of
from resolver.answers.responder import Transport, respond
from resolver.answers.synthesis import rules_of
from resolver.answers.wire import HEADER_SIZE, PLAIN_SIZE, build_error
from resolver.config import ResolverConfig
from resolver.errors import ResolverError
from resolver.fast.path import FastPath
from resolver.fast.udp import Paths, Slow, slow_only
from resolver.names import Labels
from resolver.safety.cookies import SECRET_SIZE, Cookies, parse_secret
from resolver.safety.limits import Limiter
from resolver.serving.files import files_of, stamp, with_files
from resolver.serving.front import Front
from resolver.serving.loop import certificate_of
from resolver.telemetry.querylog import Handle, QueryLog
from resolver.telemetry.tally import Answered, Counts, Tally
from resolver.zones.contents import Contents

log = logging.getLogger(__name__)

FORWARD = b""
"""In place of an answer: the message is for the keeper."""

_OPCODE_BITS = 0x78
_UPDATE, _NOTIFY = 5 << 3, 4 << 3
_TRANSFERS = (b"\x00\xfb", b"\x00\xfc")
# Type, class and TTL of a TSIG record (RFC 8945 §4.2).
_TSIG = b"\x00\xfa\x00\xff\x00\x00\x00\x00"


class Answering:
    """Answers from ``zones``, which others may change between two messages; for one thread at a time."""

    def __init__(
        self, config: ResolverConfig, zones: Mapping[Labels, Contents], *, forwards: bool = False
    ) -> None:
        """``forwards``: whether there is a keeper that takes what only it can answer.

        Raises ResolverError for files that cannot be read, or written.
        """
        self._config = config
        self._stamp = stamp(files_of(config))
        complete = with_files(config)
        self._zones = zones
        self._rules = rules_of(complete)
        self._forwards = forwards
        self.tally = Tally()
        # One for each transport, for they are counted apart.
        self._fast = {transport: FastPath(zones, self._rules) for transport in Transport}
        self._front = Front(
            self._answer,
            _cookies(complete),
            Limiter(config.rate_limit) if config.rate_limit else None,
            monotonic=time.monotonic,
            wall=time.time,
            note=self._note,
        )
        self._log = QueryLog(config.query_log) if config.query_log else None
        self.handle: Handle = self._log.wrap(self._handle) if self._log else self._handle
        """The response to one message of the client with that packed address; never raises.

        None to stay silent, ``FORWARD`` for what the keeper answers.
        """

    def _handle(self, wire: bytes, client: bytes, transport: Transport) -> bytes | None:
        try:
            return self._front.handle(wire, client, transport)
        except Exception:
            # The top of all answering: whatever a stranger's packet finds, it must not end the server.
            log.exception("a message could not be answered: %s", wire[:512].hex())
            response = build_error(wire, Rcode.SERVFAIL)
            self._note(wire, response, transport)
            return response

    def note_forwarded(self, wire: bytes, response: bytes, transport: Transport) -> None:
        """Count what the keeper answered."""
        self._note(wire, response, transport, "keeper")

    def _note(self, wire: bytes, response: bytes, transport: Transport, path: str = "slow") -> None:
        self.tally.answer(question_type(wire), rcode_of(response), transport.value, path)

    def paths(self, slow: Slow) -> Paths:
        """The ways of a datagram; ``slow`` is the caller's way to ``handle``."""
        limiter = self._front.limiter
        if self._log:
            # Only ``handle`` writes the log.
            return slow_only(slow)
        fast = self._fast[Transport.UDP]
        admission = _Admission(limiter, fast.retract) if limiter else None
        return Paths(fast.answer, slow, admission, fast.tables)

    def forget(self) -> None:
        """Drop what was learned from the zones: to be called after changes, before the next message."""
        for fast in self._fast.values():
            fast.forget()

    def reload(self) -> None:
        """Read the files again that this process reads itself; what is wrong in them leaves all as it was."""
        try:
            complete = with_files(self._config)
            self._rules = rules_of(complete)
            for fast in self._fast.values():
                fast.obey(self._rules)
        except ResolverError as error:
            log.error("keeping the former lists: %s", error, extra={"reason": str(error)})
            return
        if complete.cookie_secrets:
            self._front.cookies = _cookies(complete)

    def refresh(self) -> None:
        """``reload`` if one of the files has changed."""
        found = stamp(files_of(self._config))
        if found != self._stamp:
            self._stamp = found
            self.reload()

    def counts(self) -> Counts:
        """What was answered so far."""
        events = self.tally.events
        if self._front.limiter:
            events["rrl_dropped"] = self._front.limiter.dropped
            events["rrl_slipped"] = self._front.limiter.slipped
        if self._log:
            events["query_log_dropped"] = self._log.dropped
        fast = tuple(
            (Answered(rtype, rcode, transport.value, "fast"), number)
            for transport, path in self._fast.items()
            for (rtype, rcode), number in path.counters.read().items()
        )
        return self.tally.counts() + Counts(fast)

    def close(self) -> None:
        """Write what the query log still holds; safe to call twice."""
        if self._log:
            self._log.close()

    def _answer(self, wire: bytes, transport: Transport, *, cap: int, cookie: bytes) -> bytes | None:
        quick = self._fast[transport].answer(wire)
        # The fast path kept to the client's size; with a cookie to what every client takes.
        room = min(cap, PLAIN_SIZE - len(cookie) - 4) if cookie else cap
        if quick is not None and len(quick) <= room:
            return attach_cookie(quick, cookie)
        if self._forwards and is_for_keeper(wire):
            return FORWARD
        response = respond(wire, transport, self._zones, self._rules, cap=cap, cookie=cookie)
        # What was too long has been counted where it was made.
        if response is not None and quick is None:
            self._note(wire, response, transport)
        return response


class _Admission:
    """The limiter with a clock; an answer that it withholds is counted no more."""

    def __init__(self, limiter: Limiter, retract: Callable[[bytes, bytes], None]) -> None:
        self._limiter = limiter
        self._retract = retract
        self.is_exempt = limiter.is_exempt

    def admit(self, client: bytes, wire: bytes, reply: bytes) -> bool:
        if self._limiter.admit(client, time.monotonic()):
            return True
        self._retract(wire, reply)
        return False


def check_files(config: ResolverConfig) -> None:
    """Raise ResolverError for any file that a process which answers could not use."""
    rules_of(with_files(config))
    certificate_of(config)
    if config.query_log:
        QueryLog(config.query_log).close()


def _cookies(config: ResolverConfig) -> Cookies:
    return Cookies([parse_secret(text) for text in config.cookie_secrets] or [token_bytes(SECRET_SIZE)])


def is_for_keeper(wire: bytes) -> bool:
    """Whether a message with a whole header is one that only the owner of the zones can answer. Pure.

    What looks signed counts as signed: who finds no signature in it answers it as any other question.
    """
    opcode = wire[2] & _OPCODE_BITS
    if opcode in (_UPDATE, _NOTIFY):
        return True
    if opcode or wire[4:6] != b"\x00\x01":
        return False
    end = question_name_end(wire)
    return wire[end : end + 2] in _TRANSFERS or (wire[10:12] != b"\0\0" and _TSIG in wire[end:])


def question_name_end(wire: bytes) -> int:
    """Where the name of the question ends; somewhere at or behind the end for what cannot be read."""
    offset = HEADER_SIZE
    while offset < len(wire) and wire[offset]:
        offset += wire[offset] + 1
    return offset + 1


def question_type(wire: bytes) -> int:
    """The type that is asked for; 0 if it cannot be read or the message is no question."""
    if wire[2] & _OPCODE_BITS or wire[4:6] != b"\x00\x01":
        return 0
    end = question_name_end(wire)
    return int.from_bytes(wire[end : end + 2])
