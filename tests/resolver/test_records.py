"""Records and settings as people write them, and what is wrong with them."""

import re

import msgspec
import pytest

from resolver import ResolverError
from resolver.config import ResolverConfig, parse_listen, parse_name_server
from resolver.records import rrset_from_text, type_number, type_text


@pytest.mark.parametrize(
    ("name", "rtype", "ttl", "data", "said"),
    [
        ("a.test", "A", 60, ["192.0.2"], "a.test. A: '192.0.2' cannot be read"),
        ("a.test", "A", 60, ["::1"], "a.test. A"),
        ("a.test", "AAAA", 60, ["fe80::1%eth0"], "interface name"),
        ("a.test", "A", 60, [], "no data"),
        ("a.test", "A", -1, ["192.0.2.1"], "TTL -1"),
        ("a.test", "A", 2**31, ["192.0.2.1"], "TTL"),
        ("a.test", "CNAME", 60, ["b.test", "c.test"], "exactly one"),
        ("a.test", "CNAME", 60, ["b..test"], "label that is empty"),
        ("a.test", "MX", 60, ["mail.test"], "a.test. MX"),
        ("a.test", "TXT", 60, ['"' + "x" * 256 + '"'], "a.test. TXT"),
        (
            "a.test",
            "TXT",
            60,
            ["x" * 200 + str(number) for number in range(400)],
            "fits into one DNS message",
        ),
        ("a.test", "NONSENSE", 60, ["x"], "is not a record type"),
        ("a.test", "ANY", 60, ["x"], "cannot be set"),
        ("a.test", "OPT", 60, ["x"], "cannot be set"),
        ("a.test", "SOA", 60, ["x"], "cannot be set"),
        ("a.test", "TYPE0", 60, ["x"], "is not a record type"),
        ("a.test", "TYPE65536", 60, ["x"], "is not a record type"),
        ("x" * 64 + ".test", "A", 60, ["192.0.2.1"], "longer than 63"),
    ],
)
def test_a_bad_record_is_told_in_one_line(
    name: str, rtype: str, ttl: int, data: list[str], said: str
) -> None:
    with pytest.raises(ResolverError, match=re.escape(said)) as caught:
        rrset_from_text(name, rtype, ttl, data)
    assert "\n" not in str(caught.value)


def test_equal_data_are_kept_once_and_names_are_absolute() -> None:
    rrset = rrset_from_text("A.test", "CNAME", 60, ["b.test", "b.test."])
    assert rrset.name == (b"a", b"test")
    assert rrset.data == (b"\1b\4test\0",)


@pytest.mark.parametrize(
    ("text", "sockets"),
    [
        ("127.0.0.1:5300", [("127.0.0.1", 5300)]),
        ("127.0.0.1", [("127.0.0.1", 53)]),
        ("[::1]:5300", [("::1", 5300)]),
        ("::1", [("::1", 53)]),
        ("[::1]", [("::1", 53)]),
        (":5300", [("0.0.0.0", 5300), ("::", 5300)]),
        ("0.0.0.0:0", [("0.0.0.0", 0)]),
    ],
)
def test_addresses_to_listen_on(text: str, sockets: list[tuple[str, int]]) -> None:
    assert list(parse_listen(text)) == sockets


@pytest.mark.parametrize(
    "text", ["", "localhost:53", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x", "a:b:c"]
)
def test_bad_addresses_to_listen_on_are_told(text: str) -> None:
    with pytest.raises(ResolverError, match="cannot listen on"):
        parse_listen(text)


def test_name_servers_with_and_without_addresses() -> None:
    assert parse_name_server("ns1.test") == ((b"ns1", b"test"), ())
    assert parse_name_server("ns1.test=192.0.2.1,2001:DB8::1") == (
        (b"ns1", b"test"),
        ("192.0.2.1", "2001:db8::1"),
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"zones": ()}, "no zone"),
        ({"zones": ("",)}, "no zone"),
        ({"zones": ("xip.test", "XIP.test.")}, "twice"),
        ({"zones": ("a..b",)}, "label"),
        ({"listen": ()}, "no address to listen on"),
        ({"listen": ("localhost:53",)}, "cannot listen"),
        ({"ttl": -1}, "TTL"),
        ({"ns": ("=192.0.2.1",)}, "has no name"),
        ({"ns": ("ns1.test=192.0.2",)}, "'192.0.2' is not an IP address \\(--ns ns1.test=192.0.2\\)"),
        ({"apex": ("x",)}, "'x' is not an IP address \\(--apex\\)"),
        ({"deny_nets": ("10.0.0.0/33",)}, "not a network"),
        ({"ptr_zone": "other.test"}, "not among the zones"),
        ({"tcp_timeout": 0.0}, "above zero"),
        ({"version": "x" * 256}, "255"),
        ({"tcp_connections": 10**20}, "a limit of 1000.* is more than 2147483647 .*--tcp-connections"),
        ({"rrl_slip": 2**31}, "a limit of 2147483648 is more than 2147483647 .*--rrl-slip"),
    ],
)
def test_a_bad_setting_is_told_in_one_line(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ResolverError, match=said):
        msgspec.convert({"zones": ("xip.test",)}, ResolverConfig)
        ResolverConfig(**{"zones": ("xip.test",), **settings})  # type: ignore[arg-type]


def test_settings_survive_a_process_boundary() -> None:
    config = ResolverConfig(zones=("xip.test",), ns=("ns1.xip.test=192.0.2.1",), deny_nets=("10.0.0.0/8",))
    assert msgspec.json.decode(msgspec.json.encode(config), type=ResolverConfig) == config


@pytest.mark.parametrize(
    ("number", "text"), [(1, "A"), (65, "HTTPS"), (300, "TYPE300"), (65280, "TYPE65280")]
)
def test_types_have_names(number: int, text: str) -> None:
    assert type_text(number) == text
    assert type_number(text) == number
