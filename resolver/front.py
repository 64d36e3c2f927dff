"""What stands before all answering, and so holds for every path: drops, cookies, limits. No sockets.

shorter than a header, or a response     dropped: two servers must never talk to each other for ever
more than its network's share (UDP)      dropped, or an empty answer with TC; not with a cookie of ours
UDP without a cookie of ours             an answer of at most four times the question, else TC
"""

from collections.abc import Callable
from typing import Protocol

from resolver.answer import Rcode
from resolver.cookies import Cookies, is_well_formed
from resolver.limits import Limiter, Verdict
from resolver.opt import COOKIE, build_bare, cut_option, has_options
from resolver.responder import STREAM_SIZE, Transport
from resolver.wire import HEADER_SIZE, build_error

_AMPLIFICATION = 4
_OPCODE_BITS = 0x78


class Answerer(Protocol):
    """The paths behind: at most ``cap`` bytes, and ``cookie`` in the answer's OPT record."""

    def __call__(self, wire: bytes, transport: Transport, *, cap: int, cookie: bytes) -> bytes | None:
        """The response to a query, which has no cookie any more; None to stay silent."""


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
    ) -> None:
        """``limiter`` None: no rate limit. The clocks give seconds; ``wall`` those of the Unix epoch."""
        self._answer = answer
        self.cookies = cookies
        self.limiter = limiter
        self._monotonic = monotonic
        self._wall = wall

    def handle(self, wire: bytes, client: bytes, transport: Transport) -> bytes | None:
        """The response to one message of a client (its packed address); None to stay silent."""
        if len(wire) < HEADER_SIZE or wire[2] & 0x80:
            return None
        if not has_options(wire):
            return self._decide(wire, client, transport)
        plain, cookie = cut_option(wire, COOKIE)
        if cookie is None:
            return self._decide(wire, client, transport)
        if not is_well_formed(cookie):
            return build_error(wire, Rcode.FORMERR)
        return self._with_cookie(plain, cookie, client, transport)

    def _with_cookie(self, wire: bytes, cookie: bytes, client: bytes, transport: Transport) -> bytes | None:
        now = int(self._wall())
        verified = self.cookies.verify(cookie, client, now)
        renewed = self.cookies.renew(cookie, client, now, verified=verified)
        if wire[5] == 0:
            # RFC 7873 §5.4: no question, only to learn our cookie.
            return build_bare(wire, truncated=False, cookie=renewed)
        if verified:
            return self._answer(wire, transport, cap=STREAM_SIZE, cookie=renewed)
        return self._decide(wire, client, transport, renewed)

    def _decide(self, wire: bytes, client: bytes, transport: Transport, cookie: bytes = b"") -> bytes | None:
        """Hold a client that has not shown its address to its share and to short answers."""
        if transport is not Transport.UDP:
            return self._answer(wire, transport, cap=STREAM_SIZE, cookie=cookie)
        if self.limiter is not None:
            verdict = self.limiter.judge(client, self._monotonic())
            if verdict is not Verdict.ANSWER:
                slips = verdict is Verdict.SLIP and not wire[2] & _OPCODE_BITS
                return build_bare(wire, truncated=True, cookie=cookie) if slips else None
        cap = max(_AMPLIFICATION * len(wire), HEADER_SIZE)
        return self._answer(wire, transport, cap=cap, cookie=cookie)
