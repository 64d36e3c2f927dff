"""Backoff: how long to wait before the next try. Pure; the caller counts the tries and brings the chance."""

import msgspec


class Backoff(msgspec.Struct, frozen=True, gc=False):
    """Pauses that grow by ``factor`` from ``first`` up to ``cap`` seconds.

    Each is taken between half of itself and itself, so that many clients that lost the same server do
    not come back in the same instant, and none comes back at once.
    """

    first: float = 0.4
    cap: float = 30.0
    factor: float = 2.0

    def delay(self, tries: int, chance: float) -> float:
        """Seconds to wait after ``tries`` failures in a row (1 for the first); ``chance`` is in [0, 1)."""
        if tries < 1:
            return 0.0
        # Beyond 64 doublings every cap is reached; the power itself would overflow a float.
        full = min(self.cap, self.first * self.factor ** min(tries - 1, 64))
        return full * (0.5 + chance / 2)
