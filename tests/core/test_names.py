"""Names: one spelling, validity, zones by whole labels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync import names

ANY_TEXT = st.text(max_size=60)
LABEL = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
HOST = st.lists(LABEL, min_size=1, max_size=5).map(".".join)


@given(ANY_TEXT)
def test_normalising_never_fails_and_settles_at_once(text: str) -> None:
    once = names.normalise(text)
    assert once.isascii()
    assert once.endswith(".")
    assert names.normalise(once) == once


@given(ANY_TEXT)
def test_unicode_form_never_fails(text: str) -> None:
    assert names.unicode_name(text) == names.unicode_form(text).text


@given(HOST)
def test_plain_hosts_are_equal_whatever_their_case_and_final_dot(host: str) -> None:
    assert names.normalise(host.upper()) == names.normalise(host + ".") == host + "."
    assert names.ascii_name(host) == host


@given(st.text(alphabet="äöüßéñ漢字☃abc", min_size=1, max_size=10))
def test_unicode_and_its_a_label_are_one_name(label: str) -> None:
    a_label = names.ascii_name(label + ".example")
    assert names.normalise(a_label) == names.normalise(label + ".example")


@pytest.mark.parametrize("name", ["xn--.example.com", "xn--abc-.example.com", "example.com.xn--"])
def test_an_a_label_without_content_does_not_turn_into_another_name(name: str) -> None:
    assert names.ascii_name(name) == name


def test_an_undecodable_a_label_is_kept_and_said_to_be_wrong() -> None:
    form = names.unicode_form("xn--99999999.example")
    assert form.text == "xn--99999999.example"
    assert "punycode" in form.problem


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", "empty"),
        (".", "empty"),
        ("a..b", "empty label"),
        (".example.com", "empty label"),
        ("<no value>.example.com", "space"),
        ("a\tb.example.com", "space or a control"),
        ("a" * 64 + ".com", "64 octets"),
        ("ü" * 60 + ".com", "octets long"),
        (".".join(["a" * 60] * 5), "304 octets"),
    ],
)
def test_a_name_that_no_service_can_hold_is_refused_with_its_reason(name: str, found: str) -> None:
    assert found in names.name_problem(name)
    assert found in names.host_problem(name)


@pytest.mark.parametrize("name", ["a" * 63 + ".com", "*.example.com", "_dmarc.example.com", "bücher.de", "a"])
def test_a_name_that_can_be_held_has_no_problem(name: str) -> None:
    assert names.host_problem(name) == ""


@pytest.mark.parametrize("slip", ["https://a.example.com", "a.example.com:8080", "a.example.com/path", "a;b"])
def test_a_pasted_address_is_no_host_name(slip: str) -> None:
    assert "cannot contain" in names.host_problem(slip)


def test_zones_hold_names_by_whole_labels() -> None:
    assert names.is_within("a.example.com", "example.com")
    assert not names.is_within("notexample.com", "example.com")
    assert names.longest_zone("a.b.example.com", ["example.com", "b.example.com", "com"]) == "b.example.com"
    assert names.longest_zone("other.org", ["example.com"]) is None


def test_addresses_get_no_trailing_dot() -> None:
    assert names.trailing_dot("2001:db8::1") == "2001:db8::1"
    assert names.trailing_dot("lb.example.com") == "lb.example.com."
