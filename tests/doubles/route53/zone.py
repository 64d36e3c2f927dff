"""One hosted zone: its sets in Route 53's order, atomic batches, pages."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tests.doubles.route53 import rules
from tests.doubles.route53.records import Key, RecordSet, canonical_name, sort_key
from tests.doubles.route53.rules import Refused

MAX_PAGE = 300


Overlay = dict[Key, RecordSet | None]
"""What the touched sets would be after a batch; None is a set that would be gone."""


class Change(NamedTuple):
    """One change of a batch: CREATE, DELETE or UPSERT of a set."""

    action: str
    rrset: RecordSet


class HostedZone:
    """A zone and its sets. Not thread-safe: its account holds the lock."""

    def __init__(self, zone_id: str, name: str, *, private: bool = False) -> None:
        self.id, self.name, self.private = zone_id, canonical_name(name), private
        self._sets: dict[Key, RecordSet] = {}
        self._by_name: dict[str, set[Key]] = {}
        self._order: list[Key] = []
        self._added: list[Key] = []
        self._removed: set[Key] = set()
        for rrset in _apex(self.name):
            self.put(rrset)

    def __len__(self) -> int:
        return len(self._sets)

    def __contains__(self, key: Key) -> bool:
        return key in self._sets

    def put(self, rrset: RecordSet) -> None:
        """Store a set, whatever was there, with no rule asked."""
        if rrset.key not in self._sets:
            self._added.append(rrset.key)
            self._by_name.setdefault(rrset.name, set()).add(rrset.key)
        self._sets[rrset.key] = rrset

    def drop(self, key: Key) -> None:
        """Remove a set, with no rule asked."""
        if self._sets.pop(key, None) is not None:
            self._removed.add(key)
            self._by_name[key.name].discard(key)

    def sets(self) -> list[RecordSet]:
        """All sets in the order in which the service lists them."""
        return [self._sets[key] for key in self._sorted()]

    def _sorted(self) -> list[Key]:
        """Brings the order up to date only when somebody lists, so that many small batches stay cheap."""
        if self._added or self._removed:
            known = set(self._removed) | set(self._added)
            kept = [key for key in self._order if key not in known]
            self._order = sorted(kept + [key for key in set(self._added) if key in self._sets], key=sort_key)
            self._added, self._removed = [], set()
        return self._order

    def page(self, start: Key | None, limit: int) -> tuple[list[RecordSet], Key | None]:
        """Up to ``limit`` sets from ``start`` on, and the key at which the next page starts."""
        order = self._sorted()
        first = bisect_left(order, sort_key(start), key=sort_key) if start else 0
        end = first + min(limit, MAX_PAGE)
        return [self._sets[key] for key in order[first:end]], order[end] if end < len(order) else None

    def commit(self, changes: Sequence[Change], zones: Mapping[str, "HostedZone"]) -> None:
        """Apply all of ``changes`` or none (Refused says why); aliases may point into ``zones``."""
        _require_limits(changes)
        after = self._outcome(changes, zones)
        for key, rrset in after.items():
            if rrset is None:
                self.drop(key)
            else:
                self.put(rrset)

    def _outcome(self, changes: Sequence[Change], zones: Mapping[str, "HostedZone"]) -> Overlay:
        after: Overlay = {}
        found = _contradictions(changes)
        for action, rrset in changes:
            rules.require_shape(action, rrset)
            found += rules.problems(rrset, self.name) if action != "DELETE" else []
            found += self._apply(action, rrset, after)
        found += self._group_problems(after)
        for then in after.values():
            found += self._alias_problems(then, after, zones) if then is not None and then.alias else []
        if found:
            raise Refused("InvalidChangeBatch", f"[{', '.join(dict.fromkeys(found))}]")
        return after

    def _apply(self, action: str, rrset: RecordSet, after: Overlay) -> list[str]:
        current = after[rrset.key] if rrset.key in after else self._sets.get(rrset.key)
        after[rrset.key] = None if action == "DELETE" else rrset
        if action == "CREATE" and current is not None:
            return [f"Tried to create resource record set {_named(rrset)} but it already exists"]
        if action == "DELETE" and current is None:
            return [f"Tried to delete resource record set {_named(rrset)} but it was not found"]
        if action == "DELETE" and current is not None and not current.matches(rrset):
            return [
                f"Tried to delete resource record set {_named(rrset)} but the values provided do not match "
                "the current values"
            ]
        return []

    def _group_problems(self, after: Overlay) -> list[str]:
        touched: dict[str, set[Key]] = {}
        for key in after:
            touched.setdefault(key.name, set(self._by_name.get(key.name, ()))).add(key)
        found: list[str] = []
        for name, keys in touched.items():
            then = (after.get(key, self._sets.get(key)) for key in sorted(keys))
            group = [rrset for rrset in then if rrset is not None]
            found += rules.group_problems(name, group, self.name)
            if name == self.name and not {"NS", "SOA"} <= {rrset.type for rrset in group}:
                found.append("A HostedZone must contain at least one NS record and exactly one SOA record")
        return found

    def _alias_problems(
        self, rrset: RecordSet, after: Overlay, zones: Mapping[str, "HostedZone"]
    ) -> list[str]:
        alias = rrset.alias
        assert alias is not None, "asked for aliases only"
        zone_id = alias.zone_id
        tried = (
            f"Tried to create an alias that targets {alias.dns_name}, type {rrset.type} in zone {zone_id}, "
        )
        zone = zones.get(zone_id)
        if zone is None:
            fits = rules.canonical_zone(alias.dns_name) in (None, alias.zone_id)
            return [] if fits else [tried + "but the alias target name does not lie within the target zone"]
        if not alias.dns_name.endswith(zone.name):
            return [tried + "but the alias target name does not lie within the target zone"]
        same = [key for key, then in after.items() if then and zone is self and _aimed_at(key, rrset)]
        if same or any(_aimed_at(key, rrset) for key in zone.keys_of(alias.dns_name)):
            return []
        return [tried + "but that target was not found"]

    def keys_of(self, name: str) -> frozenset[Key]:
        """The sets that stand at one name."""
        return frozenset(self._by_name.get(name, ()))


def _aimed_at(key: Key, rrset: RecordSet) -> bool:
    return rrset.alias is not None and (key.name, key.type) == (rrset.alias.dns_name, rrset.type)


def start_key(name: str, record_type: str, identifier: str) -> Key | None:
    """Where a listing starts; a type needs a name, an identifier needs both (documented)."""
    if (record_type and not name) or (identifier and not record_type):
        raise Refused(
            "InvalidInput", "StartRecordType needs StartRecordName, StartRecordIdentifier needs both"
        )
    return Key(canonical_name(name), record_type, identifier) if name else None


def _contradictions(changes: Sequence[Change]) -> list[str]:
    actions: dict[Key, list[str]] = {}
    for change in changes:
        actions.setdefault(change.rrset.key, []).append(change.action)
    return [
        f"The request contains an invalid set of changes for a resource record set '{key.type} {key.name}'"
        for key, done in actions.items()
        if len(done) > 1 and done != ["DELETE", "CREATE"]
    ]


def _require_limits(changes: Sequence[Change]) -> None:
    if not changes:
        raise Refused("InvalidInput", "Invalid request: the batch has no changes")
    values = sum(len(rrset.values) * (2 if action == "UPSERT" else 1) for action, rrset in changes)
    if max(values, len(changes)) > rules.MAX_VALUES:
        raise Refused("InvalidChangeBatch", f"[Number of records limit of {rules.MAX_VALUES} exceeded.]")
    characters = sum(
        sum(map(len, rrset.values)) * (2 if action == "UPSERT" else 1) for action, rrset in changes
    )
    if characters > rules.MAX_CHARACTERS:
        raise Refused(
            "InvalidChangeBatch", f"[Number of characters limit of {rules.MAX_CHARACTERS} exceeded.]"
        )


def _named(rrset: RecordSet) -> str:
    identifier = f", set-identifier='{rrset.set_identifier}'" if rrset.set_identifier else ""
    return f"[name='{rrset.name}', type='{rrset.type}'{identifier}]"


def _apex(name: str) -> list[RecordSet]:
    tops = ("com", "net", "org", "co.uk")
    servers = tuple(f"ns-{number}.awsdns-{number:02}.{top}." for number, top in enumerate(tops))
    soa = f"{servers[0]} awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
    return [RecordSet(name, "NS", ttl=172800, values=servers), RecordSet(name, "SOA", ttl=900, values=(soa,))]
