"""Pauses between tries."""

from hypothesis import given
from hypothesis import strategies as st

from dnssync.backoff import Backoff


def test_pauses_double_up_to_the_cap() -> None:
    backoff = Backoff(first=1.0, cap=5.0)
    assert [backoff.delay(tries, 1.0) for tries in (1, 2, 3, 4, 5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_no_failure_is_no_pause() -> None:
    assert Backoff().delay(0, 0.9) == 0.0


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_jitter_takes_at_most_half(tries: int, chance: float) -> None:
    backoff = Backoff(first=0.4, cap=30.0)
    full = backoff.delay(tries, 1.0)
    assert full / 2 <= backoff.delay(tries, chance) <= full <= 30.0
