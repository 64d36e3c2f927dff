"""Answers to questions, whole messages, checked by dnspython."""

from typing import Any

import dns.message
import pytest

from tests.resolver.zones import World, update

SOA = "authority xip.test. 60 SOA"

ENCODED = [
    ("app.10.0.0.5.xip.test", "A", "NOERROR aa; answer app.10.0.0.5.xip.test. 3600 A 10.0.0.5"),
    ("APP.10.0.0.5.xIp.test", "A", "NOERROR aa; answer APP.10.0.0.5.xIp.test. 3600 A 10.0.0.5"),
    ("2001-db8--1.xip.test", "AAAA", "NOERROR aa; answer 2001-db8--1.xip.test. 3600 AAAA 2001:db8::1"),
    ("10.0.0.5.xip.test", "AAAA", f"NOERROR aa; {SOA}"),
    ("2001-db8--1.xip.test", "A", f"NOERROR aa; {SOA}"),
    ("10.0.0.5.xip.test", "HTTPS", f"NOERROR aa; {SOA}"),
    ("10.0.0.5.xip.test", "TYPE65280", f"NOERROR aa; {SOA}"),
    ("10.0.0.5.xip.test", "MX", f"NOERROR aa; {SOA}"),
    ("10.0.0.5.xip.test", "SOA", f"NOERROR aa; {SOA}"),
    ("10.0.0.5.xip.test", "ANY", 'NOERROR aa; answer 10.0.0.5.xip.test. 3600 HINFO "RFC8482" ""'),
    ("nothing.xip.test", "A", f"NXDOMAIN aa; {SOA}"),
    ("nothing.xip.test", "ANY", f"NXDOMAIN aa; {SOA}"),
    ("5.xip.test", "A", f"NOERROR aa; {SOA}"),
    ("0.5.xip.test", "TXT", f"NOERROR aa; {SOA}"),
    ("0.0.5.xip.test", "A", f"NOERROR aa; {SOA}"),
    ("256.xip.test", "A", f"NXDOMAIN aa; {SOA}"),
    ("x.0.5.xip.test", "A", f"NXDOMAIN aa; {SOA}"),
    ("10.0.0.5.other.test", "A", "REFUSED"),
    ("test", "NS", "REFUSED"),
    (".", "NS", "REFUSED"),
    ("xip.test", "AXFR", "REFUSED"),
    ("xip.test", "IXFR", "REFUSED"),
]


@pytest.mark.parametrize(("name", "rtype", "told"), ENCODED)
def test_encoded_names(name: str, rtype: str, told: str) -> None:
    assert World().told(name, rtype) == told


def test_the_apex_has_soa_and_ns_with_glue() -> None:
    world = World(ns=("ns1.xip.test=192.0.2.53,2001:db8::53", "ns.elsewhere.example"), apex=("192.0.2.80",))
    assert world.told("xip.test", "NS") == (
        "NOERROR aa; answer xip.test. 3600 NS ns1.xip.test., xip.test. 3600 NS ns.elsewhere.example.; "
        "additional ns1.xip.test. 3600 A 192.0.2.53, ns1.xip.test. 3600 AAAA 2001:db8::53"
    )
    assert world.told("ns1.xip.test", "A") == "NOERROR aa; answer ns1.xip.test. 3600 A 192.0.2.53"
    assert world.told("xip.test", "A") == "NOERROR aa; answer xip.test. 3600 A 192.0.2.80"
    assert world.told("xip.test", "AAAA") == f"NOERROR aa; {SOA}"
    soa = world.ask("xip.test", "SOA").answer[0]
    assert soa.to_text() == ("xip.test. 3600 IN SOA ns1.xip.test. hostmaster.xip.test. 1 3600 600 1209600 60")


def test_a_name_server_may_have_an_address_in_its_name() -> None:
    world = World(ns=("ns-192-0-2-53.xip.test",))
    assert "additional ns-192-0-2-53.xip.test. 3600 A 192.0.2.53" in world.told("xip.test", "NS")


def test_without_name_servers_the_zone_names_itself() -> None:
    assert World().told("xip.test", "NS") == "NOERROR aa; answer xip.test. 3600 NS xip.test."


