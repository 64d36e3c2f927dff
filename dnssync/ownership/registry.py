"""Registries: who owns a record, and how that is kept in step with the record itself."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

from dnssync.changes import Bundle, Change
from dnssync.endpoints import Endpoint
from dnssync.names import normalise
from dnssync.ownership.content import Marker, ZoneContent
from dnssync.skipped import Skipped


class Registry(Protocol):
    """How ownership is kept. All of it is pure."""

    owner_id: str
    """Who we are; empty if no books are kept and everything counts as ours."""

    def read(self, raw: Iterable[Endpoint], zone_name: str = "") -> ZoneContent:
        """A zone's RRsets, as the provider gave them, with ownership told by their labels.

        With ``zone_name`` (no trailing dot), nothing is created whose marker would lie outside the zone.
        """

    def bundle(self, changes: Sequence[Change], content: ZoneContent) -> list[Bundle]:
        """The changes with their markers, grouped by normalised name, sorted by it.

        A change that ``refusals`` names is left out.
        """

    def refusals(self, changes: Sequence[Change], content: ZoneContent) -> list[Skipped]:
        """The changes that cannot be made without touching what is not ours, or without a marker."""


class NoopRegistry:
    """No books: every record seen may be changed, and nothing is written beside it.

    ``labels_survive``: the service gives back what a record is labelled with.
    """

    owner_id = ""

    def __init__(self, *, labels_survive: bool = False) -> None:
        self.labels_survive = labels_survive

    def read(self, raw: Iterable[Endpoint], zone_name: str = "") -> ZoneContent:
        """The records as they are."""
        return ZoneContent(self, raw, zone_name)

    def bundle(self, changes: Sequence[Change], content: ZoneContent) -> list[Bundle]:
        """The changes grouped by name."""
        return [Bundle(name, tuple(group)) for name, group in by_name(changes)]

    def refusals(self, changes: Sequence[Change], content: ZoneContent) -> list[Skipped]:
        """Nothing is refused."""
        return []

    def subject(self, name: str) -> str:
        """The name: there are no markers to tell it otherwise."""
        return name

    def marker(self, endpoint: Endpoint) -> Marker | None:
        """No TXT record is a marker here."""
        return None

    def labelled(self, record: Endpoint, markers: Sequence[Marker], zone_name: str) -> Endpoint:
        """The record as it is."""
        return record


def by_name(changes: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    """The changes by the normalised name of what they change, in the order of names."""
    groups: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        groups[normalise(change.endpoint.dns_name)].append(change)
    return sorted(groups.items())
