"""Zones in memory: for dry runs, for trying things out, and as the simplest provider that keeps the contract.

It is as strict as the cloud services are: a bundle is committed whole or not at all, what is created must not
exist, and what is replaced or deleted must be what is there.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from dnssync.changes import Action, Bundle, Change, Outcome
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint, Key
from dnssync.errors import ConfigError
from dnssync.names import ascii_name, is_within, longest_zone
from dnssync.providers import Zone

_Records = dict[Key, Endpoint]


class InMemoryProvider:
    """A provider whose zones live as long as it does; safe to call from several threads.

    ``zones`` are names in any spelling. ``records`` go to the longest zone that holds them; one without a
    zone is a ConfigError. ``requests`` counts the calls of ``zones``, ``records`` and ``apply``.
    """

    name = "inmemory"

    def __init__(self, zones: Iterable[str], records: Iterable[Endpoint] = ()) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[str] = Counter()
        self._zones: dict[str, _Records] = {ascii_name(name): {} for name in zones}
        for endpoint in records:
            self._home(endpoint)[_key(endpoint)] = _bare(endpoint)

    @property
    def requests(self) -> Counter[str]:
        """How often each of ``zones``, ``records`` and ``apply`` was called so far (a copy)."""
        with self._lock:
            return self._requests.copy()

    def zones(self) -> list[Zone]:
        """All zones, sorted by name; a zone's id is its name."""
        with self._lock:
            self._requests["zones"] += 1
            return [Zone(id=name, name=name) for name in sorted(self._zones)]

    def records(self, zone: Zone) -> list[Endpoint]:
        """Every RRset of the zone, without labels, as a DNS service would give it back."""
        with self._lock:
            self._requests["records"] += 1
            return list(self._stored(zone).values())

    def apply(self, zone: Zone, bundles: Sequence[Bundle]) -> list[Outcome]:
        """Commit each bundle whole; one that does not fit what is there fails alone, and doubtful."""
        with self._lock:
            self._requests["apply"] += 1
            if zone.name not in self._zones:
                return [Outcome(bundle, f"{zone}: there is no such zone") for bundle in bundles]
            return [self._commit(zone.name, bundle) for bundle in bundles]

    def adjust(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """The endpoints as they are: memory can hold whatever an endpoint says."""
        return list(endpoints)

    def zones_for(self, endpoint: Endpoint, zones: Sequence[Zone]) -> list[Zone]:
        """The one longest zone that holds the name, by whole labels."""
        name = longest_zone(ascii_name(endpoint.dns_name), (zone.name for zone in zones))
        return [zone for zone in zones if zone.name == name][:1]

    def domain_filter(self, zones: Sequence[Zone]) -> DomainFilter:
        """No restriction of its own."""
        return DomainFilter()

    def close(self) -> None:
        """Nothing is held."""

    def _home(self, endpoint: Endpoint) -> _Records:
        zone = longest_zone(ascii_name(endpoint.dns_name), self._zones)
        if zone is None:
            raise ConfigError(f"{endpoint.dns_name}: no in-memory zone holds this name; add its zone")
        return self._zones[zone]

    def _stored(self, zone: Zone) -> _Records:
        if zone.name not in self._zones:
            raise ConfigError(f"{zone}: there is no such in-memory zone")
        return self._zones[zone.name]

    def _commit(self, zone: str, bundle: Bundle) -> Outcome:
        """Work on a copy of the bundle's own RRsets: a failure in the middle leaves nothing behind."""
        records = self._zones[zone]
        keys = {_key(side) for change in bundle.changes for side in (change.old, change.new) if side}
        draft: dict[Key, Endpoint | None] = {key: records.get(key) for key in keys}
        outside = [key for key in keys if not is_within(key.dns_name, zone)]
        if outside:
            return Outcome(bundle, f"{zone}: {_label(outside[0])} lies outside the zone", retryable=False)
        # A replacement may come as delete and create of one RRset: what leaves goes first.
        for change in sorted(bundle.changes, key=lambda change: change.action is not Action.DELETE):
            error = _apply_change(draft, change)
            if error:
                return Outcome(bundle, f"{zone}: {error}", doubtful=True)
        for key, endpoint in draft.items():
            if endpoint is None:
                records.pop(key, None)
            else:
                records[key] = endpoint
        return Outcome(bundle)


def _apply_change(draft: dict[Key, Endpoint | None], change: Change) -> str:
    """Apply one change to the draft; the text says why it does not fit, and is empty if it does."""
    if change.old is not None:
        key = _key(change.old)
        if not _same(draft[key], change.old):
            return f"{_label(key)} is not there as it was last read"
        draft[key] = None
    if change.new is not None:
        key = _key(change.new)
        if draft[key] is not None:
            return f"{_label(key)} exists already"
        draft[key] = _bare(change.new)
    return ""


def _same(stored: Endpoint | None, read: Endpoint) -> bool:
    return (
        stored is not None
        and sorted(stored.targets) == sorted(read.targets)
        and read.ttl in (stored.ttl, 0)  # 0: whoever made the change does not know or mind it
    )


def _key(endpoint: Endpoint) -> Key:
    return Key(ascii_name(endpoint.dns_name), endpoint.record_type, endpoint.set_identifier)


def _label(key: Key) -> str:
    return " ".join(part for part in key if part)


def _bare(endpoint: Endpoint) -> Endpoint:
    """The endpoint without its labels: a DNS service holds those in ownership records only."""
    return msgspec.structs.replace(endpoint, labels={}) if endpoint.labels else endpoint
