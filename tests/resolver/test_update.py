"""DNS UPDATE: prerequisites, changes, grants, all or nothing (RFC 2136)."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver.answers.responder import Transport
from resolver.primary.keys import parse_key
from resolver.primary.tsig import Signer
from tests.resolver.owner import ADMIN_KEY, Owner, changing

TXT = "_acme-challenge.app.10.0.0.5.xip.test."


@pytest.fixture
def owner() -> Iterator[Owner]:
    owner = Owner(
        "www.xip.test 60 A 192.0.2.1",
        "www.xip.test 60 A 192.0.2.2",
        "alias.xip.test 60 CNAME www.xip.test",
        "deep.down.xip.test 60 TXT here",
        "xip.test 60 MX 10 mail.xip.test",
    )
    yield owner
    owner.close()


def rcode(owner: Owner, message: dns.message.Message) -> str:
    return dns.rcode.to_text(owner.send(message).rcode())


@pytest.mark.parametrize("transport", list(Transport))
def test_a_challenge_is_set_seen_and_taken_away(owner: Owner, transport: Transport) -> None:
    add = changing()
    add.add(TXT, 30, "TXT", "token-1")
    response = owner.send(add, transport)
    assert response.rcode() == dns.rcode.NOERROR
    assert response.had_tsig
    assert response.id == add.id
    assert response.opcode() == dns.opcode.UPDATE
    assert owner.answers(TXT, "TXT") == ['"token-1"']
    # Names with addresses go on to have them, also below the new one and above it.
    assert owner.answers("app.10.0.0.5.xip.test", "A") == ["10.0.0.5"]

    second = changing()
    second.add(TXT, 30, "TXT", "token-2")
    assert rcode(owner, second) == "NOERROR"
    assert owner.answers(TXT, "TXT") == ['"token-1"', '"token-2"']

    one_away = changing()
    one_away.delete(TXT, "TXT", "token-1")
    assert rcode(owner, one_away) == "NOERROR"
    assert owner.answers(TXT, "TXT") == ['"token-2"']

    all_away = changing()
    all_away.delete(TXT, "TXT")
    assert rcode(owner, all_away) == "NOERROR"
    assert owner.answers(TXT, "TXT") == []


def presumed(prerequisite: str) -> dns.update.UpdateMessage:
    """``there NAME [TYPE [DATA…]]`` or ``absent NAME [TYPE]``, and a change if it holds."""
    message = changing("admin")
    word, *rest = prerequisite.split(" ", 3)
    getattr(message, {"there": "present", "absent": "absent"}[word])(*rest)
    message.add("new", 60, "TXT", "done")
    return message


@pytest.mark.parametrize(
    ("prerequisite", "expected"),
    [
        ("there www", "NOERROR"),
        ("there WWW", "NOERROR"),
        ("there nothing", "NXDOMAIN"),
        ("there down", "NXDOMAIN"),
        ("there 10.0.0.5", "NXDOMAIN"),
        ("there www A", "NOERROR"),
        ("there www AAAA", "NXRRSET"),
        ("there nothing A", "NXRRSET"),
        ("there www A 192.0.2.1", "NXRRSET"),
        ("there www A 192.0.2.9", "NXRRSET"),
        ("there www TXT x", "NXRRSET"),
        ("there alias CNAME WWW.xip.TEST.", "NOERROR"),
        ("there deep.down TXT here", "NOERROR"),
        ("there deep.down TXT Here", "NXRRSET"),
        ("there @ MX 10 MAIL.xip.test.", "NOERROR"),
        ("there @ SOA", "NOERROR"),
        ("absent nothing", "NOERROR"),
        ("absent down", "NOERROR"),
        ("absent www", "YXDOMAIN"),
        ("absent www AAAA", "NOERROR"),
        ("absent www A", "YXRRSET"),
    ],
)
def test_an_update_happens_only_if_what_it_presumes_is_so(
    owner: Owner, prerequisite: str, expected: str
) -> None:
    serial = owner.serial()
    assert rcode(owner, presumed(prerequisite)) == expected
    assert owner.answers("new.xip.test", "TXT") == (['"done"'] if expected == "NOERROR" else [])
    assert (owner.serial() > serial) == (expected == "NOERROR")


def test_all_records_of_a_set_can_be_presumed_in_any_order_and_not_fewer(owner: Owner) -> None:
    message = changing("admin")
    message.present("www", "A", "192.0.2.2", "192.0.2.1")
    message.replace("www", 60, "A", "192.0.2.3")
    assert rcode(owner, message) == "NOERROR"
    assert owner.answers("www.xip.test", "A") == ["192.0.2.3"]
    again = changing("admin")
    again.present("www", "A", "192.0.2.2", "192.0.2.1")
    again.replace("www", 60, "A", "192.0.2.4")
    assert rcode(owner, again) == "NXRRSET"
    assert owner.answers("www.xip.test", "A") == ["192.0.2.3"]


def test_one_bad_change_stops_all_others(owner: Owner) -> None:
    outside = changing("admin")
    outside.add("good", 60, "A", "192.0.2.7")
    outside.add("elsewhere.test.", 60, "A", "192.0.2.7")
    assert rcode(owner, outside) == "NOTZONE"
    not_granted = changing()
    not_granted.add("_acme-challenge", 60, "TXT", "x")
    not_granted.add("www", 60, "A", "192.0.2.7")
    assert rcode(owner, not_granted) == "REFUSED"
    assert owner.answers("good.xip.test", "A") == []
    assert owner.answers("_acme-challenge.xip.test", "TXT") == []


@pytest.mark.parametrize(
    ("name", "rtype", "data", "expected"),
    [
        ("_acme-challenge", "TXT", "x", "NOERROR"),
        ("_ACME-Challenge.a.b", "TXT", "x", "NOERROR"),
        ("_acme-challenge.www", "A", "192.0.2.1", "REFUSED"),
        ("_acme-challenge.www", "CNAME", "elsewhere.test.", "REFUSED"),
        ("www", "TXT", "x", "REFUSED"),
        ("x._acme-challenge", "TXT", "x", "REFUSED"),
        ("@", "TXT", "x", "REFUSED"),
    ],
)
def test_a_key_may_by_itself_only_set_challenges(
    owner: Owner, name: str, rtype: str, data: str, expected: str
) -> None:
    message = changing()
    message.add(name, 60, rtype, data)
    assert rcode(owner, message) == expected


def test_a_grant_of_some_types_does_not_let_a_whole_name_be_deleted(owner: Owner) -> None:
    both = changing("admin")
    both.add("_acme-challenge", 60, "TXT", "x")
    both.add("_acme-challenge", 60, "A", "192.0.2.1")
    assert rcode(owner, both) == "NOERROR"
    everything = changing()
    everything.delete("_acme-challenge")
    assert rcode(owner, everything) == "REFUSED"
    address_gone = changing("admin")
    address_gone.delete("_acme-challenge", "A")
    assert rcode(owner, address_gone) == "NOERROR"
    for _ in range(2):
        # The second time there is nothing there, which is no error.
        again = changing()
        again.delete("_acme-challenge")
        assert rcode(owner, again) == "NOERROR"
    assert owner.answers("_acme-challenge.xip.test", "TXT") == []


def test_aliases_and_other_records_pass_each_other_over_in_silence(owner: Owner) -> None:
    message = changing("admin")
    message.add("www", 60, "CNAME", "elsewhere.test.")
    message.add("alias", 60, "A", "192.0.2.7")
    assert rcode(owner, message) == "NOERROR"
    assert owner.answers("www.xip.test", "A") == ["192.0.2.1", "192.0.2.2"]
    assert owner.answers("alias.xip.test", "CNAME") == ["www.xip.test."]
    swap = changing("admin")
    swap.delete("alias", "CNAME")
    swap.add("alias", 60, "A", "192.0.2.7")
    swap.replace("other", 60, "CNAME", "one.test.")
    swap.add("other", 60, "CNAME", "two.test.")
    assert rcode(owner, swap) == "NOERROR"
    assert owner.answers("alias.xip.test", "A") == ["192.0.2.7"]
    assert owner.answers("other.xip.test", "CNAME") == ["two.test."]
    redirected = changing("admin")
    redirected.add("old", 60, "DNAME", "one.test.")
    redirected.add("old", 60, "DNAME", "two.test.")
    assert rcode(owner, redirected) == "NOERROR"
    assert owner.answers("old.xip.test", "DNAME") == ["two.test."]


def test_the_apex_keeps_its_soa_and_its_last_name_server(owner: Owner) -> None:
    for change in (
        lambda message: message.delete("@"),
        lambda message: message.delete("@", "NS"),
        lambda message: message.delete("@", "NS", "xip.test."),
        lambda message: message.delete("@", "SOA"),
        lambda message: message.delete("@", "SOA", "a.test. b.test. 1 1 1 1 1"),
    ):
        message = changing("admin")
        change(message)
        assert rcode(owner, message) == "NOERROR"
        assert owner.answers("xip.test", "NS") == ["xip.test."]
        assert len(owner.answers("xip.test", "SOA")) == 1
    assert owner.answers("xip.test", "MX") == []
    soa = changing("admin")
    soa.add("@", 60, "SOA", "a.test. b.test. 4000000000 1 1 1 1")
    assert rcode(owner, soa) == "REFUSED"
    of_others = changing()
    of_others.delete("@", "SOA")
    assert rcode(owner, of_others) == "REFUSED"


def test_an_update_may_hide_what_others_gave_and_they_may_still_change_it(owner: Owner) -> None:
    gone = changing("admin")
    gone.delete("www", "A", "192.0.2.1")
    assert rcode(owner, gone) == "NOERROR"
    assert owner.answers("www.xip.test", "A") == ["192.0.2.2"]
    all_gone = changing("admin")
    all_gone.delete("www")
    assert rcode(owner, all_gone) == "NOERROR"
    assert owner.answers("www.xip.test", "A") == []


def test_the_last_ttl_is_that_of_the_set_and_the_same_again_changes_nothing(owner: Owner) -> None:
    for ttl in (60, 30):
        message = changing("admin")
        message.add("fresh", ttl, "TXT", "a")
        message.add("fresh", ttl, "TXT", "b")
        assert rcode(owner, message) == "NOERROR"
    query = dns.message.make_query("fresh.xip.test", "TXT")
    assert owner.send(query).answer[0].ttl == 30
    serial = owner.serial()
    same = changing("admin")
    same.add("fresh", 30, "TXT", "a")
    assert rcode(owner, same) == "NOERROR"
    assert owner.serial() == serial


def test_what_is_no_update_of_a_zone_of_ours_is_told_so(owner: Owner) -> None:
    assert rcode(owner, changing("admin", zone="other.test")) == "NOTAUTH"
    assert rcode(owner, changing("admin", zone="www.xip.test")) == "NOTAUTH"
    outside = changing()
    outside.add("www.other.test.", 60, "A", "192.0.2.1")
    assert rcode(owner, outside) == "NOTZONE"
    assert rcode(owner, changing(None)) == "REFUSED"
    # Not even whether a name exists is told to strangers.
    stranger = changing(None)
    stranger.present("nothing")
    assert rcode(owner, stranger) == "REFUSED"


def test_the_longest_zone_owns_a_name() -> None:
    owner = Owner(zones=("xip.test", "sub.xip.test"))
    message = changing("admin")
    message.add("a.sub", 60, "A", "192.0.2.1")
    assert rcode(owner, message) == "NOTZONE"
    right = changing("admin", zone="sub.xip.test")
    right.add("a", 60, "A", "192.0.2.1")
    assert rcode(owner, right) == "NOERROR"
    assert owner.answers("a.sub.xip.test", "A") == ["192.0.2.1"]
    owner.close()


class Raw(NamedTuple):
    """A record of any kind, as nobody's library would write it."""

    section: str
    type: int
    rclass: int
    ttl: int
    data: bytes

    def wire(self) -> bytes:
        """A signed update with this record."""
        counts = (1, 0, 0) if self.section == "prerequisite" else (0, 1, 0)
        head = b"\0\1\x28\0\0\1" + b"".join(count.to_bytes(2) for count in counts)
        kind = self.type.to_bytes(2) + self.rclass.to_bytes(2) + self.ttl.to_bytes(4)
        record = b"\3new\xc0\x0c" + kind + len(self.data).to_bytes(2) + self.data
        wire = head + b"\3xip\4test\0\0\6\0\1" + record
        return Signer(parse_key(ADMIN_KEY)).sign(wire, int(time.time()))


