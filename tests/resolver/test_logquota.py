"""How many lines strangers can cause."""

import logging

import pytest

from resolver.safety.logquota import MOST, Quota
from tests.resolver.owner import Owner, changing


def test_a_second_has_so_many_lines_and_the_next_tells_of_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    quota = Quota()
    assert [quota.admits(100 + index / 1000) for index in range(MOST + 7)] == [True] * MOST + [False] * 7
    assert caplog.messages == []
    assert quota.admits(101.0)
    assert caplog.messages == ["7 more refusals were not logged"]
    assert all(quota.admits(float(second)) for second in range(102, 120))
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("by", [None, "nobody"])
def test_a_flood_of_refused_updates_is_a_few_lines(by: str | None, caplog: pytest.LogCaptureFixture) -> None:
    owner = Owner()
    wire = changing(by).to_wire()
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            owner.raw(wire)
    owner.close()
    # However many seconds it took.
    assert 0 < len(caplog.messages) < 50
