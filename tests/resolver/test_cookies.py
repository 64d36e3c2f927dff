"""DNS cookies against the test vectors of RFC 9018, appendix A, and of SipHash-2-4."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver import ResolverError
from resolver.safety.cookies import Cookies, is_well_formed, parse_secret
from resolver.safety.siphash import siphash

SECRET = parse_secret("e5e973e5a6b2a43f48e7dc849e37bfcf")
OLD_SECRET = parse_secret("dd3bdf9344b678b185a6f5cb60fca715")
NEW_SECRET = parse_secret("445536bcd2513298075a5d379663c962")
CLIENT = ip_address("192.0.2.7").packed
ASKED = bytes.fromhex("2464c4abcf10c957")


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "310e0edd47db6f72"), (1, "fd67dc93c539f874"), (15, "e545be4961ca29a1"), (8, "6224939a79f5f593")],
)
def test_siphash_gives_the_vectors_of_its_authors(size: int, expected: str) -> None:
    assert siphash(bytes(range(16)), bytes(range(size))).hex() == expected


def test_a_first_cookie_is_that_of_the_standard() -> None:
    client = ip_address("198.51.100.100").packed
    made = Cookies([SECRET]).renew(ASKED, client, 1559731985, verified=False)
    assert made.hex() == "2464c4abcf10c957010000005cf79f111f8130c3eee29480"


def test_a_cookie_that_grows_old_is_renewed_as_in_the_standard() -> None:
    client = ip_address("198.51.100.100").packed
    held = bytes.fromhex("2464c4abcf10c957010000005cf79f111f8130c3eee29480")
    cookies = Cookies([SECRET])
    now = 1559734385
    assert cookies.verify(held, client, now)
    renewed = cookies.renew(held, client, now, verified=True)
    assert renewed.hex() == "2464c4abcf10c957010000005cf7a871d4a564a1442aca77"


def test_a_rolled_over_secret_is_accepted_and_replaced_as_in_the_standard() -> None:
    client = ip_address("2001:db8:220:1:59de:d0f4:8769:82b8").packed
    held = bytes.fromhex("22681ab97d52c298010000005cf7c57926556bd0934c72f8")
    cookies = Cookies([NEW_SECRET, OLD_SECRET])
    now = 1559741961
    assert cookies.verify(held, client, now)
    assert not Cookies([NEW_SECRET]).verify(held, client, now)
    renewed = cookies.renew(held, client, now, verified=False)
    assert renewed.hex() == "22681ab97d52c298010000005cf7c609a6bb79d16625507a"


@given(st.integers(0, 2**33), st.integers(-4000, 4000))
def test_a_cookie_holds_for_an_hour_over_every_turn_of_the_clock(made_at: int, later: int) -> None:
    cookies = Cookies([SECRET])
    cookie = cookies.renew(ASKED, CLIENT, made_at, verified=False)
    assert cookies.verify(cookie, CLIENT, made_at + later) == (-300 <= later <= 3600)


@given(st.integers(0, 23), st.integers(1, 255))
def test_no_changed_cookie_passes(index: int, change: int) -> None:
    cookies = Cookies([SECRET])
    cookie = bytearray(cookies.renew(ASKED, CLIENT, 1_000_000, verified=False))
    cookie[index] ^= change
    assert not cookies.verify(bytes(cookie), CLIENT, 1_000_000)


def test_a_cookie_is_for_one_address_and_one_secret() -> None:
    cookies = Cookies([SECRET])
    cookie = cookies.renew(ASKED, CLIENT, 1_000_000, verified=False)
    assert cookies.verify(cookie, CLIENT, 1_000_000)
    assert not cookies.verify(cookie, ip_address("192.0.2.8").packed, 1_000_000)
    assert not Cookies([NEW_SECRET]).verify(cookie, CLIENT, 1_000_000)
    assert not cookies.verify(ASKED, CLIENT, 1_000_000)


def test_a_young_cookie_is_kept_and_one_for_another_client_is_not() -> None:
    cookies = Cookies([SECRET])
    cookie = cookies.renew(ASKED, CLIENT, 1_000_000, verified=False)
    assert cookies.renew(cookie, CLIENT, 1_001_700, verified=True) == cookie
    assert cookies.renew(cookie, CLIENT, 1_001_900, verified=True) != cookie
    assert cookies.renew(cookie, CLIENT, 1_000_001, verified=False) != cookie


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, False), (7, False), (8, True), (9, False), (15, False), (16, True), (40, True), (41, False)],
)
def test_lengths_of_the_option(size: int, expected: bool) -> None:
    assert is_well_formed(bytes(size)) is expected


@pytest.mark.parametrize("text", ["", "00", "zz" * 16, "00" * 17])
def test_a_bad_secret_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ResolverError, match="32 hexadecimal digits") as caught:
        parse_secret(text)
    assert not text or text not in str(caught.value)