@pytest.mark.parametrize(
    "record",
    [
        Raw("prerequisite", 1, 1, 60, bytes(4)),
        Raw("prerequisite", 1, 255, 60, b""),
        Raw("prerequisite", 1, 255, 0, bytes(4)),
        Raw("prerequisite", 1, 254, 0, bytes(4)),
        Raw("prerequisite", 1, 3, 0, bytes(4)),
        Raw("prerequisite", 255, 1, 0, b"x"),
        Raw("change", 1, 1, 60, b""),
        Raw("change", 1, 1, 60, bytes(3)),
        Raw("change", 255, 1, 60, b"x"),
        Raw("change", 252, 1, 60, b"x"),
        Raw("change", 252, 255, 0, b""),
        Raw("change", 1, 255, 60, b""),
        Raw("change", 1, 255, 0, bytes(4)),
        Raw("change", 1, 254, 60, bytes(4)),
        Raw("change", 1, 254, 0, b""),
        Raw("change", 255, 254, 0, b"x"),
        Raw("change", 1, 3, 0, bytes(4)),
        Raw("change", 1, 1, 2**31, bytes(4)),
    ],
)
def test_records_that_cannot_be_are_format_errors(owner: Owner, record: Raw) -> None:
    serial = owner.serial()
    (answer,) = owner.raw(record.wire())
    assert answer[3] & 0xF == dns.rcode.FORMERR
    assert owner.serial() == serial


