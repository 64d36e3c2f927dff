"""Bundles as atomic Changes of Cloud DNS: how they are packed, and what the zone says of a refused one. Pure.

A Change is a list of deletions, each of which must match the data in the zone exactly, and a list of
additions, none of which may exist; all of it is done or nothing
(https://cloud.google.com/dns/docs/reference/rest/v1/changes).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

import msgspec

from dnssync.changes import Bundle
from dnssync.providers.clouddns.rrsets import Key, RRset, from_endpoint


class Load(NamedTuple):
    """What a Change carries; ``data`` is octets of record data, additions and deletions alike."""

    additions: int = 0
    deletions: int = 0
    data: int = 0

    def plus(self, other: "Load") -> "Load":
        """Both together."""
        return Load(
            self.additions + other.additions, self.deletions + other.deletions, self.data + other.data
        )


class Limits(msgspec.Struct, frozen=True):
    """The most that one Change may hold; ``changes`` is additions and deletions together, 0 for any.

    The others are the service's own (https://cloud.google.com/dns/quotas); ``data`` counts octets.
    """

    changes: int = 1000
    additions: int = 1000
    deletions: int = 1000
    data: int = 100_000

    def excess(self, load: Load) -> str:
        """Which limit the load would break, in words; empty if none."""
        changes = load.additions + load.deletions
        counts = (
            (changes, self.changes or changes, "changes"),
            (load.additions, self.additions, "additions"),
            (load.deletions, self.deletions, "deletions"),
            (load.data, self.data, "octets of data"),
        )
        broken = [f"{count} {what}, {most} are allowed" for count, most, what in counts if count > most]
        return ", ".join(broken)


class Edit(msgspec.Struct, frozen=True):
    """One bundle in the service's words."""

    bundle: Bundle
    deletions: tuple[RRset, ...] = ()
    additions: tuple[RRset, ...] = ()

    @property
    def load(self) -> Load:
        """What the edit adds to a Change."""
        sets = (*self.deletions, *self.additions)
        data = sum(len(data.encode()) for rrset in sets for data in rrset.rrdatas)
        return Load(len(self.additions), len(self.deletions), data)

    @property
    def names(self) -> set[str]:
        """The names that it touches."""
        return {rrset.name for rrset in (*self.deletions, *self.additions)}


class Verdict(Enum):
    """What the zone holds of an edit that was refused."""

    DONE = auto()
    """All of it is in the zone: an earlier try had succeeded."""
    UNTOUCHED = auto()
    """The zone is as the edit expects it: the refusal was for something else."""
    CHANGED = auto()
    """Something else is there than the edit expects."""


def obstacle(edit: Edit, limits: Limits) -> str:
    """Why the edit cannot be sent at all; empty if it can."""
    for rrset in (*edit.deletions, *edit.additions):
        if not rrset.rrdatas:
            return f"{rrset.name} {rrset.type} has a routing policy or no data, and dnssync leaves it alone"
    excess = limits.excess(edit.load)
    return f"a name's records and markers must change in one request, but {excess}" if excess else ""


def edit_of(bundle: Bundle) -> Edit:
    """The edit that carries the bundle out; the sets are sorted by name and type."""
    old = [from_endpoint(change.old) for change in bundle.changes if change.old is not None]
    new = [from_endpoint(change.new) for change in bundle.changes if change.new is not None]
    return Edit(bundle, tuple(sorted(old, key=_sort_key)), tuple(sorted(new, key=_sort_key)))


def body_of(edits: Iterable[Edit]) -> dict[str, Any]:
    """The JSON of the Change that carries out all of the edits."""
    edits = tuple(edits)
    return {
        "kind": "dns#change",
        "additions": [rrset.wire() for edit in edits for rrset in edit.additions],
        "deletions": [rrset.wire() for edit in edits for rrset in edit.deletions],
    }


def pack(edits: Iterable[Edit], limits: Limits) -> Iterator[list[Edit]]:
    """The edits in their order, in as few Changes as a greedy packing gives; each of them must fit alone."""
    batch: list[Edit] = []
    load = Load()
    for edit in edits:
        more = load.plus(edit.load)
        if batch and limits.excess(more):
            yield batch
            batch, more = [], edit.load
        batch.append(edit)
        load = more
    if batch:
        yield batch


def halves(batch: Sequence[Edit]) -> tuple[list[Edit], list[Edit]]:
    """The batch in two parts, to find what is wrong with it."""
    middle = len(batch) // 2
    return list(batch[:middle]), list(batch[middle:])


def judge(edit: Edit, live: Mapping[Key, RRset]) -> Verdict:
    """Compare the edit with the sets that the zone holds now.

    It counts as done only as a whole, ownership marker included: to complete half of it could put our
    mark on a record that somebody else has made.
    """
    wished = {rrset.key: rrset for rrset in edit.additions}
    gone = [rrset.key for rrset in edit.deletions if rrset.key not in wished]
    if all(_held(live, rrset) for rrset in edit.additions) and not any(key in live for key in gone):
        return Verdict.DONE
    expected = {rrset.key for rrset in edit.deletions}
    created = [rrset.key for rrset in edit.additions if rrset.key not in expected]
    if all(_held(live, rrset) for rrset in edit.deletions) and not any(key in live for key in created):
        return Verdict.UNTOUCHED
    return Verdict.CHANGED


def rebase(edit: Edit, live: Mapping[Key, RRset]) -> Edit:
    """The untouched edit with its deletions exactly as the zone spells them."""
    deletions = tuple(live.get(rrset.key, rrset) for rrset in edit.deletions)
    return msgspec.structs.replace(edit, deletions=deletions)


def _held(live: Mapping[Key, RRset], wanted: RRset) -> bool:
    stored = live.get(wanted.key)
    return stored is not None and stored.holds(wanted)


def _sort_key(rrset: RRset) -> Key:
    return rrset.key
