"""A question and the zones in, an answer out (RFC 1034 §4.3.2). Pure.

What exists at a name, first match wins:

    a delegation or a DNAME above the name       the highest one: a referral, or an alias
    given or static records at the name          an address encoded in it joins in, unless the name was given
                                                 addresses or a CNAME of its own
    an empty non-terminal of them, or the tail   no data
    of a dotted address (``0.0.5``)
    a wildcard above it (RFC 4592)               where an address is encoded as well, the closer one wins
    an address encoded in it                     A or AAAA; no data if the policy withholds it
    nothing                                      NXDOMAIN
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum

import msgspec

from resolver.answers.synthesis import Rules, Synthetic, is_inner, synthesise
from resolver.names import MAX_NAME, Labels, fold, from_wire, to_wire, wire_length
from resolver.records import RRset, Type, is_meta
from resolver.zones.contents import Contents

CLASS_IN = 1
CLASS_CHAOS = 3

_MAX_CHAIN = 8
_ADDRESSES = (Type.A, Type.AAAA)
_RFC8482 = b"\x07RFC8482\x00"
_CHAOS_VERSION = (b"version", b"bind"), (b"version", b"server")
_CHAOS_ID = (b"id", b"server"), (b"hostname", b"bind")


class Rcode(IntEnum):
    """Response codes (RFC 6895 §2.3); BADVERS needs the extended bits of an OPT record."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    YXRRSET = 7
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10
    BADVERS = 16


class Question(msgspec.Struct, frozen=True, gc=False):
    """One question; ``name`` in the case in which it was asked."""

    name: Labels
    type: int
    rclass: int = CLASS_IN


class Answer(msgspec.Struct, frozen=True):
    """What to say; the sections hold whole RRsets."""

    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = True
    answer: tuple[RRset, ...] = ()
    authority: tuple[RRset, ...] = ()
    additional: tuple[RRset, ...] = ()


REFUSED = Answer(rcode=Rcode.REFUSED, authoritative=False)


def answer(question: Question, zones: Mapping[Labels, Contents], rules: Rules) -> Answer:
    """The answer to a question of any class and type; ``zones`` by folded name."""
    if question.rclass == CLASS_CHAOS:
        return _chaos(question, rules)
    if question.rclass != CLASS_IN or (is_meta(question.type) and question.type != Type.ANY):
        return REFUSED
    return _follow(question, zones, rules)


def _follow(question: Question, zones: Mapping[Labels, Contents], rules: Rules) -> Answer:
    chain: list[RRset] = []
    seen: set[Labels] = set()
    name = question.name
    while True:
        folded = fold(name)
        zone = _zone_of(folded, question.type, zones)
        if zone is None and not chain:
            return REFUSED
        if zone is None or folded in seen or len(chain) > _MAX_CHAIN:
            return Answer(answer=tuple(chain))
        if rules.blocklist.holds(folded):
            return _last(_Place(zone, name, {}, tuple(chain)), question.type, zones, rules)
        diversion = zone.diversion(folded, question.type)
        if diversion and diversion.type == Type.NS:
            return _referral(chain, diversion, zones, rules)
        if diversion:
            chain.append(diversion)
            alias = _redirected(name, diversion)
            if alias is None:
                return Answer(Rcode.YXDOMAIN, answer=tuple(chain))
        else:
            node = _node(zone, folded, rules)
            alias = node.get(Type.CNAME) if node else None
            if node is None or alias is None or question.type in (Type.CNAME, Type.ANY):
                return _last(_Place(zone, name, node, tuple(chain)), question.type, zones, rules)
        chain.append(_named(alias, name))
        if diversion and question.type in (Type.CNAME, Type.ANY):
            return Answer(answer=tuple(chain))
        seen.add(folded)
        name, _ = from_wire(alias.data[0])


def _redirected(name: Labels, redirection: RRset) -> RRset | None:
    """The CNAME that a DNAME above ``name`` makes for it (RFC 6672 §2.2); None if the target is too long."""
    target, _ = from_wire(redirection.data[0])
    # Folded, for the fast path remembers one answer for all cases of a name.
    labels = (*fold(name[: len(name) - len(redirection.name)]), *target)
    if wire_length(labels) > MAX_NAME:
        return None
    return RRset(name, Type.CNAME, redirection.ttl, (to_wire(labels),))


class _Place(msgspec.Struct, frozen=True):
    zone: Contents
    name: Labels
    node: Mapping[int, RRset] | None
    chain: tuple[RRset, ...]


