"""The flap guard: an object that still asks for a host keeps its last targets there for a while.

Controllers empty an object's status for a moment when they roll over; a record that vanishes then is an
outage. So while the object exists and still asks for the host, what it last had there is held until a
deadline. After a restart the last targets are unknown, but the ownership record's ``resource`` label says
which record was this object's: that record is left as it is.
"""

from collections import deque
from collections.abc import Iterable

import msgspec

from dnssync.endpoints import LABEL_OWNER, LABEL_RESOURCE, Endpoint
from dnssync.names import normalise
from dnssync.objects import ObjectClaims, ObjectRef


class Hold(msgspec.Struct, frozen=True, gc=False):
    """One held claim. ``endpoints`` is empty if the last targets are unknown: after a restart, if the object
    was ``found`` without any, or if it never had one."""

    ref: ObjectRef
    name: str
    endpoints: tuple[Endpoint, ...]
    until: float
    found: bool = False


class Holds:
    """Every hold of the moment. ``now`` and deadlines are seconds of one monotonic clock."""

    def __init__(self, duration: float) -> None:
        self._duration = duration
        self._holds: dict[ObjectRef, dict[str, Hold]] = {}
        self._at: dict[str, set[ObjectRef]] = {}
        # One duration for all, so the order of beginning is the order of ending.
        self._in_order: deque[Hold] = deque()

    def __len__(self) -> int:
        """How many hosts keep targets that are known."""
        return sum(bool(hold.endpoints) for held in self._holds.values() for hold in held.values())

    def update(
        self, before: ObjectClaims | None, after: ObjectClaims, now: float, *, found: bool = False
    ) -> list[Hold]:
        """Begin and end holds as an object's claims change; the holds that begin.

        ``found``: the object was there before we were, so it may have had targets that we do not know.
        """
        if self._duration <= 0:
            return []
        waiting = {normalise(host) for host in after.waiting} - {
            normalise(endpoint.dns_name) for endpoint in after.endpoints
        }
        held = self._holds.get(after.ref, {})
        for name in held.keys() - waiting:
            self._drop(after.ref, name)
        asked_before = {normalise(host) for host in before.waiting} if before else set()
        begun = [
            Hold(after.ref, name, _endpoints_at(before, name), now + self._duration, found and before is None)
            for name in sorted(waiting - held.keys() - asked_before)
        ]
        for hold in begun:
            self._holds.setdefault(after.ref, {})[hold.name] = hold
            self._at.setdefault(hold.name, set()).add(after.ref)
            self._in_order.append(hold)
        return begun

    def forget(self, ref: ObjectRef) -> None:
        """The object is gone: nothing of it is held any more."""
        for name in list(self._holds.get(ref, {})):
            self._drop(ref, name)

    def expire(self, now: float) -> list[Hold]:
        """End the holds whose time is over, and return them: their names have to be planned again."""
        over = []
        while self._in_order and self._in_order[0].until <= now:
            hold = self._in_order.popleft()
            if self._holds.get(hold.ref, {}).get(hold.name) is hold:
                self._drop(hold.ref, hold.name)
                over.append(hold)
        return over

    def next_deadline(self) -> float | None:
        """When to call ``expire`` next, None if nothing is held."""
        return self._in_order[0].until if self._in_order else None

    def at(self, name: str) -> list[Hold]:
        """The holds at a normalised name, ordered by object."""
        holders = self._at.get(name)
        return [self._holds[ref][name] for ref in sorted(holders)] if holders else []

    def _drop(self, ref: ObjectRef, name: str) -> None:
        held = self._holds[ref]
        del held[name]
        if not held:
            del self._holds[ref]
        holders = self._at[name]
        holders.discard(ref)
        if not holders:
            del self._at[name]


def records_to_keep(
    holds: Iterable[Hold],
    unread: frozenset[str],
    current: Iterable[Endpoint],
    owner_id: str,
    *,
    claimed: bool,
) -> list[Endpoint]:
    """Those of ``current`` that stay as they are because what their object wants there is not known.

    That is so after a restart, for an object whose targets are held and for one that is there but cannot be
    decoded; ``unread`` has the ``resource`` labels of the latter. A label may name an object that had the
    name long before: what nobody else wants, as ``claimed`` tells, is held for the one that asks for it.
    """
    unknown = [hold for hold in holds if not hold.endpoints]
    resources = unread.union(str(hold.ref) for hold in unknown)
    all_held = not claimed and any(hold.found for hold in unknown)
    return [
        record
        for record in (current if resources else ())
        if (all_held or record.labels.get(LABEL_RESOURCE) in resources)
        and record.labels.get(LABEL_OWNER) == owner_id
    ]


def _endpoints_at(claims: ObjectClaims | None, name: str) -> tuple[Endpoint, ...]:
    if claims is None:
        return ()
    return tuple(endpoint for endpoint in claims.endpoints if normalise(endpoint.dns_name) == name)
