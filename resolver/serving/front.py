"""What stands before all answering, and so holds for every path: drops, cookies, limits. No sockets.

shorter than a header, or a response     dropped: two servers must never talk to each other for ever
more than its network's share (UDP)      dropped, or an empty answer with TC; not with a cookie of ours
UDP without a cookie of ours             an answer of at most four times the question, else TC
"""

from collections.abc import Callable
from typing import Protocol

from resolver.answers.answer import Rcode
from resolver.answers.opt import COOKIE, answer_opt, build_bare, cut_option, has_options
from resolver.answers.responder import STREAM_SIZE, Transport
from resolver.answers.wire import HEADER_SIZE, build_error
from resolver.safety.cookies import Cookies, is_well_formed
from resolver.safety.limits import Limiter, Verdict

_AMPLIFICATION = 4
_OPCODE_BITS = 0x78


class Answerer(Protocol):
    """The paths behind: at most ``cap`` bytes, and ``cookie`` in the answer's OPT record."""

    def __call__(self, wire: bytes, transport: Transport, *, cap: int, cookie: bytes) -> bytes | None:
        """The response to a query, which has no cookie any more; None to stay silent."""


# Told of each answer that was made here, other than those of the rate limit.
Note = Callable[[bytes, bytes, Transport], None]


class Front:
    """Handles messages one by one; for one thread at a time."""

    def __init__(
        self,
        answer: Answerer,
        cookies: Cookies,
        limiter: Limiter | None,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        note: Note = lambda wire, response, transport: None,
    ) -> None:
        """``limiter`` None: no rate limit. The clocks give seconds; ``wall`` those of the Unix epoch."""
        self._answer = answer
        self.cookies = cookies
        self.limiter = limiter
        self._monotonic = monotonic
        self._wall = wall
        self._note = note

    def handle(self, wire: bytes, client: bytes, transport: Transport) -> bytes | None:
        """The response to one message of a client (its packed address); None to stay silent."""
        if len(wire) < HEADER_SIZE or wire[2] & 0x80:
            return None
        plain, cookie = cut_option(wire, COOKIE) if has_options(wire) else (wire, None)
        if cookie is not None:
            return self._with_cookie(plain, cookie, client, transport)
        verdict = self._judge(client, transport)
        if verdict is not Verdict.ANSWER:
            return _slip(wire) if verdict is Verdict.SLIP else None
        return self._answer(wire, transport, cap=_cap(wire, transport), cookie=b"")

    def _with_cookie(self, wire: bytes, cookie: bytes, client: bytes, transport: Transport) -> bytes | None:
        now = int(self._wall())
        is_sound = is_well_formed(cookie)
        is_verified = is_sound and self.cookies.verify(cookie, client, now)
        verdict = Verdict.ANSWER if is_verified else self._judge(client, transport)
        if verdict is Verdict.DROP:
            return None
        if not is_sound:
            refusal = build_error(wire, Rcode.FORMERR, opt=answer_opt(wire))
            return self._noted(wire, refusal, transport)
        renewed = self.cookies.renew(cookie, client, now, verified=is_verified)
        if verdict is Verdict.SLIP:
            return _slip(wire, renewed)
        if wire[4:6] == b"\0\0" and not wire[2] & _OPCODE_BITS:
            # RFC 7873 §5.4: no question, only to learn our cookie.
            return self._noted(wire, build_bare(wire, truncated=False, cookie=renewed), transport)
        cap = STREAM_SIZE if is_verified else _cap(wire, transport)
        return self._answer(wire, transport, cap=cap, cookie=renewed)

    def _noted(self, wire: bytes, response: bytes | None, transport: Transport) -> bytes | None:
        if response is not None:
            self._note(wire, response, transport)
        return response

    def _judge(self, client: bytes, transport: Transport) -> Verdict:
        if transport is not Transport.UDP or self.limiter is None:
            return Verdict.ANSWER
        return self.limiter.judge(client, self._monotonic())


def _cap(wire: bytes, transport: Transport) -> int:
    """How long an answer may be for a client that has not shown its address, but by TCP."""
    return _AMPLIFICATION * len(wire) if transport is Transport.UDP else STREAM_SIZE


def _slip(wire: bytes, cookie: bytes = b"") -> bytes | None:
    """Ask a client to come back over TCP; nothing else than a question is worth that."""
    return None if wire[2] & _OPCODE_BITS else build_bare(wire, truncated=True, cookie=cookie)
