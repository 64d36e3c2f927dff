"""Marker names, there and back."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dnssync.errors import ConfigError
from dnssync.ownership.names import MARKED_TYPES, MarkerNames, marker_names

_labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
_names = st.lists(_labels, min_size=2, max_size=4).map(".".join)
_PREFIXES = ("", "txt.", "txt-", "%{record_type}-", "own-%{record_type}.")
_SUFFIXES = ("-txt", ".txt", "-%{record_type}", ".own.%{record_type}-x")
_affixes = st.sampled_from([*((prefix, "") for prefix in _PREFIXES), *(("", suffix) for suffix in _SUFFIXES)])


@given(_names, st.sampled_from(MARKED_TYPES), _affixes)
def test_every_marker_name_reads_back_as_its_record(
    name: str, record_type: str, affixes: tuple[str, str]
) -> None:
    naming = marker_names(*affixes, "")
    assert naming.record_of(naming.marker_name(name, record_type)) == (name, record_type)


@given(_names, st.sampled_from(["", "txt.", "txt-"]))
def test_an_untyped_marker_of_old_reads_back_without_type(name: str, prefix: str) -> None:
    assume(name.partition("-")[0].upper() not in MARKED_TYPES)
    assert marker_names(prefix, "", "").record_of(prefix + name) == (name, "")


@given(st.text(max_size=40), _affixes)
def test_any_name_at_all_can_be_asked_about(name: str, affixes: tuple[str, str]) -> None:
    found, record_type = marker_names(*affixes, "any").record_of(name)
    assert record_type in (*MARKED_TYPES, "")
    assert isinstance(found, str)


@pytest.mark.parametrize(
    ("name", "wildcard", "expected"),
    [
        ("*.example.com", "any", "a-any.example.com"),
        ("*.example.com", "ANY", "a-any.example.com"),
        ("*.example.com", "", "a-*.example.com"),
        ("*", "any", "a-any"),
        ("*x.example.com", "any", "a-*x.example.com"),
        ("x.*.example.com", "any", "a-x.*.example.com"),
    ],
)
def test_only_a_leading_wildcard_label_is_replaced(name: str, wildcard: str, expected: str) -> None:
    assert marker_names("", "", wildcard).marker_name(name, "A") == expected


def test_affixes_are_lower_case_and_exclude_each_other() -> None:
    assert marker_names("TXT.", "", "") == MarkerNames(prefix="txt.")
    with pytest.raises(ConfigError, match="exclude each other"):
        marker_names("txt.", "-txt", "")
