"""ZoneContent: a zone as last read, its records and markers told apart, kept true to what is committed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from dnssync.changes import Bundle
from dnssync.endpoints import LABEL_OWNER, LABEL_RESOURCE, Endpoint
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
        self._raw: dict[str, dict[tuple[str, str], Endpoint]] = {}
        self._markers: dict[tuple[str, str], Marker] = {}
        self._by_subject: dict[str, dict[tuple[str, str], Marker]] = {}
        self._names_of_subject: dict[str, set[str]] = {}
        self._labelled: dict[str, tuple[Endpoint, ...]] = {}
        self._owned: Counter[str] = Counter()
        self._names_of_resource: dict[str, set[str]] = {}
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

    def markers_of(self, name: str) -> list[Marker]:
        """The markers that speak of a normalised record name, of any type and set identifier, in order."""
        markers = self._by_subject.get(self._books.subject(name), {})
        return [markers[key] for key in sorted(markers)]

    def owned_count(self, owner_id: str) -> int:
        """How many RRsets this owner has here, markers not counted; without an owner id, all of them."""
        return self._owned[owner_id] if owner_id else self._owned.total()

    def names_of(self, resource: str) -> frozenset[str]:
        """The names whose record is ours and was made for this object (``ingress/namespace/name``)."""
        return frozenset(self._names_of_resource.get(resource, ()))

    def apply(self, bundle: Bundle) -> None:
        """Take over a bundle that was committed, at the cost of its names only."""
        touched: set[str] = set()
        for change in bundle.changes:
            if change.old is not None:
                touched |= self._discard(change.old)
        for change in bundle.changes:
            if change.new is not None:
                # Labels are ours alone: what a service gives back has none.
                touched |= self._put(msgspec.structs.replace(change.new, labels={}))
        for name in touched:
            self._label(name)

    def _put(self, endpoint: Endpoint) -> set[str]:
        """Store a record or marker as read; the names whose labels this may change."""
        name = normalise(endpoint.dns_name)
        marker = self._books.marker(endpoint) if endpoint.record_type == "TXT" else None
        if marker is None:
            self._raw.setdefault(name, {})[endpoint.record_type, endpoint.set_identifier] = endpoint
            self._names_of_subject.setdefault(self._books.subject(name), set()).add(name)
            return {name}
        key = name, endpoint.set_identifier
        self._markers[key] = marker
        self._by_subject.setdefault(marker.subject, {})[key] = marker
        return set(self._names_of_subject.get(marker.subject, ()))

    def _discard(self, endpoint: Endpoint) -> set[str]:
        """Forget a record or marker; the names whose labels this may change."""
        name = normalise(endpoint.dns_name)
        key = name, endpoint.set_identifier
        marker = self._markers.pop(key, None) if endpoint.record_type == "TXT" else None
        if marker is None:
            self._raw.get(name, {}).pop((endpoint.record_type, endpoint.set_identifier), None)
            return {name}
        of_subject = self._by_subject[marker.subject]
        del of_subject[key]
        if not of_subject:
            del self._by_subject[marker.subject]
        return set(self._names_of_subject.get(marker.subject, ()))

    def _label(self, name: str) -> None:
        """Label the records at ``name`` anew and keep the counts and indices true."""
        self._uncount(name)
        raw = self._raw.get(name)
        if not raw:
            self._forget(name)
            return
        markers = self.markers_of(name)
        records = tuple(self._books.labelled(record, markers, self.zone_name) for record in raw.values())
        self._labelled[name] = records
        for record in records:
            owner = record.labels.get(LABEL_OWNER, "")
            self._owned[owner] += 1
            resource = record.labels.get(LABEL_RESOURCE)
            if resource and owner == self._books.owner_id:
                self._names_of_resource.setdefault(resource, set()).add(name)

    def _uncount(self, name: str) -> None:
        for record in self._labelled.get(name, ()):
            self._owned[record.labels.get(LABEL_OWNER, "")] -= 1
            names = self._names_of_resource.get(record.labels.get(LABEL_RESOURCE, ""))
            if names is not None:
                names.discard(name)
                if not names:
                    del self._names_of_resource[record.labels[LABEL_RESOURCE]]

    def _forget(self, name: str) -> None:
        self._raw.pop(name, None)
        self._labelled.pop(name, None)
        subject = self._books.subject(name)
        names = self._names_of_subject.get(subject, set())
        names.discard(name)
        if not names:
            self._names_of_subject.pop(subject, None)

    def _labelled_by_key(self) -> dict[tuple[str, str, str], Endpoint]:
        return {
            (name, record.record_type, record.set_identifier): record
            for name, records in self._labelled.items()
            for record in records
        }
