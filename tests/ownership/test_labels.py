"""Marker text, there and back, and whatever strangers put into TXT records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.ownership.labels import format_labels, parse_labels, quote, unquote

_words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters=',="\\'), min_size=1)
_keys = _words.filter(lambda word: word != "txt-encryption-nonce")


@given(st.dictionaries(_keys, _words))
def test_text_reads_back_as_the_labels(labels: dict[str, str]) -> None:
    assert parse_labels(unquote(quote(format_labels(labels)))) == labels


@given(st.dictionaries(_keys, _words, max_size=3), st.integers(1, 60))
def test_text_that_a_service_has_split_reads_back_whole(labels: dict[str, str], size: int) -> None:
    text = format_labels(labels)
    split = " ".join(f'"{text[at : at + size]}"' for at in range(0, len(text), size))
    assert parse_labels(unquote(split)) == labels


@given(st.text())
def test_any_text_can_be_asked_about(text: str) -> None:
    labels = parse_labels(unquote(text))
    assert labels is None or "heritage=external-dns" in text


@pytest.mark.parametrize("text", ['"v=spf1 -all"', '"a" "b"', '""', "", '"heritage=external-dnsx"'])
def test_other_texts_are_no_markers(text: str) -> None:
    assert parse_labels(unquote(text)) is None
