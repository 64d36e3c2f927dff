"""What one process counts while it answers: plain ints, added up on the way. Values only."""

from bisect import bisect_left

import msgspec

# Upper bounds in seconds: from a few microseconds (a batch of common questions) to a stall.
LATENCY_BOUNDS = (
    *(0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005),
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1),
)

# The same in nanoseconds, as they are counted.
NANOSECOND_BOUNDS = tuple(round(bound * 1e9) for bound in LATENCY_BOUNDS)

# Kinds of answers that are counted apart; types of further ones are not told apart.
_MAX_KINDS = 400


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A kind of answer; ``type`` is that of the question (0: not read), ``path`` is fast, slow or keeper."""

    type: int
    rcode: int
    transport: str
    path: str


class Counts(msgspec.Struct, frozen=True):
    """A state of the counters; ``latency`` is per bound of ``LATENCY_BOUNDS``, and beyond them the last."""

    answered: tuple[tuple[Answered, int], ...] = ()
    events: dict[str, int] = {}
    latency: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS) + 1)
    latency_sum: float = 0.0

    def __add__(self, other: "Counts") -> "Counts":
        answered = dict(self.answered)
        for kind, number in other.answered:
            answered[kind] = answered.get(kind, 0) + number
        events = {
            name: self.events.get(name, 0) + other.events.get(name, 0)
            for name in {**self.events, **other.events}
        }
        latency = tuple(mine + theirs for mine, theirs in zip(self.latency, other.latency, strict=True))
        return Counts(tuple(answered.items()), events, latency, self.latency_sum + other.latency_sum)


class Latencies:
    """Times from reading to answering.

    ``cells`` is a plain list, for the accelerator adds to it, too: how many messages by the bounds and beyond
    them, and in the last cell the nanoseconds of all.
    """

    def __init__(self) -> None:
        self.cells = [0] * (len(NANOSECOND_BOUNDS) + 2)

    def note(self, nanoseconds: int, number: int = 1) -> None:
        """Count ``number`` messages that were handled together in so many nanoseconds."""
        self.cells[bisect_left(NANOSECOND_BOUNDS, nanoseconds)] += number
        self.cells[-1] += nanoseconds * number


class Tally:
    """The running counters of a process."""

    def __init__(self) -> None:
        self.events: dict[str, int] = {}
        self.latencies = Latencies()
        self._answered: dict[tuple[int, int, str, str], int] = {}

    def answer(self, rtype: int, rcode: int, transport: str, path: str) -> None:
        """Count one answer."""
        key = (rtype, rcode, transport, path)
        if key not in self._answered and len(self._answered) >= _MAX_KINDS:
            # Types are what strangers choose.
            key = (0, rcode, transport, path)
        self._answered[key] = self._answered.get(key, 0) + 1

    def counts(self) -> Counts:
        """The counters as they are now."""
        answered = tuple((Answered(*key), number) for key, number in self._answered.items())
        *latency, nanoseconds = self.latencies.cells
        return Counts(answered, dict(self.events), tuple(latency), nanoseconds / 1e9)