@pytest.mark.parametrize(
    ("rtype", "data"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("CNAME", "target.example."),
        ("TXT", '"one two" "three \\"quoted\\""'),
        ("MX", "10 mail.xip.test."),
        ("SRV", "0 5 5060 sip.xip.test."),
        ("PTR", "host.example."),
        ("CAA", '0 issue "ca.example"'),
        ("NAPTR", '100 10 "u" "E2U+sip" "!^.*$!sip:a@b.example!" .'),
        ("TLSA", "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
        ("SSHFP", "1 1 0123456789abcdef0123456789abcdef01234567"),
        ("HTTPS", '1 . alpn="h2,h3" ipv4hint="192.0.2.1"'),
        ("DNAME", "other.example."),
        ("TYPE65280", "\\# 3 010203"),
    ],
)
def test_given_records_of_any_type(rtype: str, data: str) -> None:
    answer = World(f"rec.xip.test 60 {rtype} {data}").ask("rec.xip.test", rtype).answer
    assert [rrset.to_text() for rrset in answer] == [f"rec.xip.test. 60 IN {rtype} {data}"]


def test_given_records_beat_encoded_addresses() -> None:
    world = World(
        "10-0-0-5.xip.test 60 A 192.0.2.1",
        "10-0-0-6.xip.test 60 CNAME elsewhere.example",
        "10-0-0-7.xip.test 60 AAAA 2001:db8::7",
    )
    assert world.told("10-0-0-5.xip.test", "A") == "NOERROR aa; answer 10-0-0-5.xip.test. 60 A 192.0.2.1"
    assert world.told("10-0-0-6.xip.test", "A").endswith("60 CNAME elsewhere.example.")
    assert world.told("10-0-0-7.xip.test", "A") == f"NOERROR aa; {SOA}"


def test_a_given_record_without_address_leaves_the_encoded_one() -> None:
    world = World('_acme-challenge.10-0-0-5.xip.test 60 TXT "token"', '10-0-0-6.xip.test 60 TXT "note"')
    assert world.addresses("_acme-challenge.10-0-0-5.xip.test", "TXT") == ['"token"']
    assert world.addresses("_acme-challenge.10-0-0-5.xip.test", "A") == ["10.0.0.5"]
    assert world.addresses("10-0-0-5.xip.test", "A") == ["10.0.0.5"]
    assert world.addresses("10-0-0-6.xip.test", "A") == ["10.0.0.6"]


def test_aliases_are_followed_inside_the_zones() -> None:
    world = World(
        "a.xip.test 60 CNAME b.xip.test",
        "b.xip.test 60 CNAME www.other.test",
        "www.other.test 60 A 192.0.2.1",
        "enc.xip.test 60 CNAME app.10-0-0-5.xip.test",
        "out.xip.test 60 CNAME www.example.com",
        "gone.xip.test 60 CNAME nothing.xip.test",
        zones=("xip.test", "other.test"),
    )
    assert world.told("A.xip.test", "A") == (
        "NOERROR aa; answer A.xip.test. 60 CNAME b.xip.test., b.xip.test. 60 CNAME www.other.test., "
        "www.other.test. 60 A 192.0.2.1"
    )
    assert world.told("enc.xip.test", "A").endswith("app.10-0-0-5.xip.test. 3600 A 10.0.0.5")
    assert world.told("out.xip.test", "A") == "NOERROR aa; answer out.xip.test. 60 CNAME www.example.com."
    assert world.told("gone.xip.test", "A") == (
        f"NXDOMAIN aa; answer gone.xip.test. 60 CNAME nothing.xip.test.; {SOA}"
    )
    assert world.told("a.xip.test", "CNAME") == "NOERROR aa; answer a.xip.test. 60 CNAME b.xip.test."
    assert world.told("a.xip.test", "TXT").endswith("; authority other.test. 60 SOA")


def test_a_ring_of_aliases_ends() -> None:
    world = World("a.xip.test 60 CNAME b.xip.test", "b.xip.test 60 CNAME a.xip.test")
    assert world.told("a.xip.test", "A") == (
        "NOERROR aa; answer a.xip.test. 60 CNAME b.xip.test., b.xip.test. 60 CNAME a.xip.test."
    )
    wire = world.bytes(dns.message.make_query("a.xip.test", "A").to_wire())
    assert wire is not None
    assert int.from_bytes(wire[6:8]) == 2, "each alias stands in the answer once"


RFC4592 = World(
    "*.example 3600 TXT this-is-a-wildcard",
    "*.example 3600 MX 10 host1.example.",
    "sub.*.example 3600 TXT this-is-not-a-wildcard",
    "host1.example 3600 A 192.0.2.1",
    "_ssh._tcp.host1.example 3600 SRV 0 0 22 host1.example.",
    "_ssh._tcp.host2.example 3600 SRV 0 0 22 host2.example.",
    "subdel.example 3600 NS ns.example.com.",
    zones=("example",),
)


@pytest.mark.parametrize(
    ("name", "rtype", "told"),
    [
        ("host3.example", "MX", "NOERROR aa; answer host3.example. 3600 MX 10 host1.example."),
        ("host3.example", "A", "NOERROR aa; authority example. 60 SOA"),
        ("foo.bar.example", "TXT", 'NOERROR aa; answer foo.bar.example. 3600 TXT "this-is-a-wildcard"'),
        ("host1.example", "MX", "NOERROR aa; authority example. 60 SOA"),
        ("sub.*.example", "MX", "NOERROR aa; authority example. 60 SOA"),
        ("_telnet._tcp.host1.example", "SRV", "NXDOMAIN aa; authority example. 60 SOA"),
        ("host.subdel.example", "A", "NOERROR; authority subdel.example. 3600 NS ns.example.com."),
        ("ghost.*.example", "MX", "NXDOMAIN aa; authority example. 60 SOA"),
        ("host2.example", "TXT", "NOERROR aa; authority example. 60 SOA"),
    ],
)
def test_wildcards_answer_as_in_rfc_4592(name: str, rtype: str, told: str) -> None:
    assert RFC4592.told(name, rtype) == told


def test_of_a_wildcard_and_an_encoded_address_the_closer_one_answers() -> None:
    world = World("*.xip.test 60 A 192.0.2.1", "*.10-0-0-6.xip.test 60 A 192.0.2.6")
    assert world.addresses("anything.xip.test", "A") == ["192.0.2.1"]
    assert world.addresses("app.10-0-0-5.xip.test", "A") == ["10.0.0.5"]
    assert world.addresses("10.0.0.5.xip.test", "A") == ["10.0.0.5"]
    assert world.addresses("app.10-0-0-6.xip.test", "A") == ["192.0.2.6"]
    assert world.addresses("10-0-0-6.xip.test", "A") == ["10.0.0.6"]
    assert world.told("0.5.xip.test", "A") == f"NOERROR aa; {SOA}"


def test_names_below_a_delegation_are_referred() -> None:
    world = World(
        "team.xip.test 60 NS ns.team.xip.test",
        "team.xip.test 60 NS ns.example.com",
        "ns.team.xip.test 60 A 192.0.2.9",
        "team.xip.test 60 DS 1 8 2 " + "ab" * 32,
        "www.xip.test 60 CNAME www.team.xip.test",
    )
    referral = (
        "authority team.xip.test. 60 NS ns.team.xip.test., team.xip.test. 60 NS ns.example.com.; "
        "additional ns.team.xip.test. 60 A 192.0.2.9"
    )
    for name in ("team.xip.test", "x.team.xip.test", "10-0-0-5.team.xip.test", "ns.team.xip.test"):
        assert world.told(name, "A") == f"NOERROR; {referral}"
    assert world.told("www.xip.test", "A") == (
        f"NOERROR aa; answer www.xip.test. 60 CNAME www.team.xip.test.; {referral}"
    )
    assert world.told("team.xip.test", "DS").startswith("NOERROR aa; answer team.xip.test. 60 DS")


OLD = "NOERROR aa; answer old.xip.test. 60 DNAME new.xip.test."
REDIRECTED = [
    ("x.old", "A", f"{OLD}, x.old.xip.test. 60 CNAME x.new.xip.test., x.new.xip.test. 60 A 192.0.2.1"),
    ("X.old", "CNAME", f"{OLD}, X.old.xip.test. 60 CNAME x.new.xip.test."),
    ("x.old", "ANY", f"{OLD}, x.old.xip.test. 60 CNAME x.new.xip.test."),
    ("y.old", "A", f"{OLD}, y.old.xip.test. 60 CNAME y.new.xip.test.; {SOA}".replace("NOERROR", "NXDOMAIN")),
    ("x.old", "TXT", f"{OLD}, x.old.xip.test. 60 CNAME x.new.xip.test.; {SOA}"),
    ("old", "DNAME", OLD),
    ("old", "A", f"NOERROR aa; {SOA}"),
    ("hidden.old", "A", f"{OLD}, hidden.old.xip.test. 60 CNAME hidden.new.xip.test.; {SOA}"),
    ("1.2.3.4.old", "A", f"{OLD}, 1.2.3.4.old.xip.test. 60 CNAME 1.2.3.4.new.xip.test.; {SOA}"),
]


@pytest.mark.parametrize(("name", "rtype", "told"), REDIRECTED)
def test_names_below_a_dname_are_aliases_as_in_rfc_6672(name: str, rtype: str, told: str) -> None:
    world = World(
        "old.xip.test 60 DNAME new.xip.test.",
        "x.new.xip.test 60 A 192.0.2.1",
        "hidden.old.xip.test 60 A 192.0.2.2",
        "hidden.new.xip.test 60 TXT x",
        "1.2.3.4.new.xip.test 60 TXT x",
    )
    assert world.told(f"{name}.xip.test", rtype) == told


def test_a_dname_whose_target_would_be_too_long_says_so() -> None:
    target = ".".join(["x" * 60] * 3)
    world = World(f"old.xip.test 60 DNAME {target}.xip.test.")
    redirection = f"answer old.xip.test. 60 DNAME {target}.xip.test."
    assert world.told(f"{'y' * 63}.old.xip.test", "A") == f"YXDOMAIN aa; {redirection}"


def test_a_dname_at_the_top_leads_every_name_away_also_one_with_an_address() -> None:
    world = World("xip.test 60 DNAME other.test.")
    assert world.told("10.0.0.5.xip.test", "A") == (
        "NOERROR aa; answer xip.test. 60 DNAME other.test., 10.0.0.5.xip.test. 60 CNAME 10.0.0.5.other.test."
    )
    assert world.told("xip.test", "A") == f"NOERROR aa; {SOA}"


def test_of_a_dname_and_a_delegation_the_higher_one_holds() -> None:
    world = World(
        "sub.xip.test 60 NS ns.example.",
        "old.sub.xip.test 60 DNAME new.example.",
        "old.xip.test 60 DNAME new.example.",
        "sub.old.xip.test 60 NS ns.example.",
    )
    assert world.told("x.old.sub.xip.test", "A") == "NOERROR; authority sub.xip.test. 60 NS ns.example."
    assert world.told("x.sub.old.xip.test", "A").startswith("NOERROR aa; answer old.xip.test. 60 DNAME")


def test_a_dname_that_leads_below_itself_ends() -> None:
    world = World("old.xip.test 60 DNAME x.old.xip.test.")
    assert world.told("a.old.xip.test", "A").startswith("NOERROR aa; answer old.xip.test. 60 DNAME")


def test_names_above_a_zone_of_ours_exist_in_the_zone_around_it() -> None:
    world = World(zones=("xip.test", "far.down.xip.test", "x.far.down.xip.test"))
    assert world.told("down.xip.test", "A") == f"NOERROR aa; {SOA}"
    assert world.told("other.down.xip.test", "A") == f"NXDOMAIN aa; {SOA}"
    assert world.told("10.0.0.5.far.down.xip.test", "A").startswith("NOERROR aa; answer 10.0.0.5.far.down.")


def test_the_longest_zone_answers_and_its_ds_lives_in_the_parent() -> None:
    world = World(zones=("xip.test", "sub.xip.test"))
    child = "authority sub.xip.test. 60 SOA"
    assert world.told("none.sub.xip.test", "A") == f"NXDOMAIN aa; {child}"
    assert world.told("sub.xip.test", "DS") == f"NOERROR aa; {child}"
    assert world.told("xip.test", "DS") == f"NOERROR aa; {SOA}"
    parent = world.zone("xip.test")
    parent.apply(update(["sub.xip.test 60 NS ns.sub.xip.test"]), now=2)
    assert world.told("sub.xip.test", "DS") == f"NOERROR aa; {SOA}"
    parent.apply(update(["sub.xip.test 60 DS 1 8 2 " + "ab" * 32]), now=3)
    assert world.told("sub.xip.test", "DS").startswith("NOERROR aa; answer sub.xip.test. 60 DS 1 8 2")
    assert world.told("sub.xip.test", "NS") == "NOERROR aa; answer sub.xip.test. 3600 NS sub.xip.test."


def test_reverse_names() -> None:
    world = World(
        "9.0.0.10.in-addr.arpa 60 PTR given.example",
        zones=("10.in-addr.arpa", "8.b.d.0.1.0.0.2.ip6.arpa", "xip.test"),
    )
    v4, v6 = "authority 10.in-addr.arpa. 60 SOA", "authority 8.b.d.0.1.0.0.2.ip6.arpa. 60 SOA"
    nibbles = "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"
    assert world.addresses("5.0.0.10.in-addr.arpa", "PTR") == ["10-0-0-5.xip.test."]
    assert world.addresses("5.0.0.10.IN-ADDR.arpa", "PTR") == ["10-0-0-5.xip.test."]
    assert world.addresses("9.0.0.10.in-addr.arpa", "PTR") == ["given.example."]
    assert world.addresses(nibbles, "PTR") == ["2001-db8--1.xip.test."]
    assert world.told("0.10.in-addr.arpa", "PTR") == f"NOERROR aa; {v4}"
    assert world.told("0.8.b.d.0.1.0.0.2.ip6.arpa", "PTR") == f"NOERROR aa; {v6}"
    assert world.told("5.0.0.10.in-addr.arpa", "A") == f"NOERROR aa; {v4}"
    for name in (
        "256.0.0.10.in-addr.arpa",
        "x.10.in-addr.arpa",
        "1.5.0.0.10.in-addr.arpa",
        "05.10.in-addr.arpa",
    ):
        assert world.told(name, "PTR") == f"NXDOMAIN aa; {v4}"
    assert world.told("g.8.b.d.0.1.0.0.2.ip6.arpa", "PTR") == f"NXDOMAIN aa; {v6}"
    # Forward names live in forward zones only.
    assert world.told("10-0-0-5.10.in-addr.arpa", "A") == f"NXDOMAIN aa; {v4}"


@pytest.mark.parametrize("label", ["0/25", "0-127", "customer"])
def test_reverse_names_of_a_classless_zone(label: str) -> None:
    zone = f"{label}.2.0.192.in-addr.arpa"
    world = World(zones=("xip.test", zone))
    assert world.told(f"5.{zone}", "PTR") == f"NOERROR aa; answer 5.{zone}. 3600 PTR 192-0-2-5.xip.test."
    assert world.told(f"256.{zone}", "PTR").startswith("NXDOMAIN aa")
    assert world.told(f"6.5.{zone}", "PTR").startswith("NXDOMAIN aa")
    assert world.told(zone, "PTR").startswith("NOERROR aa; authority")
    assert world.told("5.2.0.192.in-addr.arpa", "PTR") == "REFUSED"


def test_a_withheld_address_is_no_data_on_every_path() -> None:
    world = World(
        "www.xip.test 60 A 10.0.0.5",
        "www.xip.test 60 A 192.0.2.5",
        "only.xip.test 60 A 10.0.0.5",
        "*.wild.xip.test 60 A 10.0.0.5",
        "alias.xip.test 60 CNAME 10-0-0-5.xip.test",
        "team.xip.test 60 NS ns.team.xip.test",
        "ns.team.xip.test 60 A 10.0.0.9",
        "192-0-2-7.xip.test 60 A 10.0.0.5",
        zones=("xip.test", "10.in-addr.arpa"),
        deny_nets=("10.0.0.0/8",),
        ns=("ns1.xip.test=10.0.0.53,192.0.2.53", "ns-10-0-0-53.xip.test"),
        apex=("10.0.0.80",),
    )
    for name in ("10.0.0.5", "10-0-0-5", "0a000005", "only", "a.wild", "ns-10-0-0-53", "192-0-2-7"):
        assert world.told(f"{name}.xip.test", "A") == f"NOERROR aa; {SOA}", name
    assert world.told("--ffff-a00-5.xip.test", "AAAA") == f"NOERROR aa; {SOA}"
    assert world.told("64-ff9b--a00-5.xip.test", "AAAA") == f"NOERROR aa; {SOA}"
    assert world.told("xip.test", "A") == f"NOERROR aa; {SOA}"
    assert world.addresses("www.xip.test", "A") == ["192.0.2.5"]
    assert world.told("alias.xip.test", "A").endswith(f"CNAME 10-0-0-5.xip.test.; {SOA}")
    assert "additional ns1.xip.test. 3600 A 192.0.2.53" in world.told("xip.test", "NS")
    assert "10.0.0" not in world.told("xip.test", "NS")
    assert "additional" not in world.told("x.team.xip.test", "A")
    assert world.told("5.0.0.10.in-addr.arpa", "PTR") == "NOERROR aa; authority 10.in-addr.arpa. 60 SOA"
    assert world.addresses("192-0-2-1.xip.test", "A") == ["192.0.2.1"]


@pytest.mark.parametrize(
    ("settings", "name", "is_told"),
    [
        ({"private_only": True}, "10.0.0.5", True),
        ({"private_only": True}, "100.64.0.1", True),
        ({"private_only": True}, "8.8.8.8", False),
        ({"private_only": True}, "fd00--1", True),
        ({"private_only": True}, "2001-db8--1", False),
        ({"private_only": True}, "--ffff-808-808", False),
        ({"private_only": True}, "--ffff-a00-5", True),
        ({"allow_nets": ("192.0.2.0/24",)}, "192.0.2.1", True),
        ({"allow_nets": ("192.0.2.0/24",)}, "192.0.3.1", False),
        ({"allow_nets": ("192.0.2.0/24",)}, "fd00--1", False),
        ({"allow_nets": ("192.0.2.0/24",), "deny_nets": ("192.0.2.1",)}, "192.0.2.1", False),
        ({"deny_nets": ("10.0.0.0/8",)}, "64-ff9b--a00-5", False),
        ({"deny_nets": ("10.0.0.0/8",)}, "64-ff9b-1--a00-5", False),
        ({"deny_nets": ("10.0.0.0/8",)}, "64-ff9b-1--b00-5", True),
        ({"hex_ipv4": True}, "0a000005", True),
    ],
)
def test_address_policies(settings: dict[str, Any], name: str, is_told: bool) -> None:
    world = World(**settings)
    answers = world.addresses(f"{name}.xip.test", "A") + world.addresses(f"{name}.xip.test", "AAAA")
    assert bool(answers) == is_told


def test_hex_names_do_not_exist_when_switched_off() -> None:
    assert World(hex_ipv4=False).told("0a000005.xip.test", "A") == f"NXDOMAIN aa; {SOA}"


def test_chaos_names_are_refused_unless_configured() -> None:
    assert World().told("version.bind", "TXT", rclass="CH") == "REFUSED"
    world = World(version="1.0", server_id="ns7")
    assert world.told("VERSION.bind", "TXT", rclass="CH") == 'NOERROR aa; answer VERSION.bind. 0 TXT "1.0"'
    assert world.told("id.server", "TXT", rclass="CH") == 'NOERROR aa; answer id.server. 0 TXT "ns7"'
    assert world.told("10-0-0-5.xip.test", "A", rclass="CH") == "REFUSED"
    assert world.told("10-0-0-5.xip.test", "A", rclass="HS") == "REFUSED"
    assert world.told("10-0-0-5.xip.test", "A", rclass="ANY") == "REFUSED"


def test_negative_answers_are_not_kept_longer_than_the_soa_says() -> None:
    assert (
        World(ttl=30, negative_ttl=60).told("no.xip.test", "A") == "NXDOMAIN aa; authority xip.test. 30 SOA"
    )


def test_a_name_that_was_taken_away_is_gone_and_its_parents_with_it() -> None:
    world = World("a.b.xip.test 60 A 192.0.2.1")
    assert world.told("b.xip.test", "A") == f"NOERROR aa; {SOA}"
    world.zone("xip.test").apply(update(delete=[("a.b.xip.test", "A")]), now=2)
    assert world.told("a.b.xip.test", "A") == f"NXDOMAIN aa; {SOA}"
    assert world.told("b.xip.test", "A") == f"NXDOMAIN aa; {SOA}"
