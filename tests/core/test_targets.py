"""Networks: which targets pass, and IPv4 addresses inside NAT64 ones."""

from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st

from dnssync.targets import embedded_ipv4, nat64_networks, target_filter


def test_host_names_pass_an_exclusion_but_no_inclusion() -> None:
    assert target_filter((), ("0.0.0.0/0", "::/0")).passes("lb.example.net")
    assert not target_filter(("0.0.0.0/0", "::/0")).passes("lb.example.net")


def test_an_ipv4_mapped_address_counts_as_the_ipv4_address() -> None:
    assert target_filter(("10.0.0.0/8",)).passes("::ffff:10.1.2.3")
    assert not target_filter((), ("10.0.0.0/8",)).passes("::ffff:10.1.2.3")


def test_a_network_may_be_written_with_host_bits() -> None:
    assert target_filter(("10.1.2.3/8",)).passes("10.9.9.9")


@given(st.ip_addresses(v=4))
def test_the_address_inside_a_nat64_address_is_found(address: IPv4Address) -> None:
    prefixes = nat64_networks(("64:ff9b::/96", "2001:db8::/96"))
    assert embedded_ipv4(f"2001:db8::{address}", prefixes) == str(address)
    assert embedded_ipv4(f"2001:db9::{address}", prefixes) is None
    assert embedded_ipv4(str(address), prefixes) is None
    assert embedded_ipv4("lb.example.net", prefixes) is None
