"""Sealed markers: they open with their key and with no other, and seal to the same text each time."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.errors import ConfigError
from dnssync.ownership.sealing import derive_nonce, parse_key, seal, unseal

KEY = b"0123456789abcdef0123456789abcdef"
OTHER = b"abcdef0123456789abcdef0123456789"


@given(st.text(), st.binary(min_size=32, max_size=32), st.binary(min_size=12, max_size=12))
def test_what_is_sealed_opens_with_its_key_only(text: str, key: bytes, nonce: bytes) -> None:
    sealed = seal(text, key, nonce)
    assert unseal(sealed, key) == (text, nonce)
    assert unseal(sealed, bytes(byte ^ 1 for byte in key)) is None


@given(st.binary(), st.integers(0, 200))
def test_garbage_does_not_open(blob: bytes, cut: int) -> None:
    assert unseal(base64.b64encode(blob).decode(), KEY) is None
    assert unseal(blob.decode("latin-1"), KEY) is None
    assert unseal(seal("heritage=external-dns", KEY, b"n" * 12)[:cut].rstrip("="), KEY) in (
        None,
        ("heritage=external-dns", b"n" * 12),
    )


def test_a_sample_of_external_dns_opens() -> None:
    sealed = (
        "8mlm6iAGQKBqH1guPWonL9zh3OePY1RVXkXjYR0H/26cGlszaG71v636SN1H/4M2yNq5WF43eZBAxfvxVQ1xd/TM/lebWQ3izJcc"
        "HuZ8nm+j6fAc/YBvNUI0gA=="
    )
    opened = unseal(sealed, KEY)
    assert opened is not None and opened[0] == "heritage=external-dns,external-dns/owner=foo"


@given(st.text(), st.text(), st.text(), st.text())
def test_a_nonce_depends_on_text_and_place_alone(one: str, here: str, two: str, there: str) -> None:
    assert derive_nonce(one, KEY, here) == derive_nonce(one, KEY, here)
    assert derive_nonce(one, KEY, here) != derive_nonce(one, OTHER, here)
    if one != two and "\0" not in here + there:
        assert derive_nonce(one, KEY, here) != derive_nonce(two, KEY, there)


def test_a_key_is_taken_literally_or_as_base64() -> None:
    assert parse_key(KEY.decode()) == KEY
    assert parse_key(base64.b64encode(OTHER).decode()) == OTHER


@pytest.mark.parametrize("text", ["short", "x" * 33, base64.b64encode(b"short").decode(), "ü" * 32])
def test_any_other_key_is_a_mistake_that_is_told_without_telling_the_key(text: str) -> None:
    with pytest.raises(ConfigError) as failure:
        parse_key(text)
    assert "--txt-encrypt-aes-key" in str(failure.value) and text not in str(failure.value)


@pytest.mark.parametrize(("key", "nonce"), [(KEY, b""), (KEY[:-1], b"n" * 12)])
def test_wrong_lengths_are_refused(key: bytes, nonce: bytes) -> None:
    with pytest.raises(ConfigError):
        seal("text", key, nonce)
