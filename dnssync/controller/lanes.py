"""All lanes: which zones there are, which of them a name may stand in, and when they were last read."""

from collections.abc import Iterator

from dnssync.controller.lane import Lane
from dnssync.names import normalise
from dnssync.providers import Zone


class Lanes:
    """The lanes by zone, and the reading of the list of zones itself."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._by_suffix: dict[str, list[Lane]] = {}
        self._zones: tuple[Zone, ...] | None = None
        self._reading = False
        self.read_due: float | None = 0.0
        self.read_failures = 0
        self.read_error = ""

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def get(self, zone: Zone) -> Lane | None:
        """The lane of a zone, None if the zone is no longer there."""
        return self._lanes.get(zone.id)

    def at(self, name: str) -> list[Lane]:
        """The lanes of every zone that a normalised name lies in, parents and children alike."""
        found: list[Lane] = []
        rest = name
        while rest:
            found += self._by_suffix.get(rest, ())
            rest = rest.partition(".")[2]
        return found

    @property
    def loaded(self) -> bool:
        """Whether the list of zones was ever read."""
        return self._zones is not None

    def wants_read(self, now: float) -> bool:
        """Whether a read of the list of zones is due and may begin."""
        return self.read_due is not None and now >= self.read_due and not self._reading

    def begin_read(self) -> None:
        """A read of the list is under way."""
        self._reading = True
        self.read_due = None

    def fail_read(self, error: str, retry_at: float) -> None:
        """The list could not be read; it is tried again at ``retry_at``."""
        self._reading = False
        self.read_due = retry_at
        self.read_failures += 1
        self.read_error = error

    def take_zones(self, zones: tuple[Zone, ...], now: float) -> bool:
        """Lanes come and go with their zones, and all are to be read anew. Whether the zones differ."""
        self._reading = False
        self.read_failures, self.read_error = 0, ""
        for zone_id in self._lanes.keys() - {zone.id for zone in zones}:
            del self._lanes[zone_id]
        for zone in zones:
            self._lanes.setdefault(zone.id, Lane(zone)).want_read(now)
        changed = zones != self._zones
        self._zones = zones
        self._by_suffix = {}
        for lane in self._lanes.values():
            self._by_suffix.setdefault(normalise(lane.zone.name), []).append(lane)
        return changed

    def any_applying(self) -> bool:
        """Whether changes are on their way to some zone."""
        return any(lane.applying for lane in self)

    def any_incomplete(self) -> bool:
        """Whether some zone was not yet read, or not yet looked through."""
        return not self.loaded or any(lane.cold or lane.content is None for lane in self)

    def owned_count(self, owner_id: str) -> int:
        """How many records all zones together hold for the owner."""
        return sum(lane.content.owned_count(owner_id) for lane in self if lane.content)

    def at_rest(self, *, deletes_held: bool = False) -> bool:
        """Whether nothing more can be done now; what failed, or is held, counts as done."""
        if self._reading or (self.read_due is not None and not self.read_error):
            return False
        return all(lane.at_rest(deletes_held=deletes_held) for lane in self)

    def next_deadline(self, now: float, *, planning: bool) -> float | None:
        """When there is something to do next; names to plan count only while planning is allowed."""
        deadlines = [lane.next_deadline(now, planning=planning) for lane in self]
        if not self._reading:
            deadlines.append(self.read_due)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)
