"""Carrying bundles out on one zone: send, find the bad one, recognise what is done, wait until served."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from dnssync.changes import Bundle, Outcome
from dnssync.errors import DnssyncError, RetryableError
from dnssync.providers import Zone
from dnssync.providers.clouddns.batches import (
    Edit,
    Limits,
    Verdict,
    body_of,
    edit_of,
    halves,
    judge,
    obstacle,
    pack,
    rebase,
)
from dnssync.providers.clouddns.client import ChangeState, CloudDnsClient
from dnssync.providers.clouddns.failures import ServiceRefusal, Silence

log = logging.getLogger(__name__)

# Whoever else writes to the zone can make us read it again, but not for ever.
_MOST_READINGS = 4

_FIRST_POLL = 0.05
_LONGEST_POLL = 2.0


class Pace(NamedTuple):
    """Seconds between two batches for one zone, and the longest wait for a change to be served."""

    interval: float
    deadline: float


class Commit:
    """One ``apply`` call on one zone. It never raises for a remote failure; ``stop`` ends all waiting."""

    def __init__(self, client: CloudDnsClient, zone: Zone, stop: threading.Event) -> None:
        self._client = client
        self._zone = zone
        self._stop = stop
        self._pending: list[tuple[ChangeState, list[Edit]]] = []

    def run(self, bundles: Sequence[Bundle], limits: Limits, pace: Pace) -> list[Outcome]:
        """What came of each bundle, in their order."""
        outcomes: dict[int, Outcome] = {}
        edits = []
        for edit in map(edit_of, bundles):
            problem = obstacle(edit, limits)
            if problem:
                outcomes[id(edit.bundle)] = Outcome(edit.bundle, f"{self._zone}: {problem}", retryable=False)
            elif edit.names:
                edits.append(edit)
        for number, batch in enumerate(pack(edits, limits)):
            if number:
                self._stop.wait(pace.interval)
            outcomes |= {id(outcome.bundle): outcome for outcome in self._send(batch, _MOST_READINGS)}
        outcomes |= {id(outcome.bundle): outcome for outcome in self._await(pace.deadline)}
        return [outcomes.get(id(bundle), Outcome(bundle)) for bundle in bundles]

    def _send(self, batch: list[Edit], readings: int) -> Iterator[Outcome]:
        """Commit the batch and yield what failed; what was accepted waits in ``_pending``."""
        try:
            change = self._client.create_change(self._zone.id, body_of(batch))
        except ServiceRefusal as refusal:
            self._note(len(batch), refusal)
            if refusal.conflict:
                yield from self._settle(batch, refusal, readings)
            else:
                yield from self._split(batch, refusal, readings)
        except DnssyncError as error:
            yield from self._failed(batch, error)
        else:
            self._pending.append((change, batch))

    def _split(self, batch: list[Edit], refusal: ServiceRefusal, readings: int) -> Iterator[Outcome]:
        """Halve a refused batch until what is wrong with it stands alone."""
        if len(batch) == 1:
            yield from self._failed(batch, refusal)
            return
        for half in halves(batch):
            yield from self._send(half, readings)

    def _settle(self, batch: list[Edit], refusal: ServiceRefusal, readings: int) -> Iterator[Outcome]:
        """The zone is not as assumed: read it where the batch touches it, and decide for each edit."""
        try:
            live = self._client.rrsets_at(self._zone.id, {name for edit in batch for name in edit.names})
        except DnssyncError as error:
            yield from self._failed(batch, error, doubtful=True)
            return
        verdicts = [(edit, judge(edit, live)) for edit in batch]
        again = [rebase(edit, live) for edit, verdict in verdicts if verdict is Verdict.UNTOUCHED]
        yield from self._failed((edit for edit, verdict in verdicts if verdict is Verdict.CHANGED), refusal)
        if again == batch:
            yield from self._split(again, refusal, readings)
        elif again and readings:
            yield from self._send(again, readings - 1)
        else:
            yield from self._failed(again, refusal)

    def _await(self, deadline: float) -> Iterator[Outcome]:
        """Wait until the name servers have all accepted changes; yield those not known to be there."""
        until = time.monotonic() + deadline
        for change, batch in self._pending:
            try:
                if not self._served(change, until):
                    late = RetryableError(f"change {change.id} was accepted, but is not served yet")
                    yield from self._failed(batch, late, doubtful=True)
            except DnssyncError as error:
                yield from self._failed(batch, error, doubtful=True)

    def _served(self, change: ChangeState, until: float) -> bool:
        pause = _FIRST_POLL
        while not change.is_done:
            if time.monotonic() + pause > until or self._stop.wait(pause):
                return False
            change = self._client.change(self._zone.id, change.id)
            pause = min(2 * pause, _LONGEST_POLL)
        return True

    def _failed(
        self, edits: Iterable[Edit], error: DnssyncError, *, doubtful: bool = False
    ) -> Iterator[Outcome]:
        """One outcome for each edit. A conflict and a lost answer leave in doubt what the zone holds."""
        retryable = True
        if isinstance(error, ServiceRefusal):
            doubtful = doubtful or error.conflict
            retryable = doubtful or not error.permanent
        elif isinstance(error, Silence):
            doubtful = doubtful or error.doubtful
        for edit in edits:
            why = f"{error}{_advice(edit, error)}"
            yield Outcome(edit.bundle, why, retryable=retryable, doubtful=doubtful)

    def _note(self, refused: int, why: DnssyncError) -> None:
        # One alone is told of with its outcome.
        log.log(
            logging.INFO if refused > 1 else logging.DEBUG,
            "%s: %d refused, looking for the reason",
            self._zone,
            refused,
            extra={"zone": str(self._zone), "reason": str(why)},
        )


def _advice(edit: Edit, error: DnssyncError) -> str:
    """What the user can do about a refusal of names that Cloud DNS takes from nobody."""
    starred = any("*" in rrset.name.removeprefix("*.") for rrset in edit.additions)
    if not starred or not isinstance(error, ServiceRefusal):
        return ""
    return "; Cloud DNS takes * as a whole first label only: give --txt-wildcard-replacement"
