"""The state behind the Cloud DNS double: zones, their record sets, and changes, each applied whole or not.

No HTTP here. A refused request raises ``Refused`` with one entry per offending item.
"""

import bisect
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.doubles.clouddns.rules import (
    Refusal,
    RRset,
    invalid,
    is_dns_name,
    is_zone_name,
    normal_data,
    refuse_rrset,
    required,
)

Key = tuple[str, str]

# https://cloud.google.com/dns/quotas, under the names that projects.get uses.
QUOTA = {
    "managedZones": 10_000,
    "rrsetsPerManagedZone": 10_000,
    "resourceRecordsPerRrset": 100,
    "rrsetAdditionsPerChange": 1_000,
    "rrsetDeletionsPerChange": 1_000,
    "totalRrdataSizePerChange": 100_000,
}


class Refused(Exception):
    """The request is refused; the first entry's code is the reply's."""

    def __init__(self, *entries: Refusal) -> None:
        super().__init__(entries[0].message)
        self.entries = entries


class ManagedZone:
    """One zone: its resource as the API shows it, its record sets, and what was changed."""

    def __init__(self, resource: dict[str, Any]) -> None:
        self.resource = resource
        self.changes: list[dict[str, Any]] = []
        self._rrsets: dict[Key, RRset] = {}
        self._types: defaultdict[str, set[str]] = defaultdict(set)
        self._sorted: list[Key] | None = None
        for kind, data in (
            ("NS", ["ns1.double.test."]),
            ("SOA", ["ns1.double.test. h.double.test. 1 2 3 4 5"]),
        ):
            self.put({"name": self.dns_name, "type": kind, "ttl": 21600, "rrdatas": data})

    @property
    def dns_name(self) -> str:
        return str(self.resource["dnsName"])

    def __len__(self) -> int:
        return len(self._rrsets)

    def get(self, key: Key) -> RRset | None:
        return self._rrsets.get(key)

    def put(self, rrset: RRset) -> None:
        """Store a set as it is, past all rules: for preparing a test."""
        key = (rrset["name"], rrset["type"])
        self._rrsets[key] = {"kind": "dns#resourceRecordSet", **rrset}
        self._types[rrset["name"]].add(rrset["type"])
        self._sorted = None

    def drop(self, key: Key) -> None:
        """Remove a set as it is, past all rules."""
        del self._rrsets[key]
        self._types[key[0]].discard(key[1])
        self._sorted = None

    def page(
        self, *, name: str = "", kind: str = "", after: Key = ("", ""), limit: int = 1000
    ) -> tuple[list[RRset], Key | None]:
        """The next ``limit`` sets by name and type behind ``after``; and where to go on, if anywhere."""
        if name:
            keys = sorted((name, found) for found in self._types.get(name, ()) if kind in ("", found))
        else:
            self._sorted = self._sorted or sorted(self._rrsets)
            keys = self._sorted
        start = bisect.bisect_right(keys, after)
        chosen = keys[start : start + limit]
        more = start + limit < len(keys)
        return [self._rrsets[key] for key in chosen], (chosen[-1] if more else None)

    def commit(self, body: dict[str, Any], quota: dict[str, int]) -> dict[str, Any]:
        """Apply a Change whole and give it back without a status; or raise Refused and change nothing."""
        additions = [_normal(rrset) for rrset in body.get("additions", [])]
        deletions = [_normal(rrset) for rrset in body.get("deletions", [])]
        if not additions and not deletions:
            raise Refused(required("entity.change"))
        refusals = list(self._over_quota(additions, deletions, quota)) or list(self._invalid(additions))
        refusals = refusals or list(self._conflicts(additions, deletions))
        if refusals:
            raise Refused(*refusals)
        for rrset in deletions:
            self.drop((rrset["name"], rrset["type"]))
        for rrset in additions:
            self.put(rrset)
        change = {"kind": "dns#change", "id": str(len(self.changes)), "startTime": _now()}
        self.changes.append(change | {"additions": additions, "deletions": deletions})
        return self.changes[-1]

    def _over_quota(
        self, additions: list[RRset], deletions: list[RRset], quota: dict[str, int]
    ) -> Iterator[Refusal]:
        used = {
            "rrsetAdditionsPerChange": len(additions),
            "rrsetDeletionsPerChange": len(deletions),
            "totalRrdataSizePerChange": sum(
                len(data) for rrset in (*additions, *deletions) for data in rrset["rrdatas"]
            ),
            "resourceRecordsPerRrset": max((len(rrset["rrdatas"]) for rrset in additions), default=0),
            "rrsetsPerManagedZone": len(self) + len(additions) - len(deletions),
        }
        for limit, count in used.items():
            if count > quota[limit]:
                message = f"The resource 'entity.change' has exceeded quota: {limit} {count} > {quota[limit]}"
                yield Refusal(403, "quotaExceeded", message)

    def _invalid(self, additions: list[RRset]) -> Iterator[Refusal]:
        for index, rrset in enumerate(additions):
            refusal = refuse_rrset(rrset, self.dns_name, f"entity.change.additions[{index}]")
            if refusal:
                yield refusal

    def _conflicts(self, additions: list[RRset], deletions: list[RRset]) -> Iterator[Refusal]:
        gone = {(rrset["name"], rrset["type"]) for rrset in deletions}
        come = {(rrset["name"], rrset["type"]) for rrset in additions}
        yield from self._deletion_conflicts(deletions, come)
        seen: set[Key] = set()
        for index, rrset in enumerate(additions):
            key, where = (rrset["name"], rrset["type"]), f"entity.change.additions[{index}]"
            if key in seen or (key in self._rrsets and key not in gone):
                message = f"The resource '{where}' named '{key[0]} ({key[1]})' already exists"
                yield Refusal(409, "alreadyExists", message)
            seen.add(key)
        yield from self._cname_conflicts(gone, come)

    def _deletion_conflicts(self, deletions: list[RRset], come: set[Key]) -> Iterator[Refusal]:
        seen: set[Key] = set()
        for index, rrset in enumerate(deletions):
            key, where = (rrset["name"], rrset["type"]), f"entity.change.deletions[{index}]"
            stored = self._rrsets.get(key)
            if stored is None or key in seen:
                yield Refusal(
                    404, "notFound", f"The '{where}' resource named '{key[0]} ({key[1]})' does not exist."
                )
            elif not _same(stored, rrset):
                yield Refusal(412, "conditionNotMet", f"Precondition not met for '{where}'")
            elif key[0] == self.dns_name and key[1] in ("NS", "SOA") and key not in come:
                yield invalid(where, f"{key[0]} ({key[1]}) cannot be deleted")
            seen.add(key)

    def _cname_conflicts(self, gone: set[Key], come: set[Key]) -> Iterator[Refusal]:
        """RFC 1034 §3.6.2: where a CNAME is, nothing else may be."""
        coming: defaultdict[str, set[str]] = defaultdict(set)
        for name, kind in come:
            coming[name].add(kind)
        for name, kinds in sorted(coming.items()):
            kinds |= {kind for kind in self._types.get(name, ()) if (name, kind) not in gone}
            if "CNAME" in kinds and len(kinds) > 1:
                message = (
                    f"The resource record set '{name}' is invalid: a CNAME cannot stand beside other data"
                )
                yield Refusal(400, "cnameResourceRecordSetConflict", message)


