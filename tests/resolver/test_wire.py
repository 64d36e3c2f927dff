"""Messages: what comes back for well-formed, odd and hostile bytes."""

import struct
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolver.answers.responder import Transport
from tests.resolver.zones import World, tell

BIG = [f"big.xip.test 60 TXT {'x' * 100}{number:03d}" for number in range(40)]
WORLD = World(
    *BIG,
    "many.xip.test 60 NS ns1.many.xip.test",
    *(f"mx.xip.test 60 MX {number} mail{number}.xip.test" for number in range(20)),
    "www.xip.test 60 CNAME app.10-0-0-5.xip.test",
    zones=("xip.test", "10.in-addr.arpa"),
    server_id="ns7",
    version="v",
)
NAME = b"\x0210\x010\x010\x015\x03xip\x04test\x00"


def header(*, flags: int = 0x0100, counts: tuple[int, int, int, int] = (1, 0, 0, 0)) -> bytes:
    return struct.pack("!6H", 0x1234, flags, *counts)


QUESTION = NAME + b"\x00\x01\x00\x01"
OPT = b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00"


def rcode(wire: bytes) -> str | None:
    response = WORLD.bytes(wire)
    if response is None:
        return None
    assert response[:2] == wire[:2]
    assert response[2] & 0x80
    return dns.rcode.to_text(dns.rcode.Rcode(response[3] & 0xF))


@pytest.mark.parametrize(
    ("wire", "expected"),
    [
        (header() + QUESTION, "NOERROR"),
        (header(counts=(1, 0, 0, 1)) + QUESTION + OPT, "NOERROR"),
        (b"", None),
        (header()[:11], None),
        (header(flags=0x8100) + QUESTION, None),
        (header(), "FORMERR"),
        (header(counts=(0, 0, 0, 0)), "FORMERR"),
        (header(counts=(2, 0, 0, 0)) + QUESTION * 2, "FORMERR"),
        (header() + QUESTION[:-1], "FORMERR"),
        (header() + NAME, "FORMERR"),
        (header() + QUESTION + b"x", "FORMERR"),
        (header() + b"\x40" + QUESTION, "FORMERR"),
        (header() + b"\x80" + QUESTION, "FORMERR"),
        (header() + b"\xc0\x0c\x00\x01\x00\x01", "FORMERR"),
        (header() + b"\xc0\x00\x00\x01\x00\x01", "FORMERR"),
        (header() + b"\xc0\xff\x00\x01\x00\x01", "FORMERR"),
        (header() + b"\x01a" * 128 + b"\x00\x00\x01\x00\x01", "FORMERR"),
        (header(counts=(1, 0, 0, 2)) + QUESTION + OPT * 2, "FORMERR"),
        (header(counts=(1, 1, 0, 0)) + QUESTION + OPT, "FORMERR"),
        (header(counts=(1, 0, 0, 1)) + QUESTION + b"\x01a" + OPT, "FORMERR"),
        (header(counts=(1, 0, 0, 1)) + QUESTION + OPT[:-1], "FORMERR"),
        (header(counts=(1, 0, 0, 1)) + QUESTION + OPT[:-2] + b"\x00\x03\x00\x03\x00", "FORMERR"),
        (header(counts=(1, 0, 0, 1)) + QUESTION + OPT[:-2] + b"\x00\x05\x00\x03\x00\x02x", "FORMERR"),
        (header(counts=(1, 0, 0, 65535)) + QUESTION + OPT, "FORMERR"),
        *((header(flags=code << 11) + QUESTION, "NOTIMP") for code in range(16) if code not in (0, 4, 5)),
        (header(flags=4 << 11) + QUESTION, "REFUSED"),
        (header(flags=5 << 11) + QUESTION, "REFUSED"),
    ],
)
def test_what_comes_back_for_odd_bytes(wire: bytes, expected: str | None) -> None:
    assert rcode(wire) == expected


