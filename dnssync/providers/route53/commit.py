"""Committing a batch: one request, and what follows when the service says no, or nothing.

A rejected batch is divided until the bad bundles stand alone; the others are applied, as are the good sets of
a name that has several under a routing policy. Where a request was
resent, the rejection may be the echo of a first copy that was committed: then, and before a lone bundle
is given up, the names are read back, and what is already as wanted counts as done.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from dnssync.changes import Outcome
from dnssync.errors import DnssyncError
from dnssync.providers.route53.batches import Batch, blamed, divide
from dnssync.providers.route53.errors import DeniedError, RejectedError, UnansweredError
from dnssync.providers.route53.routing import RRset
from dnssync.providers.route53.writes import Prepared, by_set_identifier, in_order, standing

NOT_TRIED = "not tried, because a request before it failed: "

# Denials with nothing allowed between them, after which the whole zone counts as denied.
_MAX_DENIALS = 8


class Zones(Protocol):
    """What is needed of an account."""

    def change(self, zone_id: str, changes: list[dict[str, Any]]) -> None:
        """Commit all or none; raises DnssyncError, a RejectedError where the content is refused."""

    def sets_at(self, zone_id: str, names: Iterable[str]) -> list[RRset]:
        """The sets at the stored ``names``."""


class Commit:
    """The work on the batches of one zone. ``outcomes`` go by the index of the bundle.

    ``stopped`` is the error after which nothing more is tried: throttled, denied or without an answer.
    """

    def __init__(self, zones: Zones, zone_id: str) -> None:
        self._zones, self._zone_id = zones, zone_id
        self._waiting: list[Batch] = []
        self._denials = 0
        self.outcomes: dict[int, Outcome] = {}
        self.stopped: DnssyncError | None = None

    def run(self, batch: Batch) -> None:
        """Commit ``batch`` as far as the service lets it; what comes of it goes to ``outcomes``."""
        self._waiting = [batch]
        while self._waiting:
            part = self._waiting.pop()
            if self.stopped:
                self._fail(part, NOT_TRIED + str(self.stopped))
            else:
                self._try(part)

    def _try(self, part: Batch) -> None:
        try:
            self._zones.change(self._zone_id, [write.request for write in in_order(part)])
        except DeniedError as denied:
            self._after_denial(part, denied)
        except RejectedError as rejected:
            self._after_rejection(part, rejected)
        except DnssyncError as error:
            self.stopped = error
            self._fail(part, str(error), doubtful=isinstance(error, UnansweredError))
        else:
            self._denials = 0
            self._succeed(part)

    def _after_denial(self, part: Batch, denied: DeniedError) -> None:
        """A policy may deny some names only; but a zone that is denied whole must not cost a request each."""
        self._denials += 1
        if len(part) > 1 and self._denials < _MAX_DENIALS:
            self._divide(part, "")
            return
        self.stopped = denied if self._denials >= _MAX_DENIALS else None
        self._fail(part, str(denied))

    def _after_rejection(self, part: Batch, rejected: RejectedError) -> None:
        if len(part) > 1 and not _may_be_echo(part, rejected):
            self._divide(part, str(rejected))
            return
        try:
            current = self._zones.sets_at(self._zone_id, {name for one in part for name in one.names()})
        except DnssyncError as error:
            self.stopped = error
            self._fail(part, f"{rejected}; and reading back failed: {error}", doubtful=True)
            return
        states = {one.index: standing(one, current, self._zone_id) for one in part}
        rest = tuple(one for one in part if states[one.index] != "done")
        self._succeed(one for one in part if states[one.index] == "done")
        if len(part) == 1:
            for one in rest:
                changed = states[one.index] == "changed"
                self.outcomes[one.index] = (
                    _overtaken(one, rejected) if changed else self._refused(one, rejected)
                )
        elif len(rest) == len(part):
            self._divide(part, str(rejected))
        elif rest:
            self._waiting.append(rest)

    def _refused(self, one: Prepared, rejected: RejectedError) -> Outcome:
        """What comes of a bundle that was refused alone: of several sets, the good ones are written."""
        pieces = by_set_identifier(one)
        if len(pieces) < 2:
            return Outcome(one.bundle, str(rejected), retryable=False)
        errors = [error for piece in pieces if (error := self._error_of(piece))]
        if len(errors) == len(pieces) and self.stopped is None:
            return Outcome(one.bundle, str(rejected), retryable=False)
        # What was written is not what was planned: the zone has to be read before the rest is planned.
        return Outcome(one.bundle, "; ".join(errors) or str(rejected), doubtful=True)

    def _error_of(self, piece: Prepared) -> str:
        """Commit a piece of a bundle; why that failed, empty if it did not."""
        if self.stopped:
            return NOT_TRIED + str(self.stopped)
        try:
            self._zones.change(self._zone_id, [write.request for write in in_order([piece])])
        except RejectedError as rejected:
            return str(rejected)
        except DnssyncError as error:
            self.stopped = error
            return str(error)
        return ""

    def _divide(self, part: Batch, message: str) -> None:
        self._waiting += reversed(divide(part, message))

    def _succeed(self, part: Iterable[Prepared]) -> None:
        self.outcomes |= {one.index: Outcome(one.bundle) for one in part}

    def _fail(self, part: Iterable[Prepared], error: str, *, doubtful: bool = False) -> None:
        self.outcomes |= {one.index: Outcome(one.bundle, error, doubtful=doubtful) for one in part}


def _may_be_echo(part: Batch, rejected: RejectedError) -> bool:
    """Whether a first copy may have been committed: then every bundle is complained of, or none by name."""
    return rejected.resent and len(blamed(part, str(rejected))) in (0, len(part))


def _overtaken(one: Prepared, rejected: RejectedError) -> Outcome:
    """The zone is not as it was planned on: a new plan may do."""
    hint = "the zone is not as it was last read, and will be read again"
    return Outcome(one.bundle, f"{rejected}; {hint}", doubtful=True)