def _normal(rrset: RRset) -> RRset:
    """The set as it is stored: lower-case name, numeric TTL, normal data. What is wrong stays so."""
    normal = {key: value for key, value in rrset.items() if key != "kind"}
    normal["name"] = str(rrset.get("name", "")).lower()
    if "ttl" in rrset:
        normal["ttl"] = int(rrset["ttl"])
    normal["type"] = str(rrset.get("type", ""))
    data = rrset.get("rrdatas") or []
    normal["rrdatas"] = [normal_data(normal["type"], text) or text for text in data]
    return normal


def _same(stored: RRset, given: RRset) -> bool:
    """Deletions "must match existing data exactly": TTL and data; the order of the data does not count."""
    return (
        stored["ttl"] == given.get("ttl")
        and sorted(stored.get("rrdatas", [])) == sorted(given["rrdatas"])
        and stored.get("routingPolicy") == given.get("routingPolicy")
    )


def new_zone(body: dict[str, Any], number: int) -> ManagedZone:
    """The zone that ``managedZones.create`` makes of its body; raises Refused."""
    for key in ("name", "dnsName", "description"):
        if not body.get(key):
            raise Refused(required(f"entity.managedZone.{key}"))
    if not is_zone_name(body["name"]):
        raise Refused(invalid("entity.managedZone.name", body["name"]))
    dns_name = body["dnsName"].lower()
    if not is_dns_name(dns_name):
        raise Refused(invalid("entity.managedZone.dnsName", body["dnsName"]))
    return ManagedZone(
        {
            "kind": "dns#managedZone",
            "visibility": "public",
            "nameServers": ["ns1.double.test."],
            "creationTime": _now(),
            **body,
            "id": str(number),
            "dnsName": dns_name,
        }
    )


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
