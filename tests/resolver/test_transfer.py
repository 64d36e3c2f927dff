"""Zones handed out whole and as differences (RFC 5936, RFC 1995), to whom they may go."""

import logging
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.versioned
import dns.xfr
import dns.zone
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver.answers.responder import Transport
from resolver.answers.synthesis import rules_of
from resolver.primary.access import read_access
from resolver.primary.authority import Peer
from resolver.records import RRset
from resolver.zones.contents import Change
from resolver.zones.history import History, is_newer
from tests.resolver.owner import Owner, changing, key, transferring
from tests.resolver.zones import update

ORIGIN = dns.name.from_text("xip.test")
LOOPBACK = ("127.0.0.0/8",)


def open_owner(*lines: str, **settings: object) -> Owner:
    return Owner(
        *lines, **{"allow_transfers": (*LOOPBACK, "acme"), "ns": ("ns1.xip.test=192.0.2.53",), **settings}
    )


@pytest.fixture
def owner() -> Iterator[Owner]:
    owner = open_owner("www.xip.test 60 A 192.0.2.1", "alias.xip.test 60 CNAME www.xip.test")
    yield owner
    owner.close()


class Secondary:
    """A copy of the zone, kept by dnspython's own reader of transfers."""

    def __init__(self, owner: Owner, *, by: str | None = None) -> None:
        self.owner = owner
        self.zone = dns.versioned.Zone(ORIGIN, relativize=False)
        self.by = by

    def follow(self, rtype: str = "IXFR", transport: Transport = Transport.TCP) -> int:
        """Transfer what is new; the number of messages that it took."""
        serial = self.serial() if rtype == "IXFR" else 0
        query = transferring(rtype, serial, by=self.by)
        wires = self.owner.raw(query.to_wire(), transport)
        context = None
        kind = dns.rdatatype.from_text(rtype)
        is_udp = transport is Transport.UDP
        with dns.xfr.Inbound(self.zone, kind, serial, is_udp) as inbound:
            done = False
            for wire in wires:
                response = dns.message.from_wire(
                    wire,
                    keyring=query.keyring or None,
                    request_mac=query.mac,
                    xfr=True,
                    tsig_ctx=context,
                    multi=True,
                    one_rr_per_rrset=rtype == "IXFR",
                )
                context = response.tsig_ctx
                assert self.by is None or response.had_tsig
                done = inbound.process_message(response)
            assert done
        return len(wires)

    def serial(self) -> int:
        with self.zone.reader() as reader:
            soa = reader.get(ORIGIN, "SOA")
            return soa[0].serial if soa else 0

    def lines(self) -> list[str]:
        return lines_of(self.zone)


def lines_of(zone: dns.zone.Zone) -> list[str]:
    return sorted(zone.to_text(relativize=False, want_origin=False).splitlines())


def held(owner: Owner) -> list[str]:
    """The zone as its owner has it, in the same words."""
    (contents,) = owner.truth.zones.values()
    whole = dns.zone.Zone(ORIGIN, relativize=False)
    for rrset in contents.rrsets():
        name = dns.name.Name((*rrset.name, b""))
        made = [
            dns.rdata.from_wire(1, rrset.type, data, 0, len(data)).replace()  # type: ignore[arg-type]
            for data in rrset.data
        ]
        node = whole.find_rdataset(name, dns.rdatatype.RdataType.make(rrset.type), create=True)
        for rdata in made:
            node.add(rdata, rrset.ttl)
    return lines_of(whole)


@pytest.mark.parametrize("by", [None, "acme"])
def test_a_secondary_has_the_whole_zone_and_then_follows_by_differences(owner: Owner, by: str | None) -> None:
    secondary = Secondary(owner, by=by)
    secondary.follow("AXFR")
    assert secondary.lines() == held(owner)
    for name in ("a", "b"):
        message = changing("admin")
        message.add(name, 60, "TXT", "x")
        message.add("www", 30, "A", "192.0.2.2")
        message.delete("alias")
        assert owner.send(message).rcode() == dns.rcode.NOERROR
        given_lines = update([f"given-{name}.xip.test 60 MX 10 mail.example"])
        owner.truth.apply("xip.test", given_lines, now=0)
        secondary.follow()
        assert secondary.serial() == owner.serial()
        assert secondary.lines() == held(owner)


def records_in(wires: list[bytes]) -> int:
    return sum(int.from_bytes(wire[6:8]) for wire in wires)