def test_only_what_we_mean_is_set_in_the_header() -> None:
    query = dns.message.make_query("10.0.0.5.xip.test", "A")
    query.flags = dns.flags.RD | dns.flags.AD | dns.flags.CD | 0x40
    response = WORLD.bytes(query.to_wire())
    assert response is not None
    assert int.from_bytes(response[2:4]) == dns.flags.QR | dns.flags.AA | dns.flags.RD


def test_names_are_compressed_and_keep_their_case() -> None:
    wire = WORLD.bytes(dns.message.make_query("10.0.0.5.XIP.test", "MX").to_wire())
    assert wire is not None
    assert wire.lower().count(b"\x03xip\x04test") == 1
    assert b"\x03XIP\x04test" in wire


def test_labels_of_any_bytes_are_answered() -> None:
    name = dns.name.Name([b"\xff\x00.\xfe", b"10-0-0-5", b"xip", b"test", b""])
    response = WORLD.message(dns.message.make_query(name, "A"))
    assert [rdata.address for rdata in response.answer[0]] == ["10.0.0.5"]
    assert response.answer[0].name == name


def test_edns_is_answered_with_our_size_and_only_to_those_who_speak_it() -> None:
    plain = WORLD.message(dns.message.make_query("10.0.0.5.xip.test", "A"))
    assert plain.edns == -1
    spoken = WORLD.message(dns.message.make_query("10.0.0.5.xip.test", "A", want_dnssec=True, payload=4096))
    assert (spoken.edns, spoken.payload) == (0, 1232)
    assert spoken.ednsflags & dns.flags.DO


def test_later_versions_of_edns_are_told_ours() -> None:
    response = WORLD.message(dns.message.make_query("10.0.0.5.xip.test", "A", use_edns=1))
    assert response.rcode() == dns.rcode.BADVERS
    assert response.edns == 0
    assert not response.answer


def test_nsid_is_given_when_asked_and_configured() -> None:
    asking = dns.message.make_query("xip.test", "SOA", options=[dns.edns.GenericOption(dns.edns.NSID, b"")])
    assert [option.to_text() for option in WORLD.message(asking).options] == ["NSID ns7"]
    assert not World().message(asking).options
    assert not WORLD.message(dns.message.make_query("xip.test", "SOA", use_edns=0)).options


@pytest.mark.parametrize(
    ("payload", "room"), [(None, 512), (100, 512), (512, 512), (1000, 1000), (1232, 1232), (65535, 1232)]
)
def test_what_does_not_fit_is_truncated(payload: int | None, room: int) -> None:
    edns: dict[str, Any] = {} if payload is None else {"use_edns": 0, "payload": payload}
    for rtype, name in (("TXT", "big.xip.test"), ("MX", "mx.xip.test")):
        query = dns.message.make_query(name, rtype, **edns)
        wire = WORLD.bytes(query.to_wire())
        assert wire is not None
        assert len(wire) <= room
        response = dns.message.from_wire(wire)
        assert bool(response.flags & dns.flags.TC) == (not response.answer)
        whole = WORLD.message(query, Transport.TCP)
        assert not whole.flags & dns.flags.TC
        assert len(whole.answer[0]) in (40, 20)
        if len(whole.to_wire()) <= room:
            assert response.answer == whole.answer


def test_glue_that_does_not_fit_is_left_away_from_an_answer_but_truncates_a_referral() -> None:
    servers = [f"ns{number}.xip.test=192.0.2.{number},2001:db8::{number}" for number in range(1, 13)]
    world = World(*[f"sub.xip.test 60 NS ns{number}.xip.test" for number in range(1, 13)], ns=tuple(servers))
    assert "additional" not in world.told("xip.test", "NS")
    assert world.ask("xip.test", "NS").answer
    assert tell(world.ask("x.sub.xip.test", "A")) == "NOERROR tc"


def test_a_referral_behind_an_alias_does_not_lose_its_glue_unnoticed() -> None:
    servers = [f"sub.xip.test 60 NS ns{number}.sub.xip.test" for number in range(20)]
    glue = [f"ns{number}.sub.xip.test 60 A 192.0.2.{number}" for number in range(20)]
    world = World("alias.xip.test 60 CNAME x.sub.xip.test", *servers, *glue)
    assert tell(world.ask("alias.xip.test", "A")) == "NOERROR aa tc"
    whole = world.message(dns.message.make_query("alias.xip.test", "A"), Transport.TCP)
    assert len(whole.additional) == 20


