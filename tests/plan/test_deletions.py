"""The deletion guard: how much may go at once, what counts, and what is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.deletions import DeletionLimits, judge

LIMITS = DeletionLimits()


@pytest.mark.parametrize(
    ("owned", "allowance"),
    [(0, 5), (10, 5), (16, 5), (20, 6), (100, 30), (333, 99), (334, 100), (100_000, 100)],
)
def test_the_smaller_limit_counts_but_never_fewer_than_five(owned: int, allowance: int) -> None:
    assert LIMITS.allowance(owned) == allowance


@pytest.mark.parametrize(("planned", "allowed"), [(0, True), (30, True), (31, False), (100, False)])
def test_what_goes_beyond_the_limit_is_held(planned: int, allowed: bool) -> None:
    assert judge(planned, 100, LIMITS).allowed is allowed


def test_deletions_of_a_while_count_together_against_what_was_there_before() -> None:
    assert judge(10, 80, LIMITS, recent=20).allowed
    assert not judge(11, 80, LIMITS, recent=20).allowed


def test_the_message_says_how_many_why_and_what_to_do() -> None:
    verdict = judge(31, 80, LIMITS, recent=20)
    assert (verdict.planned, verdict.limit) == (31, 30)
    assert verdict.message == (
        "31 deletions are held: 30 of the 100 records owned may be deleted at once, 20 were deleted just "
        "before (--max-deletes 100, --max-delete-percent 30); review them with `dnssync plan --out FILE` "
        "and release them with `dnssync apply FILE`, or restart with a higher limit"
    )
    assert judge(1, 80, LIMITS).message == ""


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 300), st.floats(0, 100))
def test_small_steps_never_pass_where_one_big_step_would_be_held(
    first: int, second: int, max_deletes: int, percent: float
) -> None:
    limits = DeletionLimits(max_deletes, percent)
    owned = 1000
    if not judge(first + second, owned, limits).allowed and judge(first, owned, limits).allowed:
        assert not judge(second, owned - first, limits, recent=first).allowed