def test_a_difference_has_only_what_is_different() -> None:
    owner = open_owner(*(f"many.xip.test 60 TXT number{number}" for number in range(100)))
    serial = owner.serial()
    message = changing("admin")
    message.add("many", 60, "TXT", "one-more")
    owner.send(message)
    wires = owner.raw(transferring("IXFR", serial).to_wire())
    # The new SOA, the old one, the new one, what came, the new one again.
    assert records_in(wires) == 5
    owner.close()


def test_who_is_up_to_date_gets_one_soa_and_who_is_too_old_gets_all(owner: Owner) -> None:
    for serial in (owner.serial(), owner.serial() + 5):
        (wire,) = owner.raw(transferring("IXFR", serial).to_wire())
        assert records_in([wire]) == 1
    wires = owner.raw(transferring("IXFR", 1).to_wire())
    (contents,) = owner.truth.zones.values()
    assert records_in(wires) == sum(len(rrset.data) for rrset in contents.rrsets()) + 1


def test_over_udp_there_is_a_small_difference_or_the_advice_to_ask_over_tcp(owner: Owner) -> None:
    secondary = Secondary(owner, by="acme")
    secondary.follow("AXFR")
    message = changing("admin")
    message.add("new", 60, "A", "192.0.2.9")
    owner.send(message)
    assert secondary.follow("IXFR", Transport.UDP) == 1
    assert secondary.lines() == held(owner)
    big = changing("admin")
    for number in range(100):
        big.add("big", 60, "TXT", "x" * 90 + str(number))
    owner.send(big)
    (wire,) = owner.raw(transferring("IXFR", secondary.serial(), by="acme").to_wire(), Transport.UDP)
    assert records_in([wire]) == 1
    assert len(wire) < 1232
    unsigned = transferring("IXFR", secondary.serial()).to_wire()
    (small,) = owner.raw(unsigned, Transport.UDP)
    assert len(small) <= 4 * len(unsigned)


def test_not_even_a_long_soa_goes_to_who_may_be_anyone() -> None:
    owner = Owner(hostmaster=".".join(["h" * 60] * 3) + ".test", allow_transfers=("127.0.0.0/8",))
    asked = transferring("IXFR", 1)
    (wire,) = owner.raw(asked.to_wire(), Transport.UDP)
    response = dns.message.from_wire(wire)
    assert asked.is_response(response)
    assert response.flags & dns.flags.TC
    assert len(wire) <= 4 * len(asked.to_wire())
    owner.close()


