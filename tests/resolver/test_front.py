"""What stands before all answering: silence, rate limits, cookies, short answers for strangers."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver.answers.opt import COOKIE, attach_cookie, build_bare, cut_option, has_options
from resolver.answers.responder import Transport, respond
from resolver.safety.cookies import Cookies
from resolver.safety.limits import Limiter, RateLimit
from resolver.serving.front import Front
from tests.resolver.zones import World

CLIENT = ip_address("192.0.2.7").packed
SECRET = bytes(range(16))
NOW = 1_800_000_000
ASKED = b"8 bytes."


class Asker:
    """A world behind a front; time stands still."""

    def __init__(self, world: World, rate: int = 0, slip: int = 2) -> None:
        self.world = world
        self.cookies = Cookies([SECRET])
        limiter = Limiter(RateLimit(rate, slip)) if rate else None
        self.front = Front(self.respond, self.cookies, limiter, monotonic=lambda: 5.0, wall=lambda: NOW + 0.9)

    def respond(self, wire: bytes, transport: Transport, *, cap: int, cookie: bytes) -> bytes | None:
        return respond(wire, transport, self.world.zones, self.world.rules, cap=cap, cookie=cookie)

    def bytes(self, wire: bytes, transport: Transport = Transport.UDP) -> bytes | None:
        return self.front.handle(wire, CLIENT, transport)

    def ask(
        self, query: dns.message.Message, transport: Transport = Transport.UDP
    ) -> dns.message.Message | None:
        wire = self.bytes(query.to_wire(), transport)
        if wire is None:
            return None
        response = dns.message.from_wire(wire)
        assert query.is_response(response)
        return response


def query(
    name: str = "10.0.0.5.xip.test", rtype: str = "A", cookie: bytes = b"", **more: Any
) -> dns.message.Message:
    options = [
        *more.pop("options", []),
        *([dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)] if cookie else []),
    ]
    return dns.message.make_query(
        name, rtype, use_edns=more.pop("use_edns", 0), options=options or None, **more
    )


def cookie_of(response: dns.message.Message | None) -> bytes:
    assert response is not None
    (option,) = [option for option in response.options if option.otype == COOKIE]
    return option.to_wire() or b""


@pytest.fixture(scope="module")
def world() -> World:
    big = [f"big.xip.test 60 TXT {'x' * 90}{number}" for number in range(4)]
    servers = [f"sub.xip.test 60 NS {'n' * 50}{number}.sub.xip.test" for number in range(4)]
    glue = [f"{'n' * 50}{number}.sub.xip.test 60 A 192.0.2.{number}" for number in range(4)]
    return World(*big, *servers, *glue, server_id="i" * 200)


@pytest.fixture
def asker(world: World) -> Asker:
    return Asker(world)


def test_responses_and_scraps_get_silence(asker: Asker) -> None:
    response = dns.message.make_response(query()).to_wire()
    for wire in (b"", b"x" * 11, response):
        for transport in Transport:
            assert asker.bytes(wire, transport) is None


def test_a_client_without_a_cookie_gets_four_times_its_question_at_most(asker: Asker) -> None:
    for asked in (
        query("big.xip.test", "TXT"),
        query("x.sub.xip.test"),
        query(options=[dns.edns.NSIDOption(b"")]),
    ):
        response = asker.ask(asked)
        assert response is not None
        assert len(response.to_wire()) <= 4 * len(asked.to_wire())
        assert response.flags & dns.flags.TC
        assert not asker.ask(asked, Transport.TCP).flags & dns.flags.TC  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["10.0.0.5.xip.test", "1-2-3-4.xip.test", "nothing.xip.test", "xip.test"])
def test_common_answers_are_short_enough_for_anyone(asker: Asker, name: str) -> None:
    for use_edns in (-1, 0):
        response = asker.ask(query(name, use_edns=use_edns))
        assert response is not None
        assert not response.flags & dns.flags.TC


def test_a_cookie_opens_long_answers(asker: Asker) -> None:
    first = asker.ask(query("big.xip.test", "TXT", ASKED))
    assert first is not None
    assert first.flags & dns.flags.TC
    cookie = cookie_of(first)
    assert cookie.startswith(ASKED)
    second = asker.ask(query("big.xip.test", "TXT", cookie))
    assert second is not None
    assert not second.flags & dns.flags.TC
    assert cookie_of(second) == cookie


def test_the_answer_with_a_cookie_fits_the_size_that_the_client_takes(asker: Asker) -> None:
    cookie = cookie_of(asker.ask(query(cookie=ASKED)))
    for size in range(512, 1233, 13):
        asked = query("big.xip.test", "TXT", cookie, payload=size)
        wire = asker.bytes(asked.to_wire())
        assert wire is not None
        assert len(wire) <= size


def test_a_forged_cookie_opens_nothing_and_is_replaced(asker: Asker) -> None:
    forged = ASKED + b"\x01\0\0\0" + NOW.to_bytes(4) + bytes(8)
    response = asker.ask(query("big.xip.test", "TXT", forged))
    assert response is not None
    assert response.flags & dns.flags.TC
    assert cookie_of(response) == asker.cookies.renew(ASKED, CLIENT, NOW, verified=False)


@pytest.mark.parametrize("size", [0, 1, 7, 9, 15, 41])
def test_a_cookie_of_a_wrong_length_is_malformed(asker: Asker, size: int) -> None:
    asked = query(options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, bytes(size))])
    wire = asker.bytes(asked.to_wire())
    assert wire is not None
    response = dns.message.from_wire(wire)
    assert response.rcode() == dns.rcode.FORMERR
    # Without it the client would take us for a server that knows no EDNS (RFC 6891 §7).
    assert response.edns == 0


def test_a_message_without_a_question_learns_our_cookie(asker: Asker) -> None:
    asked = dns.message.Message()
    asked.use_edns(0, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, ASKED)])
    wire = asker.bytes(asked.to_wire())
    assert wire is not None
    response = dns.message.from_wire(wire)
    assert response.id == asked.id
    assert response.rcode() == dns.rcode.NOERROR
    assert cookie_of(response) == asker.cookies.renew(ASKED, CLIENT, NOW, verified=False)


@pytest.mark.parametrize("opcode", [dns.opcode.STATUS, dns.opcode.UPDATE, dns.opcode.NOTIFY])
def test_no_other_message_without_a_question_is_told_that_all_is_well(asker: Asker, opcode: int) -> None:
    asked = dns.message.Message()
    asked.set_opcode(dns.opcode.Opcode(opcode))
    asked.use_edns(0, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, ASKED)])
    wire = asker.bytes(asked.to_wire())
    assert wire is not None
    assert wire[3] & 0xF in (dns.rcode.REFUSED, dns.rcode.NOTIMP)


def test_over_tcp_cookies_are_given_as_well(asker: Asker) -> None:
    assert cookie_of(asker.ask(query("big.xip.test", "TXT", ASKED), Transport.TCP)).startswith(ASKED)


def test_other_options_beside_a_cookie_are_served(asker: Asker) -> None:
    cookie = cookie_of(asker.ask(query(cookie=ASKED)))
    response = asker.ask(query(cookie=cookie, options=[dns.edns.NSIDOption(b"")]))
    assert response is not None
    assert [option.otype for option in response.options] == [dns.edns.OptionType.NSID, COOKIE]


def test_a_network_over_its_share_gets_slips_and_silence(world: World) -> None:
    asker = Asker(world, rate=5, slip=2)
    responses = [asker.ask(query()) for _ in range(25)]
    answered = [response for response in responses if response and response.answer]
    slips = [response for response in responses if response and not response.answer]
    assert len(answered) == 5
    assert len(slips) == 10
    for slip in slips:
        assert slip.flags & dns.flags.TC
        assert slip.edns == 0
    assert all(asker.ask(query(), Transport.TCP).answer for _ in range(10))  # type: ignore[union-attr]


def test_a_good_cookie_is_not_limited_and_a_slip_brings_one(world: World) -> None:
    asker = Asker(world, rate=1, slip=1)
    asker.ask(query())
    slip = asker.ask(query(cookie=ASKED))
    assert slip is not None
    assert slip.flags & dns.flags.TC
    cookie = cookie_of(slip)
    assert all(asker.ask(query(cookie=cookie)).answer for _ in range(20))  # type: ignore[union-attr]


def test_no_oddity_of_a_cookie_goes_past_the_limit(world: World) -> None:
    asker = Asker(world, rate=1, slip=0)
    asker.ask(query())
    lonely = dns.message.Message()
    lonely.use_edns(0, options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, ASKED)])
    for asked in (query(cookie=ASKED), query(cookie=b"odd"), query(cookie=bytes(24)), lonely):
        assert asker.bytes(asked.to_wire()) is None


def test_a_response_gets_no_slip_either(world: World) -> None:
    asker = Asker(world, rate=1, slip=1)
    asker.ask(query())
    assert asker.bytes(dns.message.make_response(query()).to_wire()) is None
    assert asker.bytes(query().to_wire()) is not None


def test_only_queries_slip_and_never_longer_than_they_came(world: World) -> None:
    asker = Asker(world, rate=1, slip=1)
    asker.ask(query())
    other = query(use_edns=-1)
    other.set_opcode(dns.opcode.STATUS)
    assert asker.bytes(other.to_wire()) is None
    assert asker.bytes(bytes(12)) is not None
    for asked in (query(use_edns=-1), query(), query(want_dnssec=True)):
        wire = asked.to_wire()
        slip = asker.bytes(wire)
        assert slip is not None
        assert len(slip) == len(wire)


@given(st.binary(max_size=80), st.sampled_from(list(Transport)))
def test_any_bytes_get_a_short_answer_or_none(data: bytes, transport: Transport) -> None:
    asker = Asker(SMALL, rate=2, slip=1)
    for wire in (data, bytes([0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]) + data):
        for _ in range(4):
            reply = asker.bytes(wire, transport)
            assert reply is None or len(reply) <= 4 * len(wire) or transport is not Transport.UDP


SMALL = World()


@given(
    st.lists(st.tuples(st.integers(0, 20), st.binary(max_size=30)), max_size=6),
    st.sampled_from([b"\0", b"\x03xip\x04test\0"]),
)
def test_a_cut_option_is_gone_and_the_others_stay(options: list[tuple[int, bytes]], name: bytes) -> None:
    def build(chosen: list[tuple[int, bytes]]) -> bytes:
        data = b"".join(code.to_bytes(2) + len(raw).to_bytes(2) + raw for code, raw in chosen)
        opt = b"\0\0\x29\x04\xd0\0\0\0\0" + len(data).to_bytes(2) + data
        return b"\x12\x34\1\0\0\1\0\0\0\0\0\1" + name + b"\0\1\0\1" + opt

    wire = build(options)
    cookies = [raw for code, raw in options if code == COOKIE]
    plain, found = cut_option(wire, COOKIE)
    assert found == (cookies[0] if cookies else None)
    assert plain == build([(code, raw) for code, raw in options if code != COOKIE])
    assert has_options(wire) or not cookies or cookies == [b""]


Mangle = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "mangle",
    [
        lambda wire: wire[:-1],
        lambda wire: wire + b"\0",
        lambda wire: wire[:-3] + b"\xff" + wire[-2:],
        lambda wire: wire[:5] + b"\2" + wire[6:],
        lambda wire: wire[:12] + b"\xc0\x0c" + wire[14:],
        lambda wire: wire[:12],
        lambda wire: wire[:12] + b"\x3f",
    ],
)
def test_options_of_unusual_messages_are_left_alone(mangle: Mangle) -> None:
    wire = mangle(query(cookie=ASKED).to_wire())
    assert cut_option(wire, COOKIE)[1] in (None, ASKED[:-3] + b"\xff" + ASKED[-2:])


def test_attaching_and_cutting_are_opposites() -> None:
    plain = query().to_wire()
    assert cut_option(attach_cookie(plain, ASKED), COOKIE) == (plain, ASKED)
    assert attach_cookie(plain, b"") == plain


def test_a_bare_response_repeats_the_question(world: World) -> None:
    asked = query("APP.10.0.0.5.xip.test", want_dnssec=True)
    wire = build_bare(asked.to_wire(), truncated=True)
    assert wire is not None
    response = dns.message.from_wire(wire)
    assert asked.is_response(response)
    assert response.ednsflags & dns.flags.DO
    assert response.question[0].name.to_text() == "APP.10.0.0.5.xip.test."
    assert build_bare(wire[:12] + b"\xff", truncated=True) is None
