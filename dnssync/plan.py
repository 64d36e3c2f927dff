"""The plan: what is wanted against what is there, as changes and as what is left alone with the reason.

Pure and row by row. A row is everything with one normalised name and one set identifier; rows do not know
of each other, so a plan of some names is exactly the part of the whole plan that concerns them. What a
filter keeps out (domain, record type) is invisible on both sides. In each row:

    there      wanted     what happens
    ---------  ---------  -----------------------------------------------------------------------------
    nothing    something  per type, create the least candidate
    something  nothing    delete everything that is ours
    both       both       per type: only there → delete; only wanted → create, but only if everything in
                          the row is ours; both → update where they differ

* CNAME beside any other wanted type: the CNAME candidates are given up (RFC 1034 §3.6.2).
* The least candidate: fewest targets, then the first differing target of the sorted lists decides (an
  address before a host name, addresses by value); ties are settled by the rest of the content, so input
  order never matters. But an object that holds the record now keeps it while it still asks for it.
* A TTL differs only if one is wanted; targets compare without regard to order, case and the spelling of
  addresses; provider-specific settings compare as a mapping; labels never cause an update.
* With an owner id, only what is labelled with it is updated or deleted. Without one, everything seen is.
  A record of others that is as it is wanted is told of, too: it will not follow when the wish changes.
* The policy comes last. Where it keeps an old record, nothing is created that could not stand beside it.

These are external-dns's decisions, except that ties are not settled by chance and that the policy cannot
put a CNAME beside another record.
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter

import msgspec

from dnssync.changes import Change
from dnssync.comparison import differ, rank
from dnssync.endpoints import Endpoint
from dnssync.names import normalise
from dnssync.rows import Decision, decide
from dnssync.rules import PlanRules
from dnssync.skipped import Skipped, SkipReason, skip

__all__ = ["Plan", "PlanRules", "SkipReason", "Skipped", "plan"]


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """Changes, sorted by name, type and set identifier, and what is left alone. Goes to JSON and back."""

    changes: tuple[Change, ...] = ()
    skipped: tuple[Skipped, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.changes)


_RowKey = tuple[str, str]  # normalised name, set identifier


def plan(current: Iterable[Endpoint], desired: Iterable[Endpoint], rules: PlanRules) -> Plan:
    """What has to be done for ``desired`` to be true where ``current`` stands, within ``rules``.

    ``current`` carries ownership in its ``owner`` label. Neither has to be in any order.
    """
    desired = list(desired)
    types = rules.managed_types - rules.excluded_types
    spellings: dict[str, str] = {}
    there = _rows(current, types, spellings)
    wanted = _rows(desired, types, spellings)
    decisions: list[tuple[_RowKey, Decision]] = []
    for key, candidates in wanted.items():
        held = there.pop(key, ())
        if not (_settled(held, candidates) and all(map(rules.owns, held))):
            decisions += [(key, decision) for decision in decide(key[0], held, candidates, rules)]
    for key, held in there.items():
        decisions += [(key, decision) for decision in decide(key[0], held, (), rules)]
    decisions += [
        ((normalise(endpoint.dns_name), endpoint.set_identifier), _wrong_type(endpoint))
        for endpoint in desired
        if endpoint.record_type not in types
    ]
    return _sorted_plan(decisions)


def _rows(
    endpoints: Iterable[Endpoint], types: frozenset[str], spellings: dict[str, str]
) -> dict[_RowKey, tuple[Endpoint, ...]]:
    """The endpoints of the given types by row. ``spellings`` remembers name → normalised name."""
    # Tuples, not lists: the garbage collector stops tracking them, which halves the time of a big plan.
    rows: dict[_RowKey, tuple[Endpoint, ...]] = {}
    for endpoint in endpoints:
        if endpoint.record_type not in types:
            continue
        spelled = endpoint.dns_name
        name = spellings.get(spelled)
        if name is None:
            name = spellings[spelled] = normalise(spelled)
        key = (name, endpoint.set_identifier)
        row = rows.get(key)
        rows[key] = (endpoint,) if row is None else (*row, endpoint)
    return rows


def _settled(held: Sequence[Endpoint], candidates: Sequence[Endpoint]) -> bool:
    """Whether the row is plainly as it is wanted: the common case, found without deciding anything."""
    if len(held) != len(candidates):
        return False
    if len(held) == 1:
        old, new = held[0], candidates[0]
        return old.record_type == new.record_type and not differ(old, new)
    old_by_type = {endpoint.record_type: endpoint for endpoint in held}
    new_by_type = {endpoint.record_type: endpoint for endpoint in candidates}
    return (
        len(old_by_type) == len(new_by_type) == len(held)
        and old_by_type.keys() == new_by_type.keys()
        and "CNAME" not in old_by_type
        and not any(differ(old, new_by_type[record_type]) for record_type, old in old_by_type.items())
    )


def _wrong_type(endpoint: Endpoint) -> Skipped:
    why = f"{endpoint.record_type} is not among the managed record types"
    return skip(endpoint, SkipReason.RECORD_TYPE, why)


def _sorted_plan(decisions: Iterable[tuple[_RowKey, Decision]]) -> Plan:
    changes: list[tuple[str, str, str, Change]] = []
    skipped: list[tuple[str, str, str, Skipped]] = []
    for (name, set_identifier), decision in decisions:
        entry = name, decision.endpoint.record_type, set_identifier
        if isinstance(decision, Change):
            changes.append((*entry, decision))
        else:
            skipped.append((*entry, decision))
    # Of one RRset there is one change, but several endpoints may be left alone: the rest settles that.
    changes.sort(key=itemgetter(0, 1, 2))
    skipped.sort(key=lambda entry: (*entry[:3], entry[3].reason, rank(entry[3].endpoint)))
    return Plan(tuple(entry[3] for entry in changes), tuple(entry[3] for entry in skipped))
