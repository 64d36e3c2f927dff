"""A bound on the lines that strangers can cause in the log, by messages that are refused."""

import logging

log = logging.getLogger(__name__)

MOST = 5
"""Lines a second."""


class Quota:
    """Says which refusals are logged; those left out are told as a number in the next second that has one."""

    def __init__(self) -> None:
        self._second = self._number = 0

    def admits(self, now: float) -> bool:
        """Whether the refusal at ``now`` (seconds) is to be logged."""
        if int(now) != self._second:
            left_out = self._number - MOST
            if left_out > 0:
                log.warning("%d more refusals were not logged", left_out)
            self._second, self._number = int(now), 0
        self._number += 1
        return self._number <= MOST
