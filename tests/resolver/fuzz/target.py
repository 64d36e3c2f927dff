"""What must hold for whatever comes in, on the way that a worker answers and on the slow path alone."""

import logging
import struct
import time
from unittest.mock import patch

import dns.exception
import dns.message
import dns.rcode

from resolver.answers.responder import Transport, respond
from resolver.config import ResolverConfig
from resolver.safety.cookies import Cookies
from resolver.serving.answering import Answering
from resolver.serving.front import Front
from tests.resolver.oracle import LINES, NS, PARENTAL, ZONES
from tests.resolver.zones import World, update

CLIENT = bytes([192, 0, 2, 7])
SECRET = "ab" * 16
NOW = 1_800_000_000.0

LONG_NAME = f"{'n' * 63}.{'n' * 63}.xip.test"
# Some answers of about 512 and 1232 bytes, with which sizes can be just too large.
LONG = (
    *(f"long.xip.test 60 TXT {'x' * 100}{number}" for number in range(4)),
    *(f"{LONG_NAME} 60 TXT {'x' * 93}{number}" for number in range(3)),
    *(f"longer.xip.test 60 TXT {'x' * 100}{number}" for number in range(10)),
)

_KNOWN_RCODES = {0, 1, 2, 3, 4, 5, 9}


def valid_cookie() -> bytes:
    """The cookie that the client would have been given."""
    return Cookies([bytes.fromhex(SECRET)]).renew(b"8 bytes.", CLIENT, int(NOW), verified=False)


class Target:
    """A server without sockets, with records of all kinds; time stands still."""

    def __init__(self, **settings: object) -> None:
        known = {
            "zones": ZONES,
            "ns": NS,
            "rrl_rate": 0,
            "server_id": "ns7",
            "version": "x" * 255,
            **settings,
        }
        world = World(*LINES, *LONG, **known)  # type: ignore[arg-type]
        world.zone("xip.test").apply(update(PARENTAL), now=2)
        config = ResolverConfig(cookie_secrets=(SECRET,), **known)  # type: ignore[arg-type]
        with patch.object(time, "time", lambda: NOW):
            self.answering = Answering(config, world.zones)
        self._world = world
        slow = Front(
            self._respond,
            Cookies([bytes.fromhex(SECRET)]),
            None,
            monotonic=lambda: 0.0,
            wall=lambda: NOW,
        )
        self._slow = slow

    def _respond(self, wire: bytes, transport: Transport, *, cap: int, cookie: bytes) -> bytes | None:
        return respond(wire, transport, self._world.zones, self._world.rules, cap=cap, cookie=cookie)

    def check(self, wire: bytes) -> None:
        """Ask over both transports; AssertionError, with the input, for what must not be."""
        for transport in (Transport.UDP, Transport.TCP):
            reply = self.answering.handle(wire, CLIENT, transport)
            where = f"{transport.value} {wire.hex()} -> {reply.hex() if reply else reply}"
            assert reply == self._slow.handle(wire, CLIENT, transport), f"the paths differ: {where}"
            if len(wire) < 12 or wire[2] & 0x80:
                assert reply is None, f"an answer to no question: {where}"
            elif reply is not None:
                check_reply(wire, reply, transport, where)


def check_reply(wire: bytes, reply: bytes, transport: Transport, where: str) -> None:
    """Whether a reply is one to the message, well-formed, and of a size that is allowed."""
    assert reply[:2] == wire[:2], f"another id: {where}"
    assert reply[2] & 0xF9 == wire[2] & 0x79 | 0x80, f"QR, opcode or RD: {where}"
    assert not reply[3] & 0xF0, f"RA, AD, CD or Z: {where}"
    assert reply[3] & 0xF in _KNOWN_RCODES, f"an unexpected rcode: {where}"
    if transport is Transport.UDP:
        assert len(reply) <= 1232, f"longer than ours: {where}"
    if transport is Transport.UDP and not _may_have_cookie(wire):
        assert len(reply) <= max(4 * len(wire), 12), f"amplified: {where}"
        assert len(reply) <= _udp_limit(wire), f"longer than the client's: {where}"
    try:
        dns.message.from_wire(reply, ignore_trailing=False)
    except dns.exception.DNSException as error:
        raise AssertionError(f"unreadable ({error!r}): {where}") from None


def _may_have_cookie(wire: bytes) -> bool:
    return b"\x00\x0a" in wire[12:]


def _udp_limit(wire: bytes) -> int:
    # Any OPT record that there might be; the checks of the slow path tell the rest.
    sizes = [
        struct.unpack("!H", wire[at + 3 : at + 5])[0]
        for at in range(12, len(wire) - 10)
        if wire[at : at + 3] == b"\0\0\x29"
    ]
    return max([512, *sizes])


class Raising(logging.Handler):
    """Turns what the server logs as a mistake of its own into one of the test."""

    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(record.getMessage()) from (record.exc_info[1] if record.exc_info else None)


def raise_on_errors() -> Raising:
    """Let no exception that answering survives go unseen; the handler, to be removed in the end."""
    handler = Raising(logging.ERROR)
    logging.getLogger("resolver").addHandler(handler)
    return handler
