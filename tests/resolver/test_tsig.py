"""Signatures: whose, over what, when; and what is said of wrong ones (RFC 8945)."""

import base64
import logging
import time
from pathlib import Path

import dns.message
import dns.rcode
import dns.tsig
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver import ResolverError
from resolver.answers.responder import Transport
from resolver.answers.sections import parse_message
from resolver.answers.wire import MalformedError
from resolver.config import ResolverConfig
from resolver.names import fold, from_text, to_wire
from resolver.primary.access import read_access
from resolver.primary.keys import Grant, parse_grant, parse_key, read_keys, settle_grants
from resolver.primary.replay import Replays
from resolver.primary.tsig import Fault, Signature, Signer, check_signature, find_signature
from tests.resolver.owner import SECRET, Owner, changing, key

NAME = "_acme-challenge.xip.test."


def challenge(by: str = "acme", text: str = "x") -> dns.update.UpdateMessage:
    message = changing(by)
    message.add(NAME, 60, "TXT", text)
    return message


@pytest.mark.parametrize("size", [224, 256, 384, 512, 1])
def test_every_algorithm_signs_and_is_read_by_others(size: int) -> None:
    algorithm = f"hmac-sha{size}"
    owner = Owner(tsig_keys=(f"k.:{algorithm}:{SECRET}",), allow_updates=())
    message = dns.update.UpdateMessage("xip.test", keyring=dns.tsig.Key("K", SECRET, algorithm))
    message.add(NAME, 60, "TXT", "x")
    response = owner.send(message)
    assert response.rcode() == dns.rcode.NOERROR
    assert response.had_tsig
    owner.close()


def fault_of(owner: Owner, wire: bytes) -> tuple[str, int, int, bytes]:
    """The rcode, and of the response's TSIG the error, the size of the MAC, and the other data."""
    (answer,) = owner.raw(wire)
    message = dns.message.from_wire(answer, keyring=False)
    assert message.tsig is not None
    tsig = message.tsig[0]
    return dns.rcode.to_text(message.rcode()), tsig.error, len(tsig.mac), tsig.other


def test_unknown_keys_and_wrong_secrets_and_algorithms_are_told_unsigned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    owner = Owner()
    unknown = dns.update.UpdateMessage("xip.test", keyring=key("nobody"))
    assert fault_of(owner, unknown.to_wire()) == ("NOTAUTH", Fault.BADKEY, 0, b"")
    other = dns.update.UpdateMessage("xip.test", keyring=dns.tsig.Key("acme", SECRET, "hmac-sha512"))
    assert fault_of(owner, other.to_wire()) == ("NOTAUTH", Fault.BADKEY, 0, b"")
    wrong = dns.update.UpdateMessage("xip.test", keyring=key("acme", base64.b64encode(b"wrong").decode()))
    with caplog.at_level(logging.WARNING):
        assert fault_of(owner, wrong.to_wire()) == ("NOTAUTH", Fault.BADSIG, 0, b"")
    assert "BADSIG" in caplog.text
    assert SECRET not in caplog.text
    assert owner.answers(NAME, "TXT") == []
    owner.close()


def test_clients_know_these_faults_for_what_they_are() -> None:
    owner = Owner()
    wrong = dns.update.UpdateMessage("xip.test", keyring=key("acme", base64.b64encode(b"wrong").decode()))
    with pytest.raises(dns.tsig.PeerBadSignature):
        owner.send(wrong)
    unknown = dns.update.UpdateMessage("xip.test", keyring=key("nobody"))
    with pytest.raises(dns.tsig.PeerBadKey):
        owner.send(unknown)
    owner.close()


@pytest.mark.parametrize("skew", [301, -301, 10**9])
def test_a_clock_that_is_wrong_is_told_the_right_time_and_works_once_it_is_right(skew: int) -> None:
    owner = Owner()
    owner.skew = skew
    message = challenge()
    wire = message.to_wire()
    (answer,) = owner.raw(wire)
    response = dns.message.from_wire(answer, keyring=False)
    assert response.tsig is not None
    tsig = response.tsig[0]
    assert response.rcode() == dns.rcode.NOTAUTH
    assert tsig.error == Fault.BADTIME
    assert int.from_bytes(tsig.other) == pytest.approx(time.time() + skew, abs=5)
    # It is signed, and by the client's own time, so that the client can check it.
    assert tsig.time_signed == message.tsig[0].time_signed  # type: ignore[index]
    signature = find_signature(parse_message(answer))
    assert signature
    keys = {(b"acme",): parse_key(f"acme:hmac-sha256:{SECRET}")}
    assert check_signature(signature, keys, tsig.time_signed, request_mac=message.mac) is Fault.NONE
    assert owner.answers(NAME, "TXT") == []
    owner.skew = 0
    assert owner.send(challenge()).rcode() == dns.rcode.NOERROR
    owner.close()


