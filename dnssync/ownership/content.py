"""ZoneContent: a zone as last read, its records and markers told apart, kept true to what is committed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from dnssync.changes import Bundle
from dnssync.endpoints import LABEL_OWNER, Endpoint
from dnssync.names import normalise


class Marker(msgspec.Struct, frozen=True, gc=False):
    """An ownership TXT record. ``subject`` is the normalised name it speaks of, ``record_type`` the type.

    The type is ``""`` in the oldest format; the subject is ``""`` if the TXT has the content of a marker
    under a name that cannot be one. ``exact`` says that it stands under the very name that it would be
    written under today.
    """

    endpoint: Endpoint
    subject: str
    record_type: str
    labels: dict[str, str]
    exact: bool


class Bookkeeping(Protocol):
    """How ownership is written down: what ZoneContent has to know of its registry."""

    owner_id: str
    labels_survive: bool
    """Whether the service gives the labels of a record back; most know nothing of them."""

    def subject(self, name: str) -> str:
        """The normalised record name as markers tell it."""

    def marker(self, endpoint: Endpoint) -> Marker | None:
        """The endpoint read as a marker; None if it is an ordinary record."""

    def labelled(self, record: Endpoint, markers: Sequence[Marker], zone_name: str) -> Endpoint:
        """The record with what the markers of its subject say of it."""


class ZoneContent:
    """Labelled records and markers of one zone.

    Names are normalised (``names.normalise``). ``zone_name`` is the zone's own name without the trailing
    dot; empty if it does not matter. Two contents are equal if they hold the same records and markers.
    Not safe to use from several threads at once.
    """

    def __init__(self, books: Bookkeeping, raw: Iterable[Endpoint] = (), zone_name: str = "") -> None:
        self.zone_name = zone_name
        self._books = books
        # Tuples and not dicts inside: there are a few records at a name, and a hundred thousand names.
        self._raw: dict[str, tuple[Endpoint, ...]] = {}
        self._labelled: dict[str, tuple[Endpoint, ...]] = {}
        self._markers: dict[tuple[str, str], Marker] = {}
        self._by_subject: dict[str, tuple[Marker, ...]] = {}
        self._wildcards: dict[str, str] = {}
        self._owned: Counter[str] = Counter()
        for endpoint in raw:
            self._put(endpoint)
        for name in self._raw:
            self._label(name)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ZoneContent):
            return NotImplemented
        return self._labelled_by_key() == other._labelled_by_key() and self._markers == other._markers

    __hash__ = None  # type: ignore[assignment]

    def names(self) -> Iterable[str]:
        """Every name that has a record (markers not counted)."""
        return self._labelled.keys()

    def at(self, name: str) -> list[Endpoint]:
        """The labelled records at a normalised name."""
        return list(self._labelled.get(name, ()))

    def records(self) -> list[Endpoint]:
        """All labelled records."""
        return [record for records in self._labelled.values() for record in records]

    def find(self, endpoint: Endpoint) -> Endpoint | None:
        """The labelled record of the same name, type and set identifier, None if there is none."""
        kind = endpoint.record_type, endpoint.set_identifier
        for record in self._labelled.get(normalise(endpoint.dns_name), ()):
            if (record.record_type, record.set_identifier) == kind:
                return record
        return None

    def marker_at(self, name: str, set_identifier: str) -> Marker | None:
        """The marker whose TXT name is ``name`` (any spelling), None if there is none."""
        return self._markers.get((normalise(name), set_identifier))

    def markers_of(self, name: str) -> Sequence[Marker]:
        """The markers that speak of a normalised record name, of any type and set identifier, in order."""
        return self._by_subject.get(self._books.subject(name), ())

    def owned_count(self, owner_id: str) -> int:
        """How many RRsets this owner has here, markers not counted; without an owner id, all of them."""
        return self._owned[owner_id] if owner_id else self._owned.total()

    def apply(self, bundle: Bundle) -> None:
        """Take over a bundle that was committed, at the cost of its names only."""
        touched: set[str] = set()
        for change in bundle.changes:
            if change.old is not None:
                touched |= self._discard(change.old)
        for change in bundle.changes:
            if change.new is not None:
                keeps = self._books.labels_survive
                stored = change.new if keeps else msgspec.structs.replace(change.new, labels={})
                touched |= self._put(stored)
        for name in touched:
            self._label(name)

    def _put(self, endpoint: Endpoint) -> set[str]:
        """Store a record or marker as read; the names whose labels this may change."""
        name = normalise(endpoint.dns_name)
        marker = self._books.marker(endpoint) if endpoint.record_type == "TXT" else None
        if marker is None:
            self._raw[name] = (*_without(self._raw.get(name, ()), endpoint), endpoint)
            if self._books.subject(name) != name:
                self._wildcards[self._books.subject(name)] = name
            return {name}
        key = name, endpoint.set_identifier
        others = (other for other in self._by_subject.get(marker.subject, ()) if _key(other.endpoint) != key)
        # In order, so that it does not matter in which they came.
        self._by_subject[marker.subject] = tuple(
            sorted((*others, marker), key=lambda one: _key(one.endpoint))
        )
        self._markers[key] = marker
        return self._told_by(marker)

    def _discard(self, endpoint: Endpoint) -> set[str]:
        """Forget a record or marker; the names whose labels this may change."""
        name = normalise(endpoint.dns_name)
        key = name, endpoint.set_identifier
        marker = self._markers.pop(key, None) if endpoint.record_type == "TXT" else None
        if marker is None:
            self._raw[name] = _without(self._raw.get(name, ()), endpoint)
            return {name}
        others = tuple(other for other in self._by_subject[marker.subject] if _key(other.endpoint) != key)
        if others:
            self._by_subject[marker.subject] = others
        else:
            del self._by_subject[marker.subject]
        return self._told_by(marker)

    def _told_by(self, marker: Marker) -> set[str]:
        """The names with records that the marker may speak for: its subject, or the wildcard behind that."""
        names = {marker.subject, self._wildcards.get(marker.subject, marker.subject)}
        return names & self._raw.keys()

    def _label(self, name: str) -> None:
        """Label the records at ``name`` anew and keep the counts true."""
        self._owned.subtract(map(_owner, self._labelled.get(name, ())))
        raw = self._raw.get(name)
        if not raw:
            self._raw.pop(name, None)
            self._labelled.pop(name, None)
            return
        markers = self.markers_of(name)
        records = tuple(self._books.labelled(record, markers, self.zone_name) for record in raw)
        self._labelled[name] = records
        self._owned.update(map(_owner, records))

    def _labelled_by_key(self) -> dict[tuple[str, str, str], Endpoint]:
        return {
            (name, record.record_type, record.set_identifier): record
            for name, records in self._labelled.items()
            for record in records
        }


def _without(records: Iterable[Endpoint], endpoint: Endpoint) -> tuple[Endpoint, ...]:
    """The records of one name but for the RRset that ``endpoint`` is or was."""
    kind = endpoint.record_type, endpoint.set_identifier
    return tuple(record for record in records if (record.record_type, record.set_identifier) != kind)


def _key(endpoint: Endpoint) -> tuple[str, str]:
    return normalise(endpoint.dns_name), endpoint.set_identifier


def _owner(record: Endpoint) -> str:
    return record.labels.get(LABEL_OWNER, "")
