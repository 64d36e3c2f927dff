"""TXT data: what is quoted, what is split, and that nothing of it is lost."""

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from dnssync.txt import presentation


def _strings(text: str) -> tuple[bytes, ...]:
    """What a DNS library reads from the presentation form."""
    data = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, text)
    assert isinstance(data, TXT)
    return data.strings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=spf1 -all", '"v=spf1 -all"'),
        ('"quoted already"', '"quoted already"'),
        ('"two" "strings"', '"two" "strings"'),
        ('"two"   "strings"', '"two" "strings"'),
        ("", '""'),
        ('""', '""'),
        ('"', '"\\""'),
        ('say "hello"', '"say \\"hello\\""'),
        ('"inner "quotes" here"', '"inner \\"quotes\\" here"'),
        ('"escaped \\" quote"', '"escaped \\" quote"'),
        ("back\\slash", '"back\\\\slash"'),
        ("line\nbreak", '"line\\010break"'),
        ("a" * 256, f'"{"a" * 255}" "a"'),
        (f'"{"a" * 300}"', f'"{"a" * 255}" "{"a" * 45}"'),
    ],
)
def test_text_becomes_quoted_strings_of_255_octets(text: str, expected: str) -> None:
    assert presentation(text) == expected


def test_an_escape_counts_as_one_octet_and_is_never_cut() -> None:
    escape = r"\065"

    assert presentation(f'"{escape * 256}"') == f'"{escape * 255}" "{escape}"'


@given(st.text())
def test_doing_it_twice_changes_nothing(text: str) -> None:
    assert presentation(presentation(text)) == presentation(text)


@given(st.text(st.characters(codec="utf-8", exclude_characters='"'), max_size=700))
def test_literal_text_arrives_whole_in_strings_that_fit(text: str) -> None:
    strings = _strings(presentation(text))

    assert b"".join(strings) == text.encode()
    assert all(len(string) <= 255 for string in strings)


@given(st.text())
def test_whatever_is_given_can_be_read_as_txt_data(text: str) -> None:
    encodable = text.encode(errors="ignore").decode()
    assert all(len(string) <= 255 for string in _strings(presentation(encodable)))