NAMES = st.sampled_from(["a", "b", "a.b", "@"])
RECORDS = st.sampled_from([("A", "192.0.2.1"), ("A", "192.0.2.2"), ("TXT", "x"), ("CNAME", "t.test.")])
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "delete one", "delete type", "delete all"]), NAMES, RECORDS)
)


@given(STEPS)
def test_many_changes_in_one_message_come_to_the_same_as_one_after_the_other(
    steps: list[tuple[str, str, tuple[str, str]]],
) -> None:
    together, apart = Owner(), Owner()
    everything = changing("admin")
    for step in steps:
        single = changing("admin")
        for message in (everything, single):
            _write(message, step)
        assert rcode(apart, single) == "NOERROR"
    assert rcode(together, everything) == "NOERROR"
    for name in ("a", "b", "a.b"):
        for rtype in ("A", "TXT", "CNAME"):
            told = [owner.answers(f"{name}.xip.test", rtype) for owner in (together, apart)]
            assert told[0] == told[1]
    for owner in (together, apart):
        owner.close()


def _write(message: dns.update.UpdateMessage, step: tuple[str, str, tuple[str, str]]) -> None:
    verb, name, (rtype, data) = step
    if verb == "add":
        message.add(name, 60, rtype, data)
    elif verb == "delete one":
        message.delete(name, rtype, data)
    else:
        message.delete(*([name, rtype] if verb == "delete type" else [name]))


