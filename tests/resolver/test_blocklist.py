"""The blocklist, on every path that leads to a name."""

import pytest

from resolver import ResolverError
from resolver.names import fold, from_text
from resolver.safety.blocklist import Blocklist
from tests.resolver.zones import World

LINES = (
    "# phishing",
    "",
    "Evil.10-0-0-5.xip.test  # reported",
    "*PayPal*",
    "10-0-0-66.xip.test.",
    "ns9.xip.test",
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("evil.10-0-0-5.xip.test", True),
        ("EVIL.10-0-0-5.XIP.test", True),
        ("more.evil.10-0-0-5.xip.test", True),
        ("xevil.10-0-0-5.xip.test", False),
        ("10-0-0-5.xip.test", False),
        ("login-paypal.10.0.0.5.xip.test", True),
        ("a.paypal.com.10.0.0.5.xip.test", True),
        ("payp.al.10.0.0.5.xip.test", False),
    ],
)
def test_names_and_patterns(name: str, expected: bool) -> None:
    blocklist = Blocklist(LINES)
    assert blocklist
    assert blocklist.holds(fold(from_text(name))) is expected


def test_an_empty_list_blocks_nothing() -> None:
    assert not Blocklist(["# nothing", ""])
    assert not Blocklist().holds(())


@pytest.mark.parametrize("line", ["xip.test", "TEST.", ".", "*", "xip.*", "*.test"])
def test_no_line_can_block_a_whole_zone(line: str) -> None:
    with pytest.raises(ResolverError, match=r"line 2 of the blocklist: .* would block a whole zone"):
        Blocklist(["evil.xip.test", line], origins=[(b"xip", b"test")])


def test_a_line_that_is_no_name_is_told() -> None:
    with pytest.raises(ResolverError, match=r"line 1 of the blocklist: .*a\.\.b"):
        Blocklist(["a..b"])


NODATA = "NOERROR aa; authority xip.test. 60 SOA"


@pytest.fixture(scope="module")
def world() -> World:
    return World(
        "alias.xip.test 60 CNAME EVIL.10-0-0-5.xip.test",
        "evil.10-0-0-5.xip.test 60 TXT given",
        "sub.xip.test 60 NS ns9.xip.test",
        "sub.xip.test 60 NS ns8.xip.test",
        "ns8.xip.test 60 A 192.0.2.8",
        "ns9.xip.test 60 A 192.0.2.9",
        "paypal.xip.test 60 NS ns8.xip.test",
        "*.wild.xip.test 60 A 192.0.2.1",
        zones=("xip.test", "10.in-addr.arpa"),
        blocked=LINES,
    )


@pytest.mark.parametrize("rtype", ["A", "TXT", "ANY", "AAAA"])
def test_a_blocked_name_has_no_data_of_any_type(world: World, rtype: str) -> None:
    assert world.told("Evil.10-0-0-5.xip.test", rtype) == NODATA
    assert world.told("below.evil.10-0-0-5.xip.test", rtype) == NODATA


def test_an_alias_does_not_lead_to_a_blocked_name(world: World) -> None:
    assert world.told("alias.xip.test", "A") == (
        "NOERROR aa; answer alias.xip.test. 60 CNAME EVIL.10-0-0-5.xip.test.; authority xip.test. 60 SOA"
    )


def test_glue_leaves_blocked_names_out(world: World) -> None:
    told = world.told("x.sub.xip.test", "A")
    assert "192.0.2.8" in told
    assert "192.0.2.9" not in told


def test_wildcards_and_delegations_do_not_go_round_it(world: World) -> None:
    assert world.told("paypal.wild.xip.test", "A") == NODATA
    assert world.told("www.paypal.xip.test", "A") == NODATA
    assert world.addresses("other.wild.xip.test", "A") == ["192.0.2.1"]


def test_a_reverse_name_does_not_point_to_a_blocked_name(world: World) -> None:
    assert world.told("66.0.0.10.in-addr.arpa", "PTR") == "NOERROR aa; authority 10.in-addr.arpa. 60 SOA"
    assert world.addresses("67.0.0.10.in-addr.arpa", "PTR") == ["10-0-0-67.xip.test."]
