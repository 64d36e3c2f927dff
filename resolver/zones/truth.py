"""The zones as their owner has them: what is true, whoever answers. Changes are numbered and told on."""

import threading
from collections.abc import Callable, Mapping, Sequence

from resolver.config import zone_text
from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text
from resolver.zones.bases import ZoneBase
from resolver.zones.contents import Change, enclose_all
from resolver.zones.zone import Layer, Update, Zone

Listener = Callable[[int, Change], None]


class Truth:
    """All zones by folded name, behind ``lock`` (re-entrant), which is taken here for every change.

    ``number`` counts the changes of all zones. Listeners are called with each, in order, lock held: they
    must be quick and must not raise.
    """

    def __init__(
        self, bases: Sequence[ZoneBase], *, now: int, serials: Mapping[str, int] | None = None
    ) -> None:
        """``serials``: the least SOA serial per zone, where a former process has used higher ones."""
        least = {fold(from_text(zone)): serial for zone, serial in (serials or {}).items()}
        self.zones = {base.origin: Zone(base, serial=max(now, least.get(base.origin, 0))) for base in bases}
        enclose_all(self.zones)
        self.lock = threading.RLock()
        self.number = 0
        self.listeners: list[Listener] = []

    def apply(
        self, zone: str | Labels, update: Update, *, now: int, layer: Layer = Layer.GIVEN
    ) -> tuple[Change | None, int]:
        """Take an update of one zone: the change, if it alters an answer, and the zone's serial.

        Raises ResolverError, with nothing taken.
        """
        with self.lock:
            found = self._find(zone)
            change = found.apply(update, now=now, layer=layer)
            self._tell(change)
            return change, found.serial

    def rebase(self, bases: Sequence[ZoneBase], *, now: int) -> list[str]:
        """Put other static records under the zones; one line for each zone that kept its old ones."""
        problems = []
        with self.lock:
            for base in bases:
                try:
                    self._tell(self.zones[base.origin].rebase(base, now=now))
                except ResolverError as error:
                    problems.append(f"zone {zone_text(base.origin)} keeps its static records: {error}")
        return problems

    def renew(self, *, now: int) -> None:
        """Give each zone a new serial, although its records are the same."""
        with self.lock:
            for zone in self.zones.values():
                self._tell(zone.advance(max(zone.serial + 1, now)))

    def _find(self, zone: str | Labels) -> Zone:
        found = self.zones.get(fold(from_text(zone) if isinstance(zone, str) else zone))
        if found is None:
            served = ", ".join(zone_text(origin) for origin in self.zones)
            raise ResolverError(f"{zone} is not a zone of this server, which has {served}")
        return found

    def _tell(self, change: Change | None) -> None:
        if change:
            self.number += 1
            for listener in self.listeners:
                listener(self.number, change)
