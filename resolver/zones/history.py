"""The last changes of a zone, so that a secondary can be told only what is new (IXFR, RFC 1995). Pure."""

from collections import deque

from resolver.zones.contents import Change


class History:
    """Changes that follow each other, the oldest forgotten when they hold more than ``limit`` records."""

    def __init__(self, limit: int = 50_000) -> None:
        self._limit = limit
        self._size = 0
        self._changes: deque[Change] = deque()

    def add(self, change: Change) -> None:
        """Remember a change; one that does not follow the last makes all before it useless."""
        if self._changes and self._changes[-1].serial != change.old_serial:
            self.clear()
        self._changes.append(change)
        self._size += count_records(change)
        while self._size > self._limit:
            self._size -= count_records(self._changes.popleft())

    def since(self, serial: int) -> list[Change] | None:
        """The changes that lead from ``serial`` to now; None if that is longer ago than is remembered."""
        starts = [index for index, change in enumerate(self._changes) if change.old_serial == serial]
        return list(self._changes)[starts[-1] :] if starts else None

    def clear(self) -> None:
        """Forget all."""
        self._changes.clear()
        self._size = 0


def count_records(change: Change) -> int:
    """How many records the change takes away and brings."""
    return sum(len(rrset.data) for rrset in (*change.removed, *change.added))


def is_newer(serial: int, than: int) -> bool:
    """Whether ``serial`` comes after ``than`` in the arithmetic of serials (RFC 1982 §3.2)."""
    return serial != than and (serial - than) % 2**32 < 2**31