def test_a_clock_within_the_fudge_is_good_enough() -> None:
    owner = Owner()
    for skew in (290, -290):
        owner.skew = skew
        assert owner.raw(challenge(text=str(skew)).to_wire())[0][3] & 0xF == dns.rcode.NOERROR
    owner.close()


def test_an_update_that_comes_again_is_answered_again_and_not_done_again() -> None:
    owner = Owner()
    add = challenge().to_wire()
    (answer,) = owner.raw(add)
    gone = changing()
    gone.delete(NAME, "TXT")
    assert owner.send(gone).rcode() == dns.rcode.NOERROR
    assert owner.raw(add) == [answer]
    assert owner.answers(NAME, "TXT") == []
    refused = changing()
    refused.present(NAME)
    refused.add(NAME, 60, "TXT", "late")
    wire = refused.to_wire()
    assert owner.raw(wire)[0][3] & 0xF == dns.rcode.NXDOMAIN
    assert owner.send(challenge(text="other")).rcode() == dns.rcode.NOERROR
    assert owner.raw(wire)[0][3] & 0xF == dns.rcode.NXDOMAIN
    assert owner.answers(NAME, "TXT") == ['"other"']
    owner.close()


@pytest.mark.parametrize("grown", [False, True])
def test_an_update_that_comes_again_after_a_restart_is_not_done_again(tmp_path: Path, grown: bool) -> None:
    path = tmp_path / "journal"
    owner = Owner(journal=path)
    wire = challenge().to_wire()
    assert owner.raw(wire)[0][3] & 0xF == dns.rcode.NOERROR
    gone = changing()
    gone.delete(NAME, "TXT")
    assert owner.send(gone).rcode() == dns.rcode.NOERROR
    if grown:
        assert owner.journal
        owner.journal.rewrite(owner.authority._updates._snapshot())
    owner.close()
    again = Owner(journal=path)
    (answer,) = again.raw(wire)
    assert answer[3] & 0xF == (dns.rcode.NOTAUTH if grown else dns.rcode.NOERROR)
    assert again.answers(NAME, "TXT") == []
    again.close()


def seen(signed: int, mac: bytes = b"mac") -> Signature:
    return Signature((b"k",), (), signed, 300, 0, mac)


def test_the_table_of_what_was_done_is_bounded_and_forgets_nothing_that_could_come_again() -> None:
    replays = Replays(most=10)
    for number in range(100):
        replays.add(seen(1000 + number, bytes([number])), b"answer")
    assert replays.find(seen(1099, bytes([99]))) == b"answer"
    assert not replays.is_stale(seen(1099, bytes([99])), 1100)
    assert replays.find(seen(1000, b"\0")) is None
    assert replays.is_stale(seen(1000, b"\0"), 1100)
    assert replays.is_stale(seen(1089), 1100)
    assert not replays.is_stale(seen(1090), 1100)
    replays.expire(1395)
    assert replays.find(seen(1094, bytes([94]))) is None
    assert replays.find(seen(1095, bytes([95]))) == b"answer"
    assert replays.latest() == {(b"k",): 1099}


def test_a_last_time_in_the_far_future_is_of_a_wrong_clock_and_locks_nobody_out() -> None:
    replays = Replays()
    replays.add_floor((b"k",), 5000)
    assert replays.is_stale(seen(4900), 4800)
    assert not replays.is_stale(seen(1000), 1000)


def test_a_signed_question_is_answered_as_any_other_and_signed() -> None:
    owner = Owner()
    for transport in Transport:
        for name, rtype in (("app.10.0.0.5.xip.test", "A"), ("xip.test", "SOA"), ("nothing.xip.test", "A")):
            plain = owner.send(dns.message.make_query(name, rtype), transport)
            query = dns.message.make_query(name, rtype)
            query.use_tsig(key())
            signed = owner.send(query, transport)
            assert signed.had_tsig
            assert (signed.rcode(), signed.answer, signed.authority) == (
                plain.rcode(),
                plain.answer,
                plain.authority,
            )
    owner.close()


def test_a_signed_answer_over_udp_stays_within_what_the_client_takes() -> None:
    owner = Owner(*(f"long.xip.test 60 TXT {'x' * 90}{number}" for number in range(4)))
    query = dns.message.make_query("long.xip.test", "TXT", use_edns=False)
    query.use_tsig(key())
    (wire,) = owner.raw(query.to_wire(), Transport.UDP)
    assert len(wire) <= 512
    assert wire[2] & 2
    owner.close()