def _last(place: _Place, rtype: int, zones: Mapping[Labels, Contents], rules: Rules) -> Answer:
    found = place.node.get(rtype) if place.node else None
    if place.node and rtype == Type.ANY:
        # RFC 8482 §4.2: a small conventional answer, over TCP as well.
        found = RRset(place.name, Type.HINFO, rules.ttl, (_RFC8482,))
    if found is None:
        rcode = Rcode.NXDOMAIN if place.node is None else Rcode.NOERROR
        return Answer(rcode, answer=place.chain, authority=(negative_soa(place.zone),))
    glue = _glue(found, zones, rules) if rtype == Type.NS else ()
    return Answer(answer=(*place.chain, _named(found, place.name)), additional=glue)


def _node(zone: Contents, name: Labels, rules: Rules) -> Mapping[int, RRset] | None:
    computed = synthesise(zone, name, rules)
    stored = zone.node(name)
    if stored is None and is_inner(zone, name):
        stored = {}
    if stored is None:
        stored = _wildcard(zone, name, computed)
    node = stored if computed is None else _joined(stored or {}, computed)
    return None if node is None else _permitted(node, rules)


def _wildcard(zone: Contents, name: Labels, computed: Synthetic | None) -> Mapping[int, RRset] | None:
    for start in range(1, len(name) - len(zone.origin) + 1):
        encloser = name[start:]
        if zone.node(encloser) is not None or is_inner(zone, encloser):
            if computed and len(encloser) < computed.depth:
                return None
            return zone.node((b"*", *encloser))
    return None


def _permitted(node: Mapping[int, RRset], rules: Rules) -> Mapping[int, RRset]:
    if rules.policy.is_open or not any(rtype in node for rtype in _ADDRESSES):
        return node
    kept = dict(node)
    for rtype in _ADDRESSES:
        rrset = kept.pop(rtype, None)
        data = tuple(packed for packed in rrset.data if rules.policy.permits(packed)) if rrset else ()
        if rrset and data:
            kept[rtype] = msgspec.structs.replace(rrset, data=data)
    return kept


def _joined(stored: Mapping[int, RRset], computed: Synthetic) -> Mapping[int, RRset]:
    rrset = computed.rrset
    if rrset is None or any(rtype in stored for rtype in (rrset.type, *_ADDRESSES, Type.CNAME)):
        return stored
    return {**stored, rrset.type: rrset}


def _zone_of(name: Labels, rtype: int, zones: Mapping[Labels, Contents]) -> Contents | None:
    suffixes = (name[start:] for start in range(len(name) + 1))
    holding = [zones[suffix] for suffix in suffixes if suffix in zones]
    if not holding:
        return None
    # The DS of a zone lives in its parent (RFC 4035 §3.1.4.1), if that is ours and knows of the zone.
    is_apex_ds = rtype == Type.DS and holding[0].origin == name and len(holding) > 1
    return holding[1] if is_apex_ds and holding[1].node(name) is not None else holding[0]


def _referral(chain: Iterable[RRset], cut: RRset, zones: Mapping[Labels, Contents], rules: Rules) -> Answer:
    aliases = tuple(chain)
    glue = _glue(cut, zones, rules)
    return Answer(authoritative=bool(aliases), answer=aliases, authority=(cut,), additional=glue)


def _glue(servers: RRset, zones: Mapping[Labels, Contents], rules: Rules) -> tuple[RRset, ...]:
    found = []
    for data in servers.data:
        target, _ = from_wire(data)
        folded = fold(target)
        zone = None if rules.blocklist.holds(folded) else _zone_of(folded, Type.A, zones)
        node = _node(zone, folded, rules) if zone else None
        found += [_named(node[rtype], target) for rtype in _ADDRESSES if node and rtype in node]
    return tuple(found)


def negative_soa(zone: Contents) -> RRset:
    """The SOA of a negative answer: its TTL is the smaller of its own and its MINIMUM (RFC 2308 §3)."""
    node = zone.node(zone.origin)
    assert node is not None, "a zone has an apex"
    soa = node[Type.SOA]
    minimum = int.from_bytes(soa.data[0][-4:])
    return msgspec.structs.replace(soa, ttl=min(soa.ttl, minimum))


def _named(rrset: RRset, name: Labels) -> RRset:
    return rrset if rrset.name == name else msgspec.structs.replace(rrset, name=name)


def _chaos(question: Question, rules: Rules) -> Answer:
    folded = fold(question.name)
    text = rules.version * (folded in _CHAOS_VERSION) or rules.server_id * (folded in _CHAOS_ID)
    if not text or question.type not in (Type.TXT, Type.ANY):
        return REFUSED
    raw = text.encode()
    rrset = RRset(question.name, Type.TXT, 0, (bytes([len(raw)]) + raw,))
    return Answer(answer=(rrset,))
