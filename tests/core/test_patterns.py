"""Patterns as Go's RE2 means them."""

import pytest

from dnssync.errors import ConfigError
from dnssync.patterns import compile_re2


@pytest.mark.parametrize(
    ("pattern", "found", "not_found"),
    [
        (r"^[[:alnum:]]+\.example$", "a1.example", ":.example"),
        (r"^[^[:digit:].]+\.example$", "abc.example", "a1.example"),
        (r"^[[:lower:]_-]+$", "a_b-c", "a.b"),
        (r"\Aweb\.example\z", "web.example", "web.example.org"),
        (r"^(?<env>dev|test)\.", "dev.example", "prod.example"),
        (r"^(?P<env>dev|test)\.", "test.example", "prod.example"),
        (r"a\\z", r"a\z", "az"),
        (r"^\d$", "7", "٧"),
    ],
)
def test_a_pattern_means_what_it_means_in_go(pattern: str, found: str, not_found: str) -> None:
    compiled = compile_re2(pattern)
    assert compiled.search(found)
    assert not compiled.search(not_found)


@pytest.mark.parametrize("pattern", ["(", r"\pL", r"[[:alhpa:]]", "[a&&b]", "[[x]]", r"\Qa.b\E"])
def test_what_python_would_read_otherwise_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigError, match="is not a regular expression"):
        compile_re2(pattern)


def test_negative_lookbehind_is_not_taken_for_a_named_group() -> None:
    assert compile_re2(r"(?<!x)a").search("xba")