def test_signatures_in_wrong_places_or_of_wrong_lengths_are_format_errors() -> None:
    wire = challenge().to_wire()
    message = parse_message(wire)
    record = message.additional[-1]
    twice = wire[:10] + b"\0\2" + wire[12:] + wire[record.at :]
    not_last = wire[:10] + b"\0\2" + wire[12:] + b"\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4"
    as_change = wire[:8] + b"\0\2\0\0" + wire[12:]
    for bad in (twice, not_last, as_change):
        with pytest.raises(MalformedError):
            find_signature(parse_message(bad))
    owner = Owner()
    assert owner.raw(twice)[0][3] & 0xF == dns.rcode.FORMERR
    owner.close()


def shortened(size: int) -> Signature:
    signature = find_signature(parse_message(challenge().to_wire()))
    assert signature
    fields = (signature.key, signature.algorithm, signature.time, signature.fudge, signature.original_id)
    return Signature(*fields, signature.mac[:size], 0, b"", signature.body)


def test_short_signatures_are_not_good_enough_and_very_short_ones_none_at_all() -> None:
    keys = {(b"acme",): parse_key(f"acme:hmac-sha256:{SECRET}")}
    now = int(time.time())
    assert check_signature(shortened(32), keys, now) is Fault.NONE
    assert check_signature(shortened(16), keys, now) is Fault.BADTRUNC
    for size in (15, 0):
        with pytest.raises(MalformedError):
            check_signature(shortened(size), keys, now)


def test_who_signs_too_short_is_told_so_by_a_signed_answer() -> None:
    owner = Owner()
    wire = challenge().to_wire()
    message = parse_message(wire)
    record = message.additional[-1]
    kind = record.start + len(to_wire((b"hmac-sha256",)))
    mac = wire[kind + 10 : kind + 26]
    data = wire[record.start : kind + 8] + b"\0\x10" + mac + wire[kind + 42 :]
    (answer,) = owner.raw(wire[: record.start - 2] + len(data).to_bytes(2) + data)
    told = find_signature(parse_message(answer))
    assert told
    assert (answer[3] & 0xF, told.error, told.other) == (dns.rcode.NOTAUTH, Fault.BADTRUNC, b"")
    keys = {(b"acme",): parse_key(f"acme:hmac-sha256:{SECRET}")}
    assert check_signature(told, keys, told.time, request_mac=mac) is Fault.NONE
    assert owner.answers(NAME, "TXT") == []
    owner.close()


@given(st.integers(0, 400), st.integers(1, 255))
def test_one_changed_byte_spoils_a_signature(place: int, step: int) -> None:
    wire = bytearray(dns.message.make_query("app.10.0.0.5.xip.test", "A").to_wire())
    shared = parse_key(f"acme:hmac-sha256:{SECRET}")
    signed = bytearray(Signer(shared).sign(bytes(wire), 1000))
    # Not the message's number, which is not signed.
    index = 2 + place % (len(signed) - 2)
    changed = signed[index] + step & 0xFF
    if bytes([changed]).lower() == bytes([signed[index]]).lower():
        return
    signed[index] = changed
    try:
        signature = find_signature(parse_message(bytes(signed)))
        fault = check_signature(signature, {(b"acme",): shared}, 1000) if signature else Fault.BADSIG
    except MalformedError:
        return
    assert fault is not Fault.NONE


def test_keys_are_read_from_options_and_files_in_two_ways_of_writing() -> None:
    text = f"""
    # a comment
    one:hmac-sha256:{SECRET}
    key "two." {{
        algorithm hmac-sha512;   // another
        secret "{SECRET}";
    }};
    key three {{ secret "{SECRET}"; algorithm "HMAC-SHA1"; }};
    """
    keys = {key.name: key.algorithm for key in read_keys(text, "keys.txt")}
    assert keys == {(b"one",): "hmac-sha256", (b"two",): "hmac-sha512", (b"three",): "hmac-sha1"}


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "name:hmac-sha256",
        f":hmac-sha256:{SECRET}",
        f"n:hmac-md5:{SECRET}",
        "n:hmac-sha256:?hidden?",
        "n:hmac-sha256:",
    ],
)
def test_a_bad_key_is_told_without_its_secret(text: str) -> None:
    with pytest.raises(ResolverError) as caught:
        read_keys(text, "keys.txt")
    assert "keys.txt" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_the_text_of_a_key_does_not_tell_the_secret() -> None:
    assert SECRET not in repr(parse_key(f"a:hmac-sha256:{SECRET}"))
    assert "secret" not in repr(parse_key(f"a:hmac-sha256:{SECRET}"))


