"""The TXT registry: every record of ours has an ownership TXT record beside it, readable by external-dns.

* A record and its marker travel in one bundle. Whatever stands in the zone is taken as it was read: an
  existing marker of ours is replaced, not created again, and a marker is deleted as it is, not as it
  would be written today.
* Nothing is created where a marker of another owner lies, or where the marker cannot be written (a label
  over 63 octets, a name outside the zone, a place taken by another record): it could never be recognised.
* Deleting or moving a record takes the marker that spoke for it, unless a remaining record is told by it.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from dnssync.changes import Action, Bundle, Change
from dnssync.endpoints import LABEL_OWNER, Endpoint
from dnssync.names import normalise
from dnssync.ownership.books import FORCE_UPDATE, TxtBooks, TxtOptions, speaks_for
from dnssync.ownership.content import Marker, ZoneContent
from dnssync.ownership.labels import format_labels
from dnssync.ownership.registry import by_name
from dnssync.skipped import Skipped, SkipReason, skip, skip_unowned


class TxtRegistry:
    """Ownership in TXT records. Raises ConfigError for options that cannot work."""

    def __init__(self, options: TxtOptions) -> None:
        self.books = TxtBooks(options)
        self.owner_id = options.owner_id

    def read(self, raw: Iterable[Endpoint], zone_name: str = "") -> ZoneContent:
        """The zone with its markers turned into labels; a record without targets is passed over."""
        return ZoneContent(self.books, (entry for entry in raw if entry.targets), zone_name)

    def bundle(self, changes: Sequence[Change], content: ZoneContent) -> list[Bundle]:
        """Each name's changes with what has to happen to its markers, in one bundle."""
        allowed = [self._stamped(change) for change in changes if self._refusal(change, content) is None]
        return [
            Bundle(name, (*group, *self._marker_changes(name, group, content)))
            for name, group in by_name(allowed)
        ]

    def refusals(self, changes: Sequence[Change], content: ZoneContent) -> list[Skipped]:
        """The changes that ``bundle`` leaves out, and why."""
        return [refusal for change in changes if (refusal := self._refusal(change, content))]

    def _refusal(self, change: Change, content: ZoneContent) -> Skipped | None:
        if change.old is not None:
            held = content.find(change.old) or change.old
            if held.labels.get(LABEL_OWNER) != self.owner_id:
                return skip_unowned(change.endpoint, held, self.owner_id)
        if change.new is None:
            return None
        problem = self.books.marker_problem(change.new, content.zone_name)
        if problem:
            # What is ours already, by an older marker, stays so without a new one.
            return skip(change.new, SkipReason.NO_MARKER, problem) if change.old is None else None
        return self._place_refusal(change.new, content)

    def _place_refusal(self, record: Endpoint, content: ZoneContent) -> Skipped | None:
        """Why the place of the record's marker is not ours to write; None if it is."""
        name = self.books.marker_name(record)
        marker = content.marker_at(name, record.set_identifier)
        if marker is not None:
            if self.books.is_ours(marker):
                return None
            owner = marker.labels.get(LABEL_OWNER, "")
            why = f"its ownership record {name} belongs to owner {owner!r}, we are {self.owner_id!r}"
            return skip(record, SkipReason.FOREIGN_OWNER, why, other=owner)
        for taken in content.at(normalise(name)):
            if taken.record_type in ("TXT", "CNAME"):
                why = (
                    f"the place of its ownership record {name} is taken by a {taken.record_type} record; "
                    "remove that, or keep the two apart by --txt-prefix in a new deployment"
                )
                return skip(record, SkipReason.NO_MARKER, why)
        return None

    def _stamped(self, change: Change) -> Change:
        """The change as the provider gets it: ours by label, and without what only the plan had to know."""
        old = change.old and change.old.with_property(FORCE_UPDATE, None)
        new = change.new and change.new.with_labels(owner=self.owner_id)
        return Change(change.action, old, new)

    def _marker_changes(self, name: str, group: Sequence[Change], content: ZoneContent) -> Iterator[Change]:
        """What has to happen to the markers of one name for its changes to be told."""
        written: set[tuple[str, str]] = set()
        untold: list[Endpoint] = []
        for change in group:
            if change.new is None:
                continue
            if self.books.marker_problem(change.new, content.zone_name):
                untold.append(change.new)
                continue
            marker = self.books.new_marker(change.new)
            written.add((normalise(marker.dns_name), marker.set_identifier))
            held = content.marker_at(marker.dns_name, marker.set_identifier)
            if held is None:
                yield Change(Action.CREATE, new=marker)
            elif change.old is not None or not self._says_the_same(held, change.new):
                yield _replacement(held.endpoint, marker)
        for stale in _stale_markers(name, group, untold, content):
            if (normalise(stale.dns_name), stale.set_identifier) not in written:
                yield _removal(stale)

    def _says_the_same(self, marker: Marker, record: Endpoint) -> bool:
        return format_labels(marker.labels) == self.books.marker_text(record)


def _stale_markers(
    name: str, group: Sequence[Change], untold: Sequence[Endpoint], content: ZoneContent
) -> list[Endpoint]:
    """The markers that spoke for records of this group and speak for no record of the name afterwards.

    ``untold`` are new records that get no marker of their own and live on with the old one.
    """
    markers = content.markers_of(name)
    olds = [change.old for change in group if change.old is not None]
    changed = {_kind(old) for old in olds}
    kept = [record for record in content.at(name) if _kind(record) not in changed]
    needed = [speaks_for(record, markers) for record in (*kept, *untold)]
    spoke = [marker for old in olds if (marker := speaks_for(old, markers))]
    unneeded = {id(marker): marker for marker in spoke if not any(marker is other for other in needed)}
    return [marker.endpoint for marker in unneeded.values()]


def _replacement(held: Endpoint, marker: Endpoint) -> Change:
    """The marker in place of what is held; strings that someone put beside it stay."""
    return Change(
        Action.UPDATE, held, msgspec.structs.replace(marker, targets=(*marker.targets, *held.targets[1:]))
    )


def _removal(held: Endpoint) -> Change:
    """The marker taken away; strings that someone put beside it stay."""
    if len(held.targets) == 1:
        return Change(Action.DELETE, old=held)
    return Change(Action.UPDATE, held, msgspec.structs.replace(held, targets=held.targets[1:]))


def _kind(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.record_type, endpoint.set_identifier
