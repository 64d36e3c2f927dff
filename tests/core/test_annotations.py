"""Annotations: three prefixes, their order, and what is said about values that cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync import annotations
from dnssync.annotations import PREFIXES, Annotations
from dnssync.endpoints import Property
from dnssync.errors import ConfigError


@pytest.mark.parametrize("prefix", PREFIXES)
def test_each_prefix_is_read_so_that_no_renaming_breaks_an_upgrade(prefix: str) -> None:
    read = Annotations({prefix + "hostname": "a.example.com", prefix + "ttl": "60"})
    assert read.hostnames().values == ("a.example.com",)
    assert read.ttl() == (60, None)


def test_the_earlier_prefix_counts_key_by_key() -> None:
    ours, present, former = "dnssync.io/", "external-dns.kubernetes.io/", "external-dns.alpha.kubernetes.io/"
    read = Annotations({former + "ttl": "1", present + "ttl": "2", ours + "ttl": "3", former + "target": "t"})
    assert read.ttl() == (3, None)
    assert read.targets().values == ("t",)
    weights = {former + "aws-weight": "1", ours + "aws-weight": "3", present + "aws-region": "r"}
    assert Annotations(weights).provider_specific() == (
        Property("aws/region", "r"),
        Property("aws/weight", "3"),
    )


def test_one_given_prefix_is_the_only_one() -> None:
    values = {"custom/ttl": "5", PREFIXES[1] + "ttl": "2"}
    assert Annotations(values, annotations.prefixes("custom/")).ttl() == (5, None)
    assert Annotations(values, annotations.prefixes("other/")).ttl() == (0, None)


@pytest.mark.parametrize("bad", ["custom", "/"])
def test_a_prefix_without_its_slash_is_refused(bad: str) -> None:
    with pytest.raises(ConfigError, match="--annotation-prefix"):
        annotations.prefixes(bad)


@pytest.mark.parametrize(
    "bad", ["abc", "", "0", "-1", "1d", " 60", "60.5", "0x10", "500ms", "2147483648", "1_0"]
)
def test_a_bad_ttl_is_named_by_key_and_value(bad: str) -> None:
    key = PREFIXES[1] + "ttl"
    seconds, problem = Annotations({key: bad}).ttl()
    assert seconds == 0
    assert problem is not None
    assert key in problem.message
    assert repr(bad) in problem.message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("+60", 60),
        ("00060", 60),
        ("1h", 3600),
        ("1m30s", 90),
        ("1.5m", 90),
        ("20.5s", 20),
        ("2147483647", 2**31 - 1),
    ],
)
def test_a_ttl_is_seconds_or_a_go_duration(text: str, seconds: int) -> None:
    assert Annotations({PREFIXES[0] + "ttl": text}).ttl() == (seconds, None)


@given(st.text(max_size=30))
def test_any_ttl_text_is_a_ttl_or_a_problem(text: str) -> None:
    seconds, problem = Annotations({PREFIXES[0] + "ttl": text}).ttl()
    assert (problem is None) == (1 <= seconds <= annotations.MAX_TTL)


@given(st.integers(min_value=1, max_value=annotations.MAX_TTL))
def test_every_whole_number_of_seconds_in_range_is_read_as_it_stands(seconds: int) -> None:
    assert Annotations({PREFIXES[0] + "ttl": str(seconds)}).ttl() == (seconds, None)
    assert Annotations({PREFIXES[0] + "ttl": f"{seconds}s"}).ttl() == (seconds, None)


def test_a_space_inside_an_entry_is_told_and_not_closed() -> None:
    listed = Annotations({PREFIXES[1] + "target": " 1.2.3.4 5.6.7.8 , lb.example.com. "}).targets()
    assert listed.values == ("lb.example.com",)
    assert [PREFIXES[1] + "target" in problem.message for problem in listed.problems] == [True]
    assert "'1.2.3.4 5.6.7.8'" in listed.problems[0].message


def test_lines_of_a_folded_value_are_entries() -> None:
    listed = Annotations({PREFIXES[1] + "hostname": "a.example.com,\n b.example.com\n"}).hostnames()
    assert listed == annotations.Listed(("a.example.com", "b.example.com"))
