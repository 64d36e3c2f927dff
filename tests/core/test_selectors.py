"""Label selectors: what they select, and how slips are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync import selectors
from dnssync.errors import ConfigError

WORD = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True).filter(
    lambda w: w not in ("in", "notin")
)
LABELS = st.dictionaries(WORD, WORD, max_size=3)


@pytest.mark.parametrize(
    ("text", "labels", "selected"),
    [
        ("a!=b", {"a": "c"}, True),
        ("a!=b", {}, True),
        ("a!=b", {"a": "b"}, False),
        ("a in (b, c)", {}, False),
        ("a notin (b),!d", {"a": "c"}, True),
        ("a>5", {"a": "6"}, True),
        ("a<5", {"a": "6"}, False),
        ("a>5", {"a": "many"}, False),
        ("a>5", {"a": "9" * 5000}, False),
        ("a in (,b)", {"a": ""}, True),
        ("in in (in)", {"in": "in"}, True),
        ("example.com/tier = front ", {"example.com/tier": "front"}, True),
    ],
)
def test_selection(text: str, labels: dict[str, str], selected: bool) -> None:
    assert selectors.parse(text).matches(labels) is selected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a=b c", "found 'c', expected ','"),
        ("=b", "found '=', expected a key"),
        ("a in b", "found 'b', expected '('"),
        ("a in (b", "found the end, expected ')'"),
        ("a in ()", "expected a value"),
        ("a,", "expected a key after ','"),
        ("!a=b", "found '='"),
        ("a>b", "'b' is not a valid integer"),
        ("-a=b", "'-a' is not a valid key"),
        ("a=b/c", "'b/c' is not a valid value"),
        ("a=" + "x" * 64, "not a valid value"),
    ],
)
def test_a_slip_is_told_by_what_was_found_and_expected(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        selectors.parse(text)
    assert told in str(caught.value)
    assert repr(text) in str(caught.value)


@given(LABELS)
def test_labels_are_selected_by_themselves_and_by_the_empty_selector(labels: dict[str, str]) -> None:
    text = ",".join(f"{key}={value}" for key, value in labels.items())
    assert selectors.parse(text).matches(labels)
    assert selectors.parse("").matches(labels)


@given(st.text(alphabet="ab=!(),<> in", max_size=20))
def test_any_text_is_a_selector_or_a_config_error(text: str) -> None:
    try:
        selectors.parse(text).matches({"a": "b"})
    except ConfigError as error:
        assert "selector" in str(error)
