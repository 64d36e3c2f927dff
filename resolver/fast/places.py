"""A zone as the fast path needs it: what its answers are put together from. Pure."""

from collections.abc import Iterator

from resolver.answers.answer import Answer, Question, negative_soa
from resolver.answers.responder import STREAM_SIZE
from resolver.answers.wire import HEADER_SIZE, Query, build_response
from resolver.fast.tails import ANY_FAMILY, OWNER, Tail
from resolver.names import MAX_LABEL, MAX_NAME, Labels, fold, from_wire, is_within, to_wire
from resolver.records import RRset, Type
from resolver.zones.contents import Contents

# No answer is longer than this many questions; who may get more is for others to decide.
AMPLIFICATION = 4
# So that a negative answer fits beside any name and an OPT record into the 512 that every client takes.
_MAX_NEGATIVE = 512 - HEADER_SIZE - MAX_NAME - 4 - 11
# Where the serial stands in a SOA, from its end (RFC 1035 §3.3.13).
_SERIAL = slice(-20, -16)
# Types with no names in their data: none that could be compressed, none that others would follow.
_NAMELESS = (Type.A, Type.AAAA, Type.TXT)

Known = tuple[bytes, bytes]
"""An answer without what comes from its question: the header behind the id, and all behind the question."""


class Place:
    """One zone, at one moment.

    ``negative`` has all behind the question of a negative answer, by where the zone's name begins in it;
    ``own`` the labels before the zone that the SOA names: with such a question it is compressed otherwise.
    """

    own: frozenset[bytes]
    __slots__ = ("_size", "_soa", "is_reverse", "negative", "own", "tops", "zone")

    def __init__(self, zone: Contents, former: "Place | None" = None) -> None:
        """``former``: the place of the zone before it changed, from which is kept what still holds."""
        self.zone = zone
        self.tops = zone.tops
        # Names in it are not what the fast path reads.
        self.is_reverse = zone.reverse or zone.is_redirected
        self._size = len(to_wire(zone.origin)) - 1
        self._soa = negative_soa(zone)
        self.negative: dict[int, bytes] = {}
        if former and _without_serial(former._soa) == _without_serial(self._soa):
            serial = self._soa.data[0][_SERIAL]
            for cut, behind in former.negative.items():
                self.negative[cut] = b"".join((behind[: _SERIAL.start], serial, behind[_SERIAL.stop :]))
            self.own = former.own
        else:
            self.own = frozenset(_labels_of(self._soa, zone.origin))

    def plain(self) -> tuple[dict[bytes, int], frozenset[bytes], dict[int, bytes]] | None:
        """The same for the accelerator; None for a zone that it cannot read."""
        return None if self.is_reverse else (self.tops, self.own, self.negative)

    def learn_negative(self, cut: int) -> bytes | None:
        """Add to ``negative``; None for what is too long for one of the questions."""
        name = (*_filling(cut), *self.zone.origin)
        query = Query(0, 0, Question(name, Type.A))
        response = build_response(query, Answer(authority=(self._soa,)), limit=STREAM_SIZE)
        length = len(to_wire(name)) + 4 + HEADER_SIZE
        behind = response[length:]
        if len(behind) > min(_MAX_NEGATIVE, (AMPLIFICATION - 1) * length):
            return None
        return self.negative.setdefault(cut, behind)

    def recite(self, name: bytes, kind: bytes, tail: Tail) -> Known | None:
        """The answer from the records at the folded ``name`` alone; None where there is more to it.

        ``kind`` is the question's type and class.
        """
        labels = from_wire(name + b"\0")[0]
        rtype = int.from_bytes(kind[:2])
        node = self.zone.node(labels)
        if not node or self.is_reverse or self.zone.diversion(labels, rtype):
            return None
        rrset = node.get(rtype)
        if rrset and rtype in _NAMELESS:
            return _spoken(rrset, kind, tail)
        # Where there are addresses, none is read out of the name.
        if rrset or tail[0] == ANY_FAMILY or Type.CNAME in node or not (Type.A in node or Type.AAAA in node):
            return None
        cut = len(name) - self._size
        label = labels[-len(self.zone.origin) - 1] if cut else b""
        if not cut or label in self.own:
            return None
        behind = self.negative.get(cut) or self.learn_negative(cut)
        return (tail[4], behind + tail[7]) if behind else None


def _spoken(rrset: RRset, kind: bytes, tail: Tail) -> Known:
    lead = b"".join((OWNER, kind, rrset.ttl.to_bytes(4)))
    records = [lead + len(data).to_bytes(2) + data for data in rrset.data]
    header = tail[2][:4] + len(records).to_bytes(2) + tail[2][6:]
    return header, b"".join((*records, tail[7]))


def _without_serial(soa: RRset) -> tuple[int, bytes, bytes]:
    return soa.ttl, soa.data[0][: _SERIAL.start], soa.data[0][_SERIAL.stop :]


def _labels_of(soa: RRset, origin: Labels) -> Iterator[bytes]:
    """The labels that stand right before the zone's name in the names of its SOA."""
    data, start = soa.data[0], 0
    for _ in range(2):
        labels, start = from_wire(data, start)
        if len(labels) > len(origin) and is_within(fold(labels), origin):
            yield labels[-len(origin) - 1].lower()


def _filling(size: int) -> Iterator[bytes]:
    """Labels that take ``size`` bytes, which is not 1, and are in no SOA."""
    while size:
        # What is left must not be one byte, which is no label.
        length = min(size - 1, MAX_LABEL - (size == MAX_LABEL + 2))
        yield bytes(length)
        size -= length + 1
