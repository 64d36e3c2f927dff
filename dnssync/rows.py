"""One row of a plan: what is to become of the RRsets of one name and set identifier."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from dnssync.changes import Action, Change
from dnssync.comparison import differ, rank
from dnssync.endpoints import LABEL_OWNER, LABEL_RESOURCE, Endpoint
from dnssync.policy import Policy
from dnssync.rules import PlanRules
from dnssync.skipped import Skipped, SkipReason, skip, skip_unowned

Decision = Change | Skipped


def decide(
    name: str, held: Sequence[Endpoint], wanted: Sequence[Endpoint], rules: PlanRules
) -> Iterator[Decision]:
    """What has to change in the row at ``name`` (normalised), and what is left alone and why.

    The rules are drawn in ``plan``.
    """
    if not rules.sees(name):
        why = "the domain filters leave this name out"
        yield from (skip(endpoint, SkipReason.DOMAIN_FILTER, why) for endpoint in wanted)
        return
    if len(wanted) == 1 and not held:
        # Nothing stands in its way, and every policy creates: a new zone has a row like this per name.
        yield Change(Action.CREATE, new=wanted[0])
        return
    candidates, given_up = _without_cname_conflict(wanted)
    yield from given_up
    # In order, so that of one RRset seen twice (it cannot be in one zone) the same one counts each time.
    in_order = sorted(held, key=rank) if len(held) > 1 else held
    old_by_type = {endpoint.record_type: endpoint for endpoint in in_order}
    new_by_type: dict[str, Endpoint] = {}
    for record_type, rivals in _by_type(candidates).items():
        winner = _winner(rivals, old_by_type.get(record_type))
        new_by_type[record_type] = winner
        yield from _losers(rivals, winner)
    yield from _within_policy(_compare(held, old_by_type, new_by_type, rules), rules)


def _without_cname_conflict(wanted: Sequence[Endpoint]) -> tuple[Sequence[Endpoint], list[Skipped]]:
    types = {endpoint.record_type for endpoint in wanted}
    if len(types) < 2 or "CNAME" not in types:
        return wanted, []
    others = sorted(types - {"CNAME"})
    why = f"a CNAME cannot stand beside {' and '.join(others)}, also wanted at this name; it is left out"
    return [endpoint for endpoint in wanted if endpoint.record_type != "CNAME"], [
        skip(endpoint, SkipReason.CNAME_CONFLICT, why)
        for endpoint in wanted
        if endpoint.record_type == "CNAME"
    ]


def _by_type(endpoints: Iterable[Endpoint]) -> dict[str, list[Endpoint]]:
    grouped: dict[str, list[Endpoint]] = defaultdict(list)
    for endpoint in endpoints:
        grouped[endpoint.record_type].append(endpoint)
    return grouped


def _winner(rivals: list[Endpoint], held: Endpoint | None) -> Endpoint:
    """The candidate to take: the holder's own if it still asks, else the least."""
    if len(rivals) == 1:
        return rivals[0]
    ranked = sorted(rivals, key=rank)
    if held is not None:
        holder = held.labels.get(LABEL_RESOURCE, "")
        return next((rival for rival in ranked if _resource(rival) == holder), ranked[0])
    return ranked[0]


def _losers(rivals: list[Endpoint], winner: Endpoint) -> Iterator[Skipped]:
    for rival in rivals:
        if rival is not winner and (differ(winner, rival) or differ(rival, winner)):
            other = _resource(winner)
            why = (
                f"{_resource(rival) or 'an object'} asks for {', '.join(rival.targets)}, but "
                f"{other or 'another object'} has this name with {', '.join(winner.targets)}"
            )
            yield skip(rival, SkipReason.LOST_CONFLICT, why, other=other)


def _compare(
    held: Sequence[Endpoint],
    old_by_type: dict[str, Endpoint],
    new_by_type: dict[str, Endpoint],
    rules: PlanRules,
) -> Iterator[Decision]:
    """What each type of the row needs, policy aside."""
    strangers = [endpoint for endpoint in held if not rules.owns(endpoint)]
    stranger = min(strangers, key=rank) if strangers else None
    for record_type in sorted(old_by_type.keys() | new_by_type.keys()):
        old, new = old_by_type.get(record_type), new_by_type.get(record_type)
        if new is None:
            if old is not None and rules.owns(old):
                yield Change(Action.DELETE, old=old)
        elif old is None:
            yield skip_unowned(new, stranger, rules.owner_id) if stranger else Change(Action.CREATE, new=new)
        elif not rules.owns(old):
            yield skip_unowned(new, old, rules.owner_id)
        elif differ(old, new):
            yield _update(old, new)


def _update(old: Endpoint, new: Endpoint) -> Change:
    """The new endpoint inherits who owns it; what else it is labelled with is its own."""
    return Change(Action.UPDATE, old, new.with_labels(owner=old.labels.get(LABEL_OWNER, "")))


def _within_policy(decisions: Iterable[Decision], rules: PlanRules) -> Iterable[Decision]:
    return decisions if rules.policy is Policy.SYNC else _allowed_of(list(decisions), rules)


def _allowed_of(decided: Sequence[Decision], rules: PlanRules) -> Iterator[Decision]:
    """What a policy that does not allow everything leaves of the decisions on one row."""
    kept = [
        decision.old.record_type
        for decision in decided
        if isinstance(decision, Change)
        and decision.old
        and not _allowed(decision, rules)
        and not decision.new
    ]
    for decision in decided:
        if isinstance(decision, Skipped):
            yield decision
        elif not _allowed(decision, rules):
            # Without an owner id everything ever made by hand would be reported.
            if rules.owner_id or decision.new:
                yield _withheld(decision, f"policy {rules.policy} forbids to {decision.action} it")
        elif kept and decision.action is Action.CREATE and "CNAME" in (decision.endpoint.record_type, *kept):
            clash = f"the {' and '.join(kept)} record there would have to go"
            yield _withheld(decision, f"{clash}, and policy {rules.policy} keeps it")
        else:
            yield decision


def _allowed(change: Change, rules: PlanRules) -> bool:
    return rules.policy.allows(change.action)


def _withheld(change: Change, why: str) -> Skipped:
    return skip(change.endpoint, SkipReason.POLICY, why)


def _resource(endpoint: Endpoint) -> str:
    return endpoint.labels.get(LABEL_RESOURCE, "")
