"""The common question, answered from bytes to bytes: what the slow path says, for a hundredth of its cost.

One look-up takes the header, one the bytes after the name (type, class, a plain OPT record), one the zone;
then the labels before the zone are walked and read as an address. Answers for names with records of their
own are remembered; of others nothing is kept, for those are a stranger's choice. All that is unusual gets
None and belongs to ``responder.respond``. Pure; wants ``forget`` after each change.
"""

from collections.abc import Mapping
from typing import Any

from resolver.answers.answer import Rcode
from resolver.answers.responder import Transport, respond
from resolver.answers.synthesis import Rules
from resolver.answers.wire import HEADER_SIZE, PLAIN_SIZE
from resolver.fast.addresses import OCTETS, STEPS, is_inner, read_address
from resolver.fast.places import AMPLIFICATION, Known, Place
from resolver.fast.tails import ANY_FAMILY, HEADS, Counters, Tail, read_tail
from resolver.names import MAX_NAME, Labels, from_wire, to_wire
from resolver.zones.contents import Contents

# Bounds of what is kept: kinds of questions, and answers for names that have records.
_MAX_TAILS = 1024
_MAX_REMEMBERED = 65536

# The end of the name, type and class.
_QUESTION_TAIL = 5

_MAX_END = HEADER_SIZE + MAX_NAME - 1
_NXDOMAIN, _REFUSED = Rcode.NXDOMAIN.value, Rcode.REFUSED.value
_ID, _HEAD = slice(2), slice(2, HEADER_SIZE)
_NO_DATA = b"-"


Tables = tuple[dict[bytes, dict[bytes, Tail]], tuple[tuple[int, dict[bytes, Any]], ...], list[int]]
"""All that an answer is made from, as the accelerator reads it: what ``FastPath.answer`` has at hand."""


class FastPath:
    """Answers for the zones; ``counters`` has how many, by type and rcode. For one thread at a time."""

    def __init__(self, zones: Mapping[Labels, Contents], rules: Rules) -> None:
        self._zones = zones
        self.counters = Counters()
        self._counts = self.counters.counts
        self._places: tuple[tuple[int, dict[bytes, Place]], ...] = ()
        self._kinds: dict[tuple[int, int], dict[bytes, Tail]] = {head: {} for head in HEADS.values()}
        # A root zone has no bytes to be found by, and takes the slow path.
        self._tails = {} if () in zones else {key: self._kinds[head] for key, head in HEADS.items()}
        self.obey(rules)

    def obey(self, rules: Rules) -> None:
        """Answer by these rules from now on."""
        self._rules = rules
        for tails in self._kinds.values():
            tails.clear()
        is_plain = rules.policy.is_open and rules.hex_ipv4 and not rules.blocklist
        self._filter = None if is_plain else self._filtered
        self.forget()

    def forget(self) -> None:
        """Drop all that was learned from the zones: to be called when one of them has changed."""
        for tails in self._kinds.values():
            for tail in tails.values():
                tail[-1].clear()
        self._remembered = 0
        former = {wire: place for _, places in self._places for wire, place in places.items()}
        sizes: dict[int, dict[bytes, Place]] = {}
        for origin, zone in self._zones.items():
            wire = to_wire(origin)[:-1]
            sizes.setdefault(len(wire), {})[wire] = Place(zone, former.get(wire))
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
        behind = place.negative.get(cut) or place.learn_negative(cut)
        if not behind:
            return None
        self._counts[slot] += 1
        return b"".join((wire[_ID], nodata, wire[HEADER_SIZE : end + _QUESTION_TAIL], behind, opt))

    def retract(self, wire: bytes, reply: bytes) -> None:
        """Count the answer to ``wire`` no more, which nobody gets."""
        tail = self._tails[wire[_HEAD]].get(wire[wire.find(0, HEADER_SIZE) :])
        if tail:
            self._counts[tail[1] + (reply[3] & 0xF)] -= 1

    def _filtered(self, name: bytes, label: bytes, packed: bytes | None) -> bytes | None:
        """The address that was read, for what may be told of it and of the name."""
        rules = self._rules
        if rules.blocklist and rules.blocklist.holds(_labels(name)):
            return _NO_DATA
        if packed is None or (len(label) == 8 and b"-" not in label and not rules.hex_ipv4):
            return None
        return packed if rules.policy.permits(packed) else _NO_DATA

    def _recall(self, wire: bytes, name: bytes, tail: Tail, place: Place) -> bytes | None:
        """What is said to this question for a name that has records."""
        known = tail[-1].get(name) or self._remember(wire, name, tail, place)
        if known is None:
            return None
        header, behind = known
        self._counts[tail[1] + (header[1] & 0xF)] += 1
        question = wire[HEADER_SIZE : HEADER_SIZE + len(name) + _QUESTION_TAIL]
        return b"".join((wire[_ID], header, question, behind))

    def _remember(self, wire: bytes, name: bytes, tail: Tail, place: Place) -> Known | None:
        start = HEADER_SIZE + len(name) + 1
        known = place.recite(name, wire[start : start + 4], tail) if self._filter is None else None
        if known is None and place.zone.node(_labels(name)) is not None:
            known = self._ask(wire, start + 4)
        if known is None or start + 4 + len(known[1]) > min(PLAIN_SIZE, AMPLIFICATION * len(wire)):
            return None
        if self._remembered >= _MAX_REMEMBERED:
            self.forget()
        self._remembered += 1
        return tail[-1].setdefault(name, known)

    def _ask(self, wire: bytes, end: int) -> Known | None:
        """What the slow path says to a message whose question ends at ``end``."""
        response = respond(wire, Transport.TCP, self._zones, self._rules)
        return (response[2:HEADER_SIZE], response[end:]) if response else None

    def _learn_tail(self, wire: bytes, end: int, tails: dict[bytes, Tail]) -> Tail | None:
        data = wire[end:]
        tail = read_tail(data, HEADS[wire[2:HEADER_SIZE]], self._rules.ttl, self.counters)
        if tail:
            if len(tails) >= _MAX_TAILS:
                tails.clear()
            tails[data] = tail
        return tail


def _labels(name: bytes) -> Labels:
    return from_wire(name + b"\0")[0]
