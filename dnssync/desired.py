"""DesiredState: what all objects ask of DNS, indexed so that one change touches its own names only.

Plain data without threads or clock. Names are normalised (``names.normalise``).
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from dnssync.endpoints import Endpoint
from dnssync.names import normalise
from dnssync.objects import ObjectClaims, ObjectRef


class DesiredState:
    """Object → claims, and name → the objects that claim it.

    ``apply`` and ``remove`` return the names whose claims changed: exactly the names
    that have to be planned again.
    """

    def __init__(self) -> None:
        self._claims: dict[ObjectRef, ObjectClaims] = {}
        self._claimants: dict[str, set[ObjectRef]] = {}
        self.types: Counter[str] = Counter()
        """How many endpoints are wanted, by record type."""

    def get(self, ref: ObjectRef) -> ObjectClaims | None:
        """The claims of one object, None if it has none."""
        return self._claims.get(ref)

    def apply(self, claims: ObjectClaims) -> set[str]:
        """Put ``claims`` in place of what the object claimed before; the names whose claims differ."""
        before = self._claims.get(claims.ref)
        if before == claims:
            return set()
        touched = _differing_names(before, claims)
        self._index(claims.ref, before, claims)
        self._claims[claims.ref] = claims
        return touched

    def remove(self, ref: ObjectRef) -> set[str]:
        """Forget an object; the names that it claimed."""
        before = self._claims.pop(ref, None)
        if before is None:
            return set()
        self._index(ref, before, None)
        return claimed_names(before)

    def missing_from(self, kind: str, refs: frozenset[ObjectRef]) -> list[ObjectRef]:
        """The objects of ``kind`` that are known here but not among ``refs``."""
        return [ref for ref in self._claims if ref.kind == kind and ref not in refs]

    def names(self) -> Iterable[str]:
        """Every name that some object claims, with or without a target."""
        return self._claimants.keys()

    def claimants(self, name: str) -> list[ObjectClaims]:
        """The claims of all objects that ask for ``name``, in an order that does not depend on arrival."""
        return [self._claims[ref] for ref in sorted(self._claimants.get(name, ()))]

    def endpoints_at(self, name: str) -> list[Endpoint]:
        """Every endpoint that some object wants at ``name``, unmerged, in the order of ``claimants``."""
        return [
            endpoint
            for claims in self.claimants(name)
            for endpoint in claims.endpoints
            if normalise(endpoint.dns_name) == name
        ]

    def _index(self, ref: ObjectRef, before: ObjectClaims | None, after: ObjectClaims | None) -> None:
        old = claimed_names(before) if before else set()
        new = claimed_names(after) if after else set()
        self.types.subtract(endpoint.record_type for endpoint in (before.endpoints if before else ()))
        self.types.update(endpoint.record_type for endpoint in (after.endpoints if after else ()))
        for name in old - new:
            holders = self._claimants[name]
            holders.discard(ref)
            if not holders:
                del self._claimants[name]
        for name in new - old:
            self._claimants.setdefault(name, set()).add(ref)


def claimed_names(claims: ObjectClaims) -> set[str]:
    """Every normalised name that the object asks for, with or without a target."""
    return {normalise(endpoint.dns_name) for endpoint in claims.endpoints} | {
        normalise(host) for host in claims.waiting
    }


def _differing_names(before: ObjectClaims | None, after: ObjectClaims) -> set[str]:
    old = dict(_by_name(before)) if before else {}
    new = dict(_by_name(after))
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _by_name(claims: ObjectClaims) -> Iterator[tuple[str, list[Endpoint]]]:
    grouped: dict[str, list[Endpoint]] = {normalise(host): [] for host in claims.waiting}
    for endpoint in claims.endpoints:
        grouped.setdefault(normalise(endpoint.dns_name), []).append(endpoint)
    yield from grouped.items()
