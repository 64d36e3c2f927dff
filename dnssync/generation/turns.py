"""Turns: which object is written next, so that nobody waits for a neighbour with many. Pure.

Namespaces take turns; inside one, who came first goes first. Times are monotonic, in seconds.
"""

from collections import OrderedDict

from dnssync.objects import ObjectRef


class Allowance:
    """How many writes are allowed now: ``rate`` a second, and a second's worth at once after a pause."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = max(rate, 1.0)
        self._counted_at: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until one write is allowed."""
        passed = 0.0 if self._counted_at is None else now - self._counted_at
        self._counted_at = now
        self._left = min(max(self._rate, 1.0), self._left + passed * self._rate)
        return max(0.0, (1.0 - self._left) / self._rate)

    def take(self) -> None:
        """One write is made; ``wait`` has said 0."""
        self._left -= 1.0


class Turns:
    """A set of objects in a fair order; each has a time before which it is not its turn."""

    def __init__(self) -> None:
        self._ready: OrderedDict[str, OrderedDict[ObjectRef, None]] = OrderedDict()
        self._later: dict[ObjectRef, float] = {}

    def __len__(self) -> int:
        return len(self._later) + sum(map(len, self._ready.values()))

    def add(self, ref: ObjectRef, not_before: float = 0.0) -> None:
        """Queue an object, or put off one that is queued; an early date never hurries a later one up."""
        if not_before:
            self.drop(ref)
            self._later[ref] = not_before
        elif ref not in self._later:
            self._ready.setdefault(ref.namespace, OrderedDict()).setdefault(ref)

    def drop(self, ref: ObjectRef) -> None:
        """Nothing has to be done for the object any more."""
        self._later.pop(ref, None)
        queue = self._ready.get(ref.namespace, OrderedDict())
        queue.pop(ref, None)
        if not queue:
            self._ready.pop(ref.namespace, None)

    def next(self, now: float) -> ObjectRef | None:
        """Take out the object whose turn it is; None if it is nobody's yet."""
        for ref in [ref for ref, due in self._later.items() if due <= now]:
            del self._later[ref]
            self.add(ref)
        if not self._ready:
            return None
        namespace, queue = self._ready.popitem(last=False)
        ref, _ = queue.popitem(last=False)
        if queue:
            self._ready[namespace] = queue
        return ref

    def deadline(self, now: float) -> float | None:
        """When ``next`` will have something; None if nothing is queued."""
        return now if self._ready else min(self._later.values(), default=None)