@given(st.binary(max_size=120), st.integers(0, 200), st.binary(max_size=4))
def test_no_bytes_make_the_owner_raise_or_change_anything(junk: bytes, place: int, patch: bytes) -> None:
    owner = Owner()
    serial = owner.serial()
    message = changing()
    message.add(TXT, 30, "TXT", "token")
    original = message.to_wire()
    wire = bytearray(original)
    wire[place : place + len(patch)] = patch
    for bad in (junk, b"\0\1\x28\0\0\1" + junk, bytes(wire)):
        if bad[2:].lower() == original[2:].lower():
            # The number of a message may change on its way, and so may the case of the key's name.
            continue
        for answer in owner.raw(bad):
            assert len(answer) >= 12
            assert answer[2] & 0x80
    assert owner.serial() == serial
    owner.close()


@pytest.mark.parametrize("name", ["*.wild", "moved"])
def test_what_makes_secondaries_refuse_the_whole_zone_is_not_taken(owner: Owner, name: str) -> None:
    moving = changing("admin")
    moving.add("moved", 60, "DNAME", "elsewhere.test.")
    assert rcode(owner, moving) == "NOERROR"
    message = changing("admin")
    message.add("good", 60, "A", "192.0.2.7")
    message.add(name, 60, "NS", "ns.elsewhere.test.")
    assert rcode(owner, message) == "REFUSED"
    assert owner.answers("good.xip.test", "A") == []


def test_only_what_an_update_comes_to_has_to_be_possible(owner: Owner) -> None:
    message = changing("admin")
    message.add("moved", 60, "NS", "ns.elsewhere.test.")
    message.add("moved", 60, "DNAME", "elsewhere.test.")
    message.delete("moved", "NS")
    assert rcode(owner, message) == "NOERROR"
    assert owner.answers("moved.xip.test", "DNAME") == ["elsewhere.test."]


def test_who_speaks_edns_gets_an_answer_that_does(owner: Owner) -> None:
    for by in ("admin", None):
        message = changing(by)
        message.add("www", 60, "A", "192.0.2.7")
        message.use_edns(0)
        message.want_dnssec()
        answer = owner.send(message)
        assert (answer.edns, answer.payload, answer.ednsflags) == (0, 1232, dns.flags.DO)


def test_another_version_of_edns_is_none_that_is_spoken_here(owner: Owner) -> None:
    signed, unsigned = changing("admin"), dns.message.make_query("xip.test", "AXFR")
    signed.add("fresh", 60, "A", "192.0.2.7")
    for message in (signed, unsigned):
        message.use_edns(1)
    assert rcode(owner, signed) == "BADVERS"
    assert owner.answers("fresh.xip.test", "A") == []
    open_owner = Owner(allow_transfers=("127.0.0.0/8",))
    answer = open_owner.send(unsigned)
    assert (dns.rcode.to_text(answer.rcode()), answer.edns) == ("BADVERS", 0)
    open_owner.close()
