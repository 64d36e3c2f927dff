"""Addresses in names: the grammar both ways."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resolver
from resolver.addresses import Style, is_possible_inner

ADDRESSES = st.ip_addresses()
HOST_LABEL = re.compile(r"[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?")

# The table of the grammar's worked examples.
NAMES = [
    ("app.2001-db8--1", "2001:db8::1"),
    ("0--1", "::1"),
    ("--1", "::1"),
    ("--", "::"),
    ("app.20010db8000000000000000000000001", "2001:db8::1"),
    ("app.0a000005", "10.0.0.5"),
    ("app-10-0-0-5", "10.0.0.5"),
    ("10-0-0-5", "10.0.0.5"),
    ("a.b-10-0-0-5", "10.0.0.5"),
    ("app.10.0.0.5", "10.0.0.5"),
    ("10.0.0.5", "10.0.0.5"),
    ("web.team-1.10.0.0.5", "10.0.0.5"),
    ("app-10.0.0.5", "10.0.0.5"),
    ("minio-01.192.168.1.100", "192.168.1.100"),
    ("300.1.2.3.4", "1.2.3.4"),
    ("1.2.3.4.5", "2.3.4.5"),
    ("1.2.3.4.300", None),
    ("1.2.3.4.a", None),
    ("1-2-3-4.a", None),
    ("1-2-3-4-a", None),
    ("1.2.3.256", None),
    ("01.2.3.4", None),
    ("1-2-3-04", None),
    ("a1-2-3-4", None),
    ("10.0.0.5-1-2-3", "5.1.2.3"),
    ("fd00-10-96-0-10--1", "fd00:10:96:0:10::1"),
    ("20240101", "32.36.1.1"),
    ("review-1a2b3c4d", None),
    ("a-b-c-d-10-0-0-5", "a:b:c:d:10:0:0:5"),
    ("APP.10.0.0.5", "10.0.0.5"),
    ("a_1.2.3.4", None),
    ("2130706433", None),
    ("10-0.0.5", None),
    (r"\065pp.10.0.0.5", "10.0.0.5"),
    (r"10\.0\.0\.5", None),
    ("٣.0.0.5", None),
    ("²-0-0-5", None),
]


@pytest.mark.parametrize(("prefix", "expected"), NAMES)
def test_a_name_encodes_the_one_address_before_the_zone(prefix: str, expected: str | None) -> None:
    found = resolver.decode(f"{prefix}.xip.test", "xip.test")
    assert found == (ip_address(expected) if expected else None)


@given(ADDRESSES, st.sampled_from(["dashed", "dotted", "hex"]), st.sampled_from(["", "app.", "a.b-1.", "7."]))
def test_what_is_encoded_decodes_to_itself(
    address: IPv4Address | IPv6Address, style: Style, before: str
) -> None:
    if style == "dotted" and address.version == 6:
        with pytest.raises(resolver.ResolverError):
            resolver.encode(address, style)
        return
    text = resolver.encode(address, style)
    assert all(HOST_LABEL.fullmatch(label) for label in text.split("."))
    assert resolver.decode(f"{before}{text}.xip.test", "xip.test") == address
    assert resolver.decode(f"{before}{text}.XIP.test.".upper(), "xip.TEST") == address


@given(st.lists(st.sampled_from(["0", "1", "ab", "ffff", "", "255"]), max_size=10).map("-".join))
def test_a_dashed_label_means_what_the_address_text_means(label: str) -> None:
    try:
        expected: object = IPv6Address(label.replace("-", ":"))
    except ValueError:
        expected = None
    found = resolver.decode(f"{label}.x", "x")
    assert found == expected if expected is not None else not isinstance(found, IPv6Address)


def test_addresses_are_encoded_as_legal_host_labels() -> None:
    assert resolver.encode("10.0.0.5") == "10-0-0-5"
    assert resolver.encode("10.0.0.5", "dotted") == "10.0.0.5"
    assert resolver.encode("10.0.0.5", "hex") == "0a000005"
    assert resolver.encode("2001:db8::1") == "2001-db8--1"
    assert resolver.encode("::1") == "0--1"
    assert resolver.encode("fe80::") == "fe80--0"
    assert resolver.encode("::") == "0--0"
    assert resolver.encode("::ffff:1.2.3.4") == "0--ffff-102-304"
    assert resolver.encode("1:0:0:2:0:0:0:3") == "1-0-0-2--3"


@pytest.mark.parametrize(
    ("address", "style"),
    [("10.0.0", "dashed"), ("fe80::1%eth0", "dashed"), ("::1", "dotted"), ("::1", "decimal")],
)
def test_what_cannot_be_encoded_is_refused(address: str, style: Style) -> None:
    with pytest.raises(resolver.ResolverError):
        resolver.encode(address, style)


def test_eight_hex_digits_can_be_switched_off() -> None:
    assert resolver.decode("0a000005.xip.test", "xip.test", hex_ipv4=False) is None
    assert resolver.decode("20010db8000000000000000000000001.x", "x", hex_ipv4=False) == IPv6Address(
        "2001:db8::1"
    )


@pytest.mark.parametrize(
    "name", ["10.0.0.5", "10.0.0.5.other", "10.0.0.5..xip.test", "10.0.0.5.yxip.test", "", "."]
)
def test_names_outside_the_zone_or_malformed_have_no_address(name: str) -> None:
    assert resolver.decode(name, "xip.test") is None


@given(st.lists(st.sampled_from([b"0", b"5", b"255", b"256", b"05", b"a", b""]), max_size=5).map(tuple))
def test_inner_names_are_exactly_the_tails_of_dotted_addresses(prefix: tuple[bytes, ...]) -> None:
    tails = 0 < len(prefix) < 4 and all(label in (b"0", b"5", b"255") for label in prefix)
    assert is_possible_inner(prefix) == tails
