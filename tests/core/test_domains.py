"""Domain filters: canonical on construction, and what they let through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync import domains
from dnssync.domains import DomainFilter
from dnssync.errors import ConfigError

LABELS = st.lists(st.sampled_from(["a", "b", "ab", "com"]), min_size=1, max_size=4).map(".".join)


def test_a_filter_is_brought_into_canonical_form() -> None:
    given_so = DomainFilter((" Example.ORG. ", "", "xn--bcher-kva.de"), (".",))
    assert given_so == DomainFilter(("example.org", "bücher.de"))


@given(LABELS, LABELS)
def test_a_suffix_matches_whole_labels_only(name: str, suffix: str) -> None:
    expected = name.split(".")[-len(suffix.split(".")) :] == suffix.split(".")
    assert DomainFilter((suffix,)).matches(name) is expected
    assert DomainFilter((), (suffix,)).matches(name) is not expected


@given(LABELS)
def test_an_empty_filter_lets_everything_through(name: str) -> None:
    assert DomainFilter().matches(name)
    assert DomainFilter().is_empty


def test_a_leading_dot_leaves_the_apex_out() -> None:
    below = DomainFilter((".example.org",))
    assert below.matches("a.example.org")
    assert not below.matches("example.org")


def test_regular_expressions_overrule_the_lists() -> None:
    both = DomainFilter(("example.org",), (), r"\.com$")
    assert both.matches("a.com")
    assert not both.matches("a.example.org")


def test_a_bad_regular_expression_is_the_users_to_mend() -> None:
    with pytest.raises(ConfigError, match=r"'\(' is not a regular expression"):
        DomainFilter(regex_include="(")


def test_a_document_with_lists_and_expressions_contradicts_itself() -> None:
    with pytest.raises(ConfigError, match="exclude each other"):
        domains.decode('{"include": ["a.org"], "regexExclude": "b"}')


def test_filters_act_together() -> None:
    mine, providers = DomainFilter(("example.org",)), DomainFilter(("org",), ("secret.example.org",))
    assert domains.match_all([mine, providers], "a.example.org")
    assert not domains.match_all([mine, providers], "a.secret.example.org")
    assert domains.match_all([], "anything")


@given(
    st.text(max_size=40) | st.from_regex(r'\{"(include|regexInclude)": ?[\[\]"a-z*.,0-9]*\}', fullmatch=True)
)
def test_a_stranger_s_document_is_a_filter_or_a_config_error(text: str) -> None:
    try:
        decoded = domains.decode(text)
    except ConfigError:
        return
    assert domains.decode(domains.encode(decoded)) == decoded