@pytest.mark.parametrize(
    ("grant", "name", "rtype", "expected"),
    [
        ("k", "_acme-challenge.a.b.test", 16, True),
        ("k", "_acme-challenge.a.b.test", 1, False),
        ("k:team.xip.test", "team.xip.test", 1, True),
        ("k:team.xip.test", "a.b.TEAM.xip.test", 99, True),
        ("k:team.xip.test", "steam.xip.test", 1, False),
        ("k:team.xip.test:A,AAAA", "a.team.xip.test", 28, True),
        ("k:team.xip.test:A,AAAA", "a.team.xip.test", 16, False),
        ("k:_acme-challenge.*.team.xip.test:TXT", "_acme-challenge.a.b.team.xip.test", 16, True),
        ("k:_acme-challenge.*.team.xip.test:TXT", "_acme-challenge.team.xip.test", 16, True),
        ("k:_acme-challenge.*.team.xip.test:TXT", "_acme-challenge.xip.test", 16, False),
        ("k:_acme-challenge.*.team.xip.test:TXT", "x._acme-challenge.a.team.xip.test", 16, False),
        ("k:.", "any.thing", 1, True),
        ("k:.", "any.thing", 6, False),
    ],
)
def test_a_grant_covers_names_and_types(grant: str, name: str, rtype: int, expected: bool) -> None:
    assert parse_grant(grant).permits(fold(from_text(name)), rtype) == expected


@pytest.mark.parametrize("text", ["", ":name", "k:a.*.b.*.c", "k:name:NOTYPE", "k:name:SOA", "k:name:ANY"])
def test_a_bad_grant_is_refused(text: str) -> None:
    with pytest.raises(ResolverError):
        parse_grant(text)


def test_a_key_that_is_for_transfers_only_may_change_nothing() -> None:
    keys = [parse_key(f"{name}:hmac-sha256:{SECRET}") for name in ("plain", "moving", "granted")]
    given_grants = (parse_grant("granted:a.test"),)
    grants: tuple[Grant, ...] = settle_grants(keys, given_grants, [(b"moving",)])
    assert [grant.key for grant in grants] == [(b"granted",), (b"plain",)]
    assert grants[1].permits((b"_acme-challenge", b"x"), 16)


@pytest.mark.parametrize(
    "settings",
    [
        {"allow_updates": ("unknown:a.test",)},
        {"allow_transfers": ("unknown",)},
        {"notify": ("127.0.0.1:53=unknown",)},
        {"notify": ("somewhere:53",)},
        {"tsig_keys": (f"a:hmac-sha256:{SECRET}", f"A.:hmac-sha512:{SECRET}")},
        {"tsig_key_files": ("/nowhere/keys",)},
        {"tsig_keys": (f"a:hmac-sha256:{SECRET}",), "allow_updates": ("a:xlp.test",)},
        {"tsig_keys": (f"a:hmac-sha256:{SECRET}",), "allow_updates": ("a:_acme-challenge.*.xlp.test",)},
    ],
)
def test_what_does_not_fit_together_is_refused_in_one_line(settings: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(ResolverError) as caught:
        read_access(ResolverConfig(zones=("xip.test",), **settings))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["xip.test", "in.xip.test", "test", ".", "_acme-challenge.*"])
def test_a_grant_may_be_for_names_below_or_above_a_zone(name: str) -> None:
    keys = (f"a:hmac-sha256:{SECRET}",)
    access = read_access(ResolverConfig(zones=("xip.test",), tsig_keys=keys, allow_updates=(f"a:{name}",)))
    assert len(access.grants) == 1


def test_keys_come_from_files_too(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"filed:hmac-sha256:{SECRET}\n")
    config = ResolverConfig(
        zones=("xip.test",), tsig_key_files=(str(path),), allow_transfers=("filed", "10.0.0.0/8")
    )
    access = read_access(config)
    assert access.may_transfer((b"filed",), "192.0.2.1")
    assert access.may_transfer(None, "10.1.2.3")
    assert access.may_transfer(None, "::ffff:10.1.2.3")
    assert not access.may_transfer(None, "192.0.2.1")
    assert not access.may_transfer(None, "2001:db8::1")
    assert not access.may_update((b"filed",), (b"_acme-challenge", b"xip", b"test"), 16)
    path.write_text("\n")
    with pytest.raises(ResolverError, match="no TSIG key"):
        read_access(config)
