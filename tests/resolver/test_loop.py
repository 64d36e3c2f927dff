"""When the loop waits for more datagrams to come, and when it does not."""

import pytest

from resolver.fast import mmsg
from resolver.serving.loop import pause_after


@pytest.mark.parametrize("number", [0, 1, 31, mmsg.SIZE, 4 * mmsg.SIZE])
def test_no_pause_while_idle_or_while_more_is_waiting(number: int) -> None:
    assert pause_after(number) == 0.0


@pytest.mark.parametrize("number", [32, mmsg.SIZE - 1, mmsg.SIZE + 1, 2 * mmsg.SIZE + 90])
def test_a_short_pause_once_a_burst_was_drained(number: int) -> None:
    assert 0.0 < pause_after(number) <= 0.0005
