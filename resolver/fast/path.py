"""The common question, answered from bytes to bytes: what the slow path says, for a hundredth of its cost.

One look-up takes the header, one the bytes after the name (type, class, a plain OPT record), one the zone;
then the labels before the zone are walked and read as an address. Names with records of their own are
remembered as the slow path answered them; of others nothing is kept, for those are a stranger's choice. All
that is unusual gets None and belongs to ``responder.respond``. Pure; wants ``forget`` after each change.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from resolver.answers.answer import Answer, Question, Rcode, negative_soa
from resolver.answers.responder import STREAM_SIZE, Transport, respond
from resolver.answers.synthesis import Rules
from resolver.answers.wire import HEADER_SIZE, PLAIN_SIZE, Query, build_response
from resolver.fast.addresses import OCTETS, STEPS, is_inner, read_address
from resolver.fast.tails import ANY_FAMILY, HEADS, Counters, Tail, read_tail
from resolver.names import MAX_LABEL, MAX_NAME, Labels, fold, from_wire, is_within, to_wire
from resolver.records import Type
from resolver.zones.contents import Contents

# Bounds of what is kept: kinds of questions, and answers for names that have records.
_MAX_TAILS = 4096
_MAX_REMEMBERED = 65536

# No answer is longer than this many questions; who may get more is for others to decide.
_AMPLIFICATION = 4
# So that a negative answer fits beside any name and an OPT record into the 512 that every client takes.
_MAX_NEGATIVE = 512 - HEADER_SIZE - MAX_NAME - 4 - 11
# The end of the name, type and class.
_QUESTION_TAIL = 5

_MAX_END = HEADER_SIZE + MAX_NAME - 1
_NXDOMAIN, _REFUSED = Rcode.NXDOMAIN.value, Rcode.REFUSED.value
_ID, _HEAD = slice(2), slice(2, HEADER_SIZE)
_NO_DATA = b"-"


Tables = tuple[dict[bytes, dict[bytes, Tail]], tuple[tuple[int, dict[bytes, Any]], ...], list[int]]
"""All that an answer is made from, as the accelerator reads it: what ``FastPath.answer`` has at hand."""


class _Place:
    """A zone as the fast path needs it.

    ``negative`` has all behind the question of a negative answer, by where the zone's name begins in it;
    ``own`` the labels before the zone that the SOA names: with such a question it is compressed otherwise.
    """

    __slots__ = ("is_reverse", "negative", "own", "tops", "zone")

    def __init__(self, zone: Contents) -> None:
        self.zone = zone
        self.tops = zone.tops
        # Names in it are not what the fast path reads.
        self.is_reverse = zone.reverse or zone.is_redirected
        self.negative: dict[int, bytes] = {}
        self.own = frozenset(_labels_of_soa(zone))

    def plain(self) -> tuple[dict[bytes, int], frozenset[bytes], dict[int, bytes]] | None:
        """The same for the accelerator; None for a zone that it cannot read."""
        return None if self.is_reverse else (self.tops, self.own, self.negative)


class FastPath:
    """Answers for the zones; ``counters`` has how many, by type and rcode. For one thread at a time."""

    def __init__(self, zones: Mapping[Labels, Contents], rules: Rules) -> None:
        self._zones = zones
        self.counters = Counters()
        self._counts = self.counters.counts
        self._kinds: dict[tuple[int, int], dict[bytes, Tail]] = {head: {} for head in HEADS.values()}
        # A root zone has no bytes to be found by, and takes the slow path.
        self._tails = {} if () in zones else {key: self._kinds[head] for key, head in HEADS.items()}
        self.obey(rules)

    def obey(self, rules: Rules) -> None:
        """Answer by these rules from now on."""
        self._rules = rules
        is_plain = rules.policy.is_open and rules.hex_ipv4 and not rules.blocklist
        self._filter = None if is_plain else self._filtered
        self.forget()

    def forget(self) -> None:
        """Drop all that was learned from the zones: to be called when one of them has changed."""
        for tails in self._kinds.values():
            tails.clear()
        self._remembered = 0
        sizes: dict[int, dict[bytes, _Place]] = {}
        for origin, zone in self._zones.items():
            wire = to_wire(origin)[:-1]
            sizes.setdefault(len(wire), {})[wire] = _Place(zone)
        # The longest first: the closest zone has the name.
        self._places = tuple(sorted(sizes.items(), reverse=True))
        plain = tuple(
            (size, {wire: place.plain() for wire, place in places.items()}) for size, places in self._places
        )
        self._tables = None if self._filter else (self._tails, plain, self._counts)

    def tables(self) -> Tables | None:
        """What the accelerator may answer from, until the next change; None if it may not."""
        return self._tables

    def answer(self, wire: bytes) -> bytes | None:  # noqa: PLR0912 - calls would cost too much
        """The response to ``wire``, at most four times as long; None if it takes the slow path.

        In one piece, for each call in it would cost a twentieth of the whole.
        """
        tails = self._tails.get(wire[_HEAD])
        if tails is None:
            return None
        end = wire.find(0, HEADER_SIZE)
        tail = tails.get(wire[end:]) or self._learn_tail(wire, end, tails)
        if tail is None:
            return None
        name = wire[HEADER_SIZE:end].lower()
        cut, place = len(name), None
        for size, places in self._places:
            if (place := places.get(name[-size:])) is not None:
                cut -= size
                break
        fourth = third = second = last = -1
        at = 0
        while at < cut:
            fourth, third, second, last = third, second, last, at
            at += STEPS[name[at]]
        if at != cut or end > _MAX_END:
            return None
        family, slot, positive, record, nodata, nxdomain, refused, opt, _ = tail
        if place is None:
            self._counts[slot + _REFUSED] += 1
            return b"".join((wire[_ID], refused, wire[HEADER_SIZE : end + _QUESTION_TAIL], opt))
        label = name[last + 1 : cut]
        if label in place.tops or place.is_reverse:
            return self._recall(wire, name, tail, place)
        packed = read_address(name, cut, fourth, label)
        if self._filter is not None:
            packed = self._filter(name, label, packed)
        if packed is not None and len(packed) == family:
            self._counts[slot] += 1
            question = wire[HEADER_SIZE : end + _QUESTION_TAIL]
            return b"".join((wire[_ID], positive, question, record, packed, opt))
        if family == ANY_FAMILY or label in place.own or not cut:
            return self._recall(wire, name, tail, place)
        if packed is None and not (label in OCTETS and is_inner(name, cut)):
            if b"*" in place.tops:
                return None
            slot, nodata = slot + _NXDOMAIN, nxdomain
        behind = place.negative.get(cut) or self._learn_negative(place, cut)
        if not behind:
            return None
        self._counts[slot] += 1
        return b"".join((wire[_ID], nodata, wire[HEADER_SIZE : end + _QUESTION_TAIL], behind, opt))

    def _filtered(self, name: bytes, label: bytes, packed: bytes | None) -> bytes | None:
        """The address that was read, for what may be told of it and of the name."""
        rules = self._rules
        if rules.blocklist and rules.blocklist.holds(_labels(name)):
            return _NO_DATA
        if packed is None or (len(label) == 8 and b"-" not in label and not rules.hex_ipv4):
            return None
        return packed if rules.policy.permits(packed) else _NO_DATA

    def _recall(self, wire: bytes, name: bytes, tail: Tail, place: _Place) -> bytes | None:
        """What the slow path answered before to this question for a name that has records."""
        remembered = tail[-1]
        known = remembered.get(name) or self._remember(wire, name, remembered, place)
        if known is None:
            return None
        header, behind = known
        self._counts[tail[1] + (header[1] & 0xF)] += 1
        question = wire[HEADER_SIZE : HEADER_SIZE + len(name) + _QUESTION_TAIL]
        return b"".join((wire[_ID], header, question, behind))

    def _remember(
        self, wire: bytes, name: bytes, remembered: dict[bytes, tuple[bytes, bytes]], place: _Place
    ) -> tuple[bytes, bytes] | None:
        if place.zone.node(_labels(name)) is None:
            return None
        response = respond(wire, Transport.TCP, self._zones, self._rules)
        if response is None or len(response) > min(PLAIN_SIZE, _AMPLIFICATION * len(wire)):
            return None
        if self._remembered >= _MAX_REMEMBERED:
            self.forget()
        self._remembered += 1
        behind = response[HEADER_SIZE + len(name) + _QUESTION_TAIL :]
        return remembered.setdefault(name, (response[2:HEADER_SIZE], behind))

    def _learn_tail(self, wire: bytes, end: int, tails: dict[bytes, Tail]) -> Tail | None:
        data = wire[end:]
        tail = read_tail(data, HEADS[wire[2:HEADER_SIZE]], self._rules.ttl, self.counters)
        if tail:
            if len(tails) >= _MAX_TAILS:
                tails.clear()
            tails[data] = tail
        return tail

    def _learn_negative(self, place: _Place, cut: int) -> bytes | None:
        name = (*_filling(cut), *place.zone.origin)
        query = Query(0, 0, Question(name, Type.A))
        response = build_response(query, Answer(authority=(negative_soa(place.zone),)), limit=STREAM_SIZE)
        length = len(to_wire(name)) + 4 + HEADER_SIZE
        behind = response[length:]
        if len(behind) > min(_MAX_NEGATIVE, (_AMPLIFICATION - 1) * length):
            return None
        return place.negative.setdefault(cut, behind)


def _labels(name: bytes) -> Labels:
    return from_wire(name + b"\0")[0]


def _labels_of_soa(zone: Contents) -> Iterator[bytes]:
    """The labels that stand right before the zone's name in the names of its SOA."""
    data, start = negative_soa(zone).data[0], 0
    for _ in range(2):
        labels, start = from_wire(data, start)
        if len(labels) > len(zone.origin) and is_within(fold(labels), zone.origin):
            yield labels[-len(zone.origin) - 1].lower()


def _filling(size: int) -> Iterator[bytes]:
    """Labels that take ``size`` bytes, which is not 1, and are in no SOA."""
    while size:
        # What is left must not be one byte, which is no label.
        length = min(size - 1, MAX_LABEL - (size == MAX_LABEL + 2))
        yield bytes(length)
        size -= length + 1
