"""Bundles as ChangeResourceRecordSets entries, what they weigh, and whether a zone already shows them."""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from dnssync.changes import Bundle, Change
from dnssync.endpoints import Endpoint
from dnssync.providers.route53 import properties as p
from dnssync.providers.route53.aliases import is_alias
from dnssync.providers.route53.routing import RRset
from dnssync.providers.route53.rrsets import to_endpoint, to_rrset
from dnssync.providers.route53.spelling import stored_name

Action = Literal["UPSERT", "DELETE", "CREATE"]

# The order inside a request: what frees a name comes before what takes it.
_RANK: Mapping[str, int] = {"UPSERT": 0, "DELETE": 1, "CREATE": 2}

# Settings of which an UPSERT cannot change whether they are there: the service refuses to change the
# routing policy of a set, which has to be deleted and created instead.
_POLICY = (
    p.WEIGHT,
    p.REGION,
    p.FAILOVER,
    p.MULTI_VALUE_ANSWER,
    p.CONTINENT,
    p.COUNTRY,
    p.SUBDIVISION,
)

Standing = Literal["done", "untouched", "changed"]
"""The zone shows a bundle's result; or what the bundle was planned on; or something else."""

StoredKey = tuple[str, str, str]
"""Stored name, type, set identifier: what tells the sets of a zone apart."""


class Write(msgspec.Struct, frozen=True, gc=False):
    """One entry of a request. ``characters`` and ``values`` count as the service counts them."""

    action: Action
    rrset: RRset
    characters: int
    values: int

    @property
    def key(self) -> StoredKey:
        """Which RRset of the zone it writes."""
        return stored_name(self.rrset["Name"]), self.rrset["Type"], self.rrset.get("SetIdentifier", "")

    @property
    def request(self) -> dict[str, Any]:
        """The entry of a ChangeBatch."""
        return {"Action": self.action, "ResourceRecordSet": self.rrset}


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A bundle with its writes; ``index`` is its place among the bundles of one call."""

    index: int
    bundle: Bundle
    writes: tuple[Write, ...]

    def names(self) -> set[str]:
        """The stored names that it touches."""
        return {write.key[0] for write in self.writes}


def prepare(index: int, bundle: Bundle, zone_id: str, *, evaluate_target_health: bool) -> Prepared:
    """The bundle as writes into the zone ``zone_id``."""
    pairs = (entry for change in bundle.changes for entry in _entries(change))
    writes = (
        _write(action, to_rrset(endpoint, zone_id, evaluate_target_health=evaluate_target_health))
        for action, endpoint in pairs
    )
    return Prepared(index, bundle, tuple(writes))


def in_order(batch: Iterable[Prepared]) -> list[Write]:
    """The writes of a batch in the order of a request: UPSERT, DELETE, CREATE, then name and type."""
    writes = [write for prepared in batch for write in prepared.writes]
    return sorted(writes, key=lambda w: (_RANK[w.action], w.rrset["Name"], w.rrset["Type"]))


def by_set_identifier(prepared: Prepared) -> list[Prepared]:
    """The parts of a bundle that can stand without each other: what it puts under each set identifier.

    What is only taken away is left out: it may be meant to make room for a set that is refused.
    """
    groups: dict[str, list[Write]] = {}
    for write in prepared.writes:
        groups.setdefault(write.key[2], []).append(write)
    return [
        Prepared(prepared.index, prepared.bundle, tuple(writes))
        for writes in groups.values()
        if any(write.action != "DELETE" for write in writes)
    ]


def _entries(change: Change) -> Iterator[tuple[Action, Endpoint]]:
    old, new = change.old, change.new
    if old is not None and new is not None and not _needs_replacing(old, new):
        yield "UPSERT", new
        return
    if old is not None:
        yield "DELETE", old
    if new is not None:
        yield "CREATE", new


def _needs_replacing(old: Endpoint, new: Endpoint) -> bool:
    """Whether an UPSERT would not do: another set, an A that turns into or from an alias, another policy."""
    return (
        old.record_type != new.record_type
        or old.set_identifier != new.set_identifier
        or (new.record_type == "A" and is_alias(old) != is_alias(new))
        or _policy(old) != _policy(new)
    )


def _policy(endpoint: Endpoint) -> tuple[bool, ...]:
    """Which policy settings are there; only a set with an identifier has a policy at all."""
    if not endpoint.set_identifier:
        return ()
    proximity = any(endpoint.property_value(name) is not None for name in p.PROXIMITY_PLACES)
    return (*(endpoint.property_value(name) is not None for name in _POLICY), proximity)


def _write(action: Action, rrset: RRset) -> Write:
    """API reference, ChangeResourceRecordSets limits: each value of an UPSERT counts twice."""
    alias = rrset.get("AliasTarget")
    values = [alias["DNSName"]] if alias else [record["Value"] for record in rrset["ResourceRecords"]]
    times = 2 if action == "UPSERT" else 1
    characters = sum(len(value.encode()) for value in values)
    return Write(action, rrset, characters * times, len(values) * times)


def standing(prepared: Prepared, current: Iterable[RRset], zone_id: str) -> Standing:
    """What a zone shows of a bundle.

    ``current`` are the sets now at the names that the bundle touches.
    """
    now = {_stored_key(rrset): _comparable(rrset, zone_id) for rrset in current}
    after = {w.key: None if w.action == "DELETE" else _comparable(w.rrset, zone_id) for w in prepared.writes}
    if all(now.get(key) == wanted for key, wanted in after.items()):
        return "done"
    believed = {
        (stored_name(old.dns_name), old.record_type, old.set_identifier)
        for old in (change.old for change in prepared.bundle.changes)
        if old is not None
    }
    deleted = {w.key: _comparable(w.rrset, zone_id) for w in prepared.writes if w.action == "DELETE"}
    as_believed = all((key in now) == (key in believed) for key in after)
    same = all(now.get(key) == content for key, content in deleted.items())
    return "untouched" if as_believed and same else "changed"


def _stored_key(rrset: RRset) -> StoredKey:
    return stored_name(rrset["Name"]), rrset["Type"], rrset.get("SetIdentifier", "")


def _comparable(rrset: RRset, zone_id: str) -> Endpoint | RRset:
    """A form in which two spellings of one set are equal; a set that is no endpoint stands for itself."""
    endpoint = to_endpoint(rrset, zone_id)
    if endpoint is None:
        return rrset
    targets = (_target_form(endpoint.record_type, target) for target in endpoint.targets)
    return msgspec.structs.replace(
        endpoint, dns_name=stored_name(endpoint.dns_name), targets=tuple(sorted(targets))
    )


def _target_form(record_type: str, target: str) -> str:
    if record_type in ("TXT", "NAPTR"):
        return target
    try:
        return str(ipaddress.ip_address(target))
    except ValueError:
        return target.lower()