@pytest.mark.parametrize(
    ("question", "host", "expected"),
    [
        (transferring("AXFR"), "192.0.2.1", "REFUSED"),
        (transferring("AXFR", by="admin"), "192.0.2.1", "REFUSED"),
        (transferring("AXFR", by="acme"), "192.0.2.1", "NOERROR"),
        (transferring("AXFR"), "127.0.0.9", "NOERROR"),
        (transferring("AXFR", zone="www.xip.test"), "127.0.0.1", "NOTAUTH"),
        (transferring("AXFR", zone="other.test"), "127.0.0.1", "NOTAUTH"),
        (dns.message.make_query("xip.test", "AXFR", "CH"), "127.0.0.1", "NOTAUTH"),
        (transferring("IXFR"), "192.0.2.1", "REFUSED"),
        (dns.message.make_query("xip.test", "IXFR"), "127.0.0.1", "FORMERR"),
    ],
)
def test_a_zone_goes_to_who_may_have_it_and_to_nobody_else(
    owner: Owner, question: dns.message.Message, host: str, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        wires = owner.raw(question.to_wire(), peer=Peer(host, 5353))
    assert dns.rcode.to_text(dns.rcode.Rcode(wires[0][3] & 0xF)) == expected
    assert (records_in(wires) > 0) == (expected == "NOERROR")
    assert ("refused a transfer to 192.0.2.1" in caplog.text) == (expected == "REFUSED")


def test_a_whole_zone_does_not_go_over_udp(owner: Owner) -> None:
    (wire,) = owner.raw(transferring("AXFR").to_wire(), Transport.UDP)
    assert wire[3] & 0xF == dns.rcode.FORMERR


def test_a_large_zone_takes_many_messages_each_signed_and_as_it_was_at_the_start() -> None:
    owner = open_owner(*(f"n{number}.xip.test 60 A 192.0.2.1" for number in range(3000)))
    before = held(owner)
    query = transferring("AXFR", by="acme")
    answers = owner.authority.handle(query.to_wire(), Peer("127.0.0.1", 1), Transport.TCP)
    first = next(answers)
    message = changing("admin")
    message.add("late", 60, "A", "192.0.2.9")
    owner.send(message)
    rest = list(answers)
    assert len(rest) > 3
    assert max(map(len, rest)) < 20_000
    secondary = Secondary(owner, by="acme")
    secondary.follow("AXFR")
    assert secondary.lines() != before
    # All addresses, that of the name server too, its NS, and the SOA twice.
    assert records_in([first, *rest]) == 3000 + 1 + 1 + 2
    owner.close()


def test_what_is_withheld_from_answers_does_not_leave_by_transfer_either() -> None:
    owner = open_owner(
        "a.xip.test 60 A 192.0.2.1",
        "a.xip.test 60 A 10.0.0.1",
        "b.xip.test 60 A 192.0.2.2",
        "evil.xip.test 60 TXT x",
        deny_nets=("192.0.2.0/24",),
        blocked=("evil.xip.test",),
    )
    secondary = Secondary(owner)
    secondary.follow("AXFR")
    message = changing("admin")
    message.add("c", 60, "A", "192.0.2.3")
    message.add("c", 60, "A", "10.0.0.3")
    message.add("x.evil", 60, "TXT", "y")
    message.delete("b")
    owner.send(message)
    secondary.follow()
    text = "\n".join(secondary.lines())
    assert "10.0.0.1" in text
    assert "10.0.0.3" in text
    assert "192.0.2." not in text
    assert "evil" not in text
    owner.close()


def test_a_name_that_is_blocked_later_leaves_the_secondaries_too() -> None:
    owner = open_owner("evil.xip.test 60 TXT x", "good.xip.test 60 TXT y")
    secondary = Secondary(owner)
    secondary.follow("AXFR")
    before = secondary.serial()
    assert "evil" in "\n".join(secondary.lines())
    config = msgspec.structs.replace(owner.config, blocked=("evil.xip.test",))
    owner.authority.obey(rules_of(config), read_access(config))
    secondary.follow()
    assert secondary.serial() > before
    assert "evil" not in "\n".join(secondary.lines())
    assert "good" in "\n".join(secondary.lines())
    owner.authority.obey(rules_of(config), read_access(config))
    assert owner.serial() == secondary.serial()
    owner.close()


def test_serials_are_compared_around_their_end() -> None:
    assert is_newer(1, 0)
    assert not is_newer(0, 0)
    assert not is_newer(0, 1)
    assert is_newer(3, 2**32 - 3)
    assert not is_newer(2**32 - 3, 3)


def test_only_so_many_changes_are_remembered_and_a_gap_ends_them() -> None:
    history = History(limit=10)
    rrset = RRset((b"a",), 1, 60, (b"\1\2\3\4",))
    for serial in range(20):
        history.add(Change((b"a",), serial, serial + 1, added=(rrset,)))
    assert history.since(9) is None
    remembered = history.since(10)
    assert remembered is not None
    assert [change.serial for change in remembered] == list(range(11, 21))
    assert history.since(20) is None
    history.add(Change((b"a",), 30, 31, added=(rrset,)))
    assert history.since(10) is None
    assert history.since(30) is not None


CHANGES = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"), st.sampled_from(["A 192.0.2.1", "A 192.0.2.2", "TXT x", "NS n.test"])
        ),
        max_size=4,
    ),
    max_size=8,
)


@given(CHANGES, st.integers(0, 8))
def test_any_differences_lead_from_any_state_to_the_last(
    changes: list[list[tuple[str, str]]], start: int
) -> None:
    owner = open_owner()
    secondary = Secondary(owner)
    secondary.follow("AXFR")
    for index, records in enumerate(changes):
        if index == start:
            secondary.follow()
        lines = [f"{name}.xip.test 60 {record}" for name, record in records]
        owner.truth.apply("xip.test", update(lines, replace=True), now=0)
    secondary.follow()
    assert secondary.lines() == held(owner)
    owner.close()


def test_a_signed_transfer_cannot_be_cut_or_changed_unnoticed(owner: Owner) -> None:
    query = transferring("AXFR", by="acme")
    (wire,) = owner.raw(query.to_wire())
    changed = wire.replace(b"\xc0\x00\x02\x01", b"\xc0\x00\x02\x07")
    assert changed != wire
    with pytest.raises(dns.tsig.BadSignature):
        dns.message.from_wire(changed, keyring=key(), request_mac=query.mac, xfr=True)
