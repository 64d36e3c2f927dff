"""Names and text as Route 53 spells them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.providers.route53.spelling import (
    order_key,
    read_name,
    stored_name,
    txt_value,
    write_name,
    write_value,
)

TEXTS = st.text(max_size=700)
LABELS = st.text("abcZ019-_*@! ", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        (r"\052.example.com.", "*.example.com."),
        (r"a.\052.example.com.", "a.*.example.com."),
        (r"oct\100.example.com.", "oct@.example.com."),
        (r"\303\274.example.com.", "ü.example.com."),
        (r"bad\377.example.com.", r"bad\377.example.com."),
        (r"a\056b.example.com.", r"a\056b.example.com."),
        (r"a\134052.example.com.", r"a\134052.example.com."),
    ],
)
def test_escapes_are_read_unless_the_name_would_become_another(stored: str, name: str) -> None:
    assert read_name(stored) == name


def test_unicode_names_are_written_as_a_labels() -> None:
    assert write_name("Bücher.example.com") == "xn--bcher-kva.example.com"
    assert write_value("CNAME", "bücher.example.org") == "xn--bcher-kva.example.org"
    assert write_value("MX", "10 bücher.example.org") == "10 xn--bcher-kva.example.org"


def test_blanks_in_names_are_written_as_escapes() -> None:
    assert write_name("a b.example.com") == r"a\040b.example.com"


@given(st.lists(LABELS, min_size=1, max_size=4).map(".".join))
def test_a_stored_name_reads_and_stores_as_itself(name: str) -> None:
    stored = stored_name(name)
    assert stored_name(stored) == stored
    assert stored_name(read_name(stored)) == stored
    assert re.fullmatch(r"(?:[a-z0-9_.-]|\\[0-7]{3})+", stored)


@given(st.text())
def test_any_text_can_be_read_as_a_name(text: str) -> None:
    assert isinstance(read_name(text), str)


def test_names_sort_by_reversed_labels_each_with_its_dot() -> None:
    names = ["a.x.", "a-b.x.", r"\052.a.x.", "x.", "b.a.x."]
    assert sorted(names, key=order_key) == ["x.", "a-b.x.", "a.x.", r"\052.a.x.", "b.a.x."]


def test_quoted_text_stays_as_it_is() -> None:
    for text in ('"plain"', '"one" "two"', r'"with \"quotes\" and \052"'):
        assert txt_value(text) == text


def test_unquoted_text_is_quoted() -> None:
    assert txt_value('say "hi" \\ bye') == r'"say \"hi\" \\ bye"'
    assert txt_value("") == '""'


def test_text_outside_printable_ascii_becomes_octal_escapes() -> None:
    assert txt_value("ü\t") == r'"\303\274\011"'


@given(TEXTS)
def test_every_string_is_quoted_printable_and_at_most_255_octets(text: str) -> None:
    value = txt_value(text)
    strings = re.findall(r'"((?:[^"\\]|\\[0-7]{3}|\\.)*)"', value)
    assert value == " ".join(f'"{string}"' for string in strings)
    assert value.isascii() and value.isprintable()
    assert all(len(re.findall(r"\\[0-7]{3}|\\.|.", string)) <= 255 for string in strings)
    assert txt_value(value) == value
