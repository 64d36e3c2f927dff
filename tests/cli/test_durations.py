from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.durations import format_seconds, parse_go_duration, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1m30s", 90),
        ("1.5m", 90),
        (".5s", 0.5),
        ("5.s", 5),
        ("500ms", 0.5),
        ("1h1m1s1ms", 3661.001),
        ("-1m", -60),
        ("+1m", 60),
        ("1us", 1e-6),
        ("1µs", 1e-6),
        ("100ns", 1e-7),
    ],
)
def test_go_durations_are_read_as_go_reads_them(text: str, seconds: float) -> None:
    assert float(parse_go_duration(text)) == pytest.approx(seconds, abs=1e-12)


@pytest.mark.parametrize(
    "text", ["", "1", "60", "1d", " 1s", "1s ", "1 s", "s", ".s", "--1s", "1S", "0x10s", "1e3s"]
)
def test_what_go_does_not_take_as_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_go_duration(text)


def test_parts_add_up_exactly() -> None:
    assert parse_go_duration("0.1s0.2s") == Fraction(3, 10)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("0.5", 0.5), ("1m", 60), ("0", 0)])
def test_a_plain_number_is_seconds_where_options_are_read(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (60, "1m"),
        (90, "1m30s"),
        (3600, "1h"),
        (3605, "1h5s"),
        (0.05, "50ms"),
        (1.5, "1500ms"),
        (1e-6, "1us"),
    ],
)
def test_durations_are_written_in_the_usual_way(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@given(st.integers(min_value=-(10**15), max_value=10**15))
def test_what_is_written_reads_back(nanoseconds: int) -> None:
    seconds = nanoseconds / 10**9
    assert parse_seconds(format_seconds(seconds)) == pytest.approx(seconds, rel=1e-9, abs=1e-9)