@pytest.mark.parametrize("opcode", [1, 2, 3, 4, 5, 6, 15])
@pytest.mark.parametrize("question", [QUESTION, b""], ids=["with a question", "without"])
def test_who_speaks_edns_is_answered_so_whatever_the_opcode(opcode: int, question: bytes) -> None:
    counts = (bool(question), 0, 0, 1)
    wire = WORLD.bytes(header(flags=opcode << 11, counts=counts) + question + OPT)
    assert wire is not None
    assert wire[3] & 0xF == (dns.rcode.REFUSED if opcode in (4, 5) else dns.rcode.NOTIMP)
    assert wire[4:] == struct.pack("!4H", 0, 0, 0, 1) + OPT


def test_names_far_into_a_long_message_are_right() -> None:
    # Each zone stands twice, and from 16384 bytes on there is nothing to point to any more.
    lines = [f"far.xip.test 60 MX {number} host{number}.zone{number // 2}.test" for number in range(1500)]
    response = World(*lines).message(dns.message.make_query("far.xip.test", "MX"), Transport.TCP)
    expected = {f"{number} host{number}.zone{number // 2}.test." for number in range(1500)}
    assert {rdata.to_text() for rdata in response.answer[0]} == expected


SAMPLES = [
    dns.message.make_query(name, rtype, **options).to_wire()
    for name, rtype in (
        ("10.0.0.5.xip.test", "A"),
        ("www.xip.test", "A"),
        ("big.xip.test", "TXT"),
        ("x.many.xip.test", "ANY"),
        ("5.0.0.10.in-addr.arpa", "PTR"),
        ("xip.test", "NS"),
    )
    for options in (
        {},
        {"use_edns": 0},
        {"use_edns": 0, "options": [dns.edns.GenericOption(dns.edns.NSID, b"")]},
    )
]


def check(wire: bytes) -> None:
    """Any response is a DNS message for this query within the limits, or there is none."""
    for transport, room in ((Transport.UDP, 1232), (Transport.TCP, 65535)):
        response = WORLD.bytes(wire, transport)
        if response is None:
            assert len(wire) < 12 or wire[2] & 0x80
            continue
        assert response[:2] == wire[:2]
        assert len(response) <= room
        assert not response[3] & 0x80, "RA is never set"
        if wire[2] >> 3 & 0xF in (0, 4, 5):
            dns.message.from_wire(response, question_only=response[3] & 0xF in (1, 4, 5))


@settings(max_examples=300)
@given(st.binary(max_size=600))
def test_random_bytes_never_raise(data: bytes) -> None:
    check(data)


@settings(max_examples=300)
@given(st.binary(max_size=200), st.tuples(*[st.integers(0, 3)] * 4))
def test_random_bytes_behind_a_header_never_raise(data: bytes, counts: tuple[int, int, int, int]) -> None:
    check(header(counts=counts) + data)


@settings(max_examples=600)
@given(
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    st.integers(0, 80),
)
def test_mutated_queries_never_raise(wire: bytes, changes: list[tuple[int, int]], cut: int) -> None:
    mutated = bytearray(wire)
    for position, byte in changes:
        mutated[position % len(mutated)] = byte
    check(bytes(mutated[: len(mutated) - cut] if cut < 40 else mutated))


@settings(max_examples=200)
@given(st.lists(st.binary(min_size=1, max_size=63), max_size=3), st.integers(0, 300))
def test_every_name_and_type_gets_a_well_formed_answer(labels: list[bytes], rtype: int) -> None:
    name = dns.name.Name([*labels, b"xip", b"test", b""])
    query = dns.message.make_query(name, dns.rdatatype.RdataType.make(rtype), use_edns=0)
    response = WORLD.message(query)
    assert response.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.REFUSED)
    if not response.answer and response.rcode() != dns.rcode.REFUSED and response.flags & dns.flags.AA:
        assert response.authority[0].rdtype == dns.rdatatype.SOA
