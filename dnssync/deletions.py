"""The deletion guard: a plan that deletes too much is not carried out until someone says so.

The deletions of a while are counted together, so that many small steps are not let through where one big one
would be held. Creates and updates are never held.
"""

import msgspec

ALWAYS_ALLOWED = 5
"""So many deletions are let through whatever the limits say: a share of few records would hold everything."""


class DeletionLimits(msgspec.Struct, frozen=True):
    """``--max-deletes``, a number of records, and ``--max-delete-percent`` of the records owned."""

    max_deletes: int = 100
    max_percent: float = 30.0

    def allowance(self, owned: int) -> int:
        """How many of ``owned`` records may be deleted: the smaller limit, but never fewer than 5."""
        share = int(owned * self.max_percent / 100)
        return max(ALWAYS_ALLOWED, min(self.max_deletes, share))


class Verdict(msgspec.Struct, frozen=True):
    """Whether the planned deletions may go on; if not, ``message`` is one line: what, why, what to do."""

    allowed: bool
    planned: int
    limit: int
    message: str = ""


def judge(planned: int, owned: int, limits: DeletionLimits, *, recent: int = 0) -> Verdict:
    """Decide on ``planned`` deletions of ``owned`` records, ``recent`` others having been done of late.

    ``owned`` counts what is there now; the limit is taken of what was there before the recent ones.
    """
    limit = limits.allowance(owned + recent)
    if not planned or planned + recent <= limit:
        return Verdict(True, planned, limit)
    lately = f", {recent} were deleted just before" if recent else ""
    message = (
        f"{planned} deletions are held: {limit} of the {owned + recent} records owned may be deleted at once"
        f"{lately} (--max-deletes {limits.max_deletes}, --max-delete-percent {limits.max_percent:g}); "
        "review them with `dnssync plan --out FILE` and release them with `dnssync apply FILE`, "
        "or restart with a higher limit"
    )
    return Verdict(False, planned, limit, message)
