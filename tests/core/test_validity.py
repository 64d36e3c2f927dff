"""Validity of endpoints: which targets fit which type."""

import pytest

from dnssync.endpoints import Endpoint, Property
from dnssync.validity import endpoint_problem


@pytest.mark.parametrize(
    ("record_type", "target"),
    [
        ("A", "192.0.2.256"),
        ("A", "::ffff:192.0.2.1"),
        ("AAAA", "192.0.2.1"),
        ("MX", "65536 mail.example.com"),
        ("MX", "+1 mail.example.com"),
        ("MX", "0" * 5000 + "70000 mail.example.com"),
        ("SRV", "0 0 80 host.example.com"),
        ("SRV", "0 0 80"),
    ],
)
def test_a_misfit_is_told_with_its_target(record_type: str, target: str) -> None:
    assert repr(target) in endpoint_problem(Endpoint("a.example.com", record_type, (target,)))


@pytest.mark.parametrize(
    ("record_type", "target"),
    [
        ("AAAA", "fe80::1%eth0"),
        ("MX", " 010 mail.example.com "),
        ("SRV", "0 0 65535 host.example.com."),
        ("TXT", "anything at all"),
        ("", "192.0.2.1"),
    ],
)
def test_a_fit_is_no_problem(record_type: str, target: str) -> None:
    assert endpoint_problem(Endpoint("a.example.com", record_type, (target,))) == ""


def test_an_alias_may_point_an_address_record_at_a_name() -> None:
    alias = (Property("alias", "true"),)
    assert endpoint_problem(Endpoint("a", "A", ("lb.example.net",), provider_specific=alias)) == ""
    assert "alias" in endpoint_problem(Endpoint("a", "TXT", ("t",), provider_specific=alias))
    assert endpoint_problem(
        Endpoint("a", "A", ("lb.example.net",), provider_specific=(Property("alias", "A"),))
    )


def test_a_ptr_lives_at_a_reverse_name_and_points_at_a_host() -> None:
    reverse = "1.2.0.192.in-addr.arpa"
    assert endpoint_problem(Endpoint(reverse.upper(), "PTR", ("a.example.com",))) == ""
    assert "not a reverse name" in endpoint_problem(Endpoint("a.example.com", "PTR", ("b.example.com",)))
    assert "not a reverse name" in endpoint_problem(Endpoint(".in-addr.arpa", "PTR", ("b.example.com",)))
    assert "needs a target" in endpoint_problem(Endpoint(reverse, "PTR"))
    assert "not a host name" in endpoint_problem(Endpoint(reverse, "PTR", ("192.0.2.1",)))
