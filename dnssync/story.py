"""The story of one host name: who wants it, where it is written, how it is answered. Pure."""

from collections.abc import Iterator

import msgspec

from dnssync.endpoints import LABEL_OWNER, Endpoint
from dnssync.generation.account import Account
from dnssync.generation.record import Entry
from dnssync.plan import Plan
from dnssync.printable import printable


class Wish(msgspec.Struct, frozen=True, omit_defaults=True):
    """One object that has to do with the name: the records that it asks for, and what generation makes of
    it. ``waiting``: it asks for the name and has no target."""

    object: str
    endpoints: tuple[Endpoint, ...] = ()
    waiting: bool = False
    generation: Account | None = None
    problems: tuple[str, ...] = ()


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """One zone that holds the name: the records there, and what ``run`` would change."""

    zone: str
    records: tuple[Endpoint, ...] = ()
    plan: Plan = Plan()


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a name server says now: the data of its answers, or why there is none."""

    server: str
    data: tuple[str, ...] = ()
    problem: str = ""


class Story(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything that can be found out of ``host``. ``encodes`` is the address in the name, ``domain`` the
    domain before which it stands. ``places`` is None if no provider was asked."""

    host: str
    wishes: tuple[Wish, ...] = ()
    places: tuple[Place, ...] | None = None
    encodes: str = ""
    domain: str = ""
    answers: tuple[Answer, ...] = ()


def tell(story: Story) -> Iterator[str]:
    """The story in lines for people."""
    yield printable(story.host)
    yield from _under("wanted by", [line for wish in story.wishes for line in _wish(wish)], "no object")
    if story.encodes:
        yield from _under(
            "carries",
            [f"{story.encodes}, before {story.domain}: a wildcard resolver answers without a record"],
            "",
        )
    if story.places is not None:
        lines = [line for place in story.places for line in _place(place)]
        yield from _under("written in", lines, "no zone of the provider holds this name")
    yield from _under(
        "answered", [_answer(answer) for answer in story.answers], "no name server to ask is known"
    )


def _under(title: str, lines: list[str], nothing: str) -> Iterator[str]:
    for index, line in enumerate(lines or [nothing]):
        yield f"  {title if index == 0 else '':<11} {printable(line)}"


def _wish(wish: Wish) -> Iterator[str]:
    yield f"{wish.object}: {'; '.join(map(_record, wish.endpoints)) or _without_record(wish)}"
    made = wish.generation or Account()
    if made.entry:
        yield f"  generated for {made.entry.address} by {made.entry.template}, {_place_of(made.entry, made)}"
    if made.instead:
        yield f"  in its place: {', '.join(made.instead)}"
    for problem in filter(None, (made.complaint, *wish.problems)):
        yield f"  ! {problem}"


def _without_record(wish: Wish) -> str:
    if wish.generation and not wish.generation.entry:
        return "it asks for a generated name"
    return "it has no address" if wish.waiting else "no record of its own"


def _place_of(entry: Entry, made: Account) -> str:
    if made.state == "in memory":
        return "in memory only, since files are not written to"
    over = f"over {entry.was}" if entry.was else "where no host was"
    place = f"written into its spec, {over}" if entry.written else "in its annotation only"
    return place if made.state == "written" else f"which is still to be done ({place})"


def _place(place: Place) -> Iterator[str]:
    for record in place.records:
        owner = record.labels.get(LABEL_OWNER, "")
        yield f"{place.zone}: {_record(record)}" + (f", owned by {owner}" if owner else "")
    if not place.records:
        yield f"{place.zone}: nothing"
    for change in place.plan.changes:
        yield f"  run would {change.action} {_record(change.endpoint)}"
    for skipped in place.plan.skipped:
        yield f"  left alone ({skipped.reason}): {skipped.message}"


def _record(endpoint: Endpoint) -> str:
    ttl = f", TTL {endpoint.ttl}" if endpoint.ttl else ""
    return f"{endpoint.record_type} {' '.join(endpoint.targets)}{ttl}"


def _answer(answer: Answer) -> str:
    said = ", ".join(filter(None, [" ".join(answer.data), answer.problem]))
    return f"{said or 'nothing'} (asked {answer.server})"
