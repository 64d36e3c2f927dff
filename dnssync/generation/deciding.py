"""The decision: what an object's hosts have to be, and what its owner has to hear. Pure.

asked for, and an address is there    the host that carries it       (new, same or changed)
asked for, no address                 what is there stays
not asked for, the host is ours       what was there before us
not asked for, the host is not ours   it is never touched
"""

from typing import Literal, NamedTuple, Protocol

import msgspec

from dnssync.errors import ConfigError
from dnssync.generation.naming import Choice, choose_address, name_rule
from dnssync.generation.options import GENERATE, RECORD, GenerationOptions
from dnssync.generation.record import Entry, Record, hosts_of, unique
from dnssync.generation.subject import Subject

Reason = Literal[
    "HostnameGenerated",
    "HostnameChanged",
    "HostnameRemoved",
    "HostnameNotGenerated",
    "HostnameReady",
    "HostnameNotReady",
]


class Note(NamedTuple):
    """Something to say about the object: an Event's reason and text. What has an ``occasion`` is said once
    on it, also if several processes say it."""

    reason: Reason
    text: str
    occasion: str = ""


class Surroundings(Protocol):
    """What a decision has to know of the rest of the world."""

    def taken(self, host: str, subject: Subject) -> bool:
        """Whether another object has ``host``, and this one has to take another."""

    def covered(self, name: str) -> bool | None:
        """Whether a record can be written for ``name``; None if that is not known yet."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What the object has to become: the host of each rule, of each ``spec.tls`` entry, and the record.

    ``note`` is to be said once that is written. ``complaint`` says why a hostname that is asked for cannot be
    made now; ``passing`` if that may end by itself, so that it is worth a word only after a while.
    """

    hosts: tuple[str, ...]
    tls: tuple[tuple[str, ...], ...]
    record: Record
    note: Note | None = None
    complaint: Note | None = None
    passing: bool = False

    def changes(self, subject: Subject) -> bool:
        """Whether the object is not so yet."""
        return (self.hosts, self.tls, dict(self.record)) != (subject.hosts, subject.tls, dict(subject.record))


class _Slot(NamedTuple):
    """The rule ``at`` an index: ``entry`` is its line in the record, ``written`` whether its host stands in
    the spec, ``original`` the host without us, ``asked`` whether it is to get one."""

    at: int
    original: str
    entry: Entry | None
    written: bool
    asked: bool


def decide(subject: Subject, options: GenerationOptions, around: Surroundings) -> Decision:
    """What ``subject`` has to become. Deciding again on the outcome changes nothing."""
    slots = _slots(subject)
    choice, names = Choice(), {}
    if any(slot.asked for slot in slots):
        choice = choose_address(subject, options.family, around.covered)
        if choice.address:
            try:
                names = _names(subject, slots, choice.address, options, around)
            except ConfigError as error:
                choice = Choice(reason=str(error))
    record = {slot.at: entry for slot in slots if (entry := _entry(subject, slot, choice.address, names))}
    hosts = tuple(_host(subject, slot, names) for slot in slots)
    return Decision(
        hosts=hosts,
        tls=_tls(subject, slots, hosts, names),
        record=record,
        note=_note(subject.record, record),
        complaint=_complaint(subject, choice, record, options.prefix),
        passing=choice.passing,
    )


def _slots(subject: Subject) -> list[_Slot]:
    """The rules. A host is ours that stands where the record says, or, of a rule that changed its place, one
    that stands nowhere else: another rule with the same host was written by a person."""
    written = {at: entry for at, entry in subject.record.items() if entry.written}
    there = {at for at, host in enumerate(subject.hosts) if at in written and written[at].host == host}
    moved = [written[at] for at in sorted(written.keys() - there)]
    bare = subject.placeholders()
    slots = []
    for at, host in enumerate(subject.hosts):
        entry = subject.record.get(at)
        if at not in there and not (entry and host in ("", *bare)):
            entry = next((each for each in moved if each.host == host), None)
            if entry:
                moved.remove(entry)
        ours = entry is not None and entry.host == host and entry.written
        original = entry.was if entry and ours else host
        slots.append(_Slot(at, original, entry, ours, _asked(subject, original, entry, bare)))
    return slots


def _asked(subject: Subject, original: str, entry: Entry | None, bare: frozenset[str]) -> bool:
    """Whether a rule is to get a host, by the annotation or by the bare domain as its host. A wish that is
    none takes nothing away: what the object has, it keeps."""
    if subject.generate == "false":
        return False
    if original:
        return original in bare
    return subject.generate == "true" or (entry is not None and subject.generate != "")


def _names(
    subject: Subject, slots: list[_Slot], address: str, options: GenerationOptions, around: Surroundings
) -> dict[int, str]:
    had = {slot.entry.host for slot in slots if slot.entry}
    # A rule that a person wrote in the same object is not to be mixed up with ours either.
    theirs = {slot.original for slot in slots if not slot.written} - had

    def taken(host: str) -> bool:
        return host in theirs or around.taken(host, subject)

    asked = [slot.at for slot in slots if slot.asked]
    return {index: name_rule(subject, index, address, options, taken) for index in asked}


def _entry(subject: Subject, slot: _Slot, address: str, names: dict[int, str]) -> Entry | None:
    if slot.at not in names:
        return slot.entry if slot.asked else None
    return Entry(
        host=names[slot.at],
        address=address,
        template=subject.template,
        domain=subject.domain,
        was=slot.original,
        written=subject.rewritable,
        since=slot.entry.since if slot.entry and slot.entry.host == names[slot.at] else "",
    )


def _host(subject: Subject, slot: _Slot, names: dict[int, str]) -> str:
    if slot.at in names:
        return names[slot.at] if subject.rewritable else slot.original
    return subject.hosts[slot.at] if slot.asked else slot.original


def _tls(
    subject: Subject, slots: list[_Slot], hosts: tuple[str, ...], names: dict[int, str]
) -> tuple[tuple[str, ...], ...]:
    """The hosts for certificates: a former host gives way to its new one, or to the bare domain, and that
    stands for all that we made."""
    made = [hosts[slot.at] for slot in slots if subject.rewritable and slot.at in names]
    instead: dict[str, list[str]] = {}
    for slot in slots:
        if slot.entry and slot.written and slot.entry.host != hosts[slot.at]:
            old = slot.entry.host
            # Another rule for the same host goes on needing it.
            instead.setdefault(old, [old] if old in hosts else [])
            if hosts[slot.at] in made:
                instead[old].append(hosts[slot.at])
            elif old not in hosts:
                instead[old].append(slot.entry.was or slot.entry.domain or subject.domain)
    bare = subject.placeholders() if made else ()
    return tuple(
        unique(
            new
            for host in entry
            for named in instead.get(host, [host])
            for new in (made if named in bare else [named])
        )
        for entry in subject.tls
    )


def _note(before: Record, after: Record) -> Note | None:
    old, new = hosts_of(before), hosts_of(after)
    if old == new:
        return None
    if not old:
        return generated(after)
    if not new:
        return Note("HostnameRemoved", f"{', '.join(old)}: no generated hostname is asked for any more")
    return Note("HostnameChanged", f"{', '.join(old)} → {', '.join(new)}: {_cause(before, after)}")


def generated(record: Record) -> Note:
    """What is said of hosts where there were none before."""
    return Note("HostnameGenerated", f"{', '.join(hosts_of(record))}: the address is {_addresses(record)}")


def _cause(before: Record, after: Record) -> str:
    if _addresses(before) != _addresses(after):
        return f"the address is now {_addresses(after)}"
    if {entry.domain for entry in before.values()} != {entry.domain for entry in after.values()}:
        return "the domain changed"
    if {entry.template for entry in before.values()} != {entry.template for entry in after.values()}:
        return "the template changed"
    return "the rules changed, or another object has the former name"


def _addresses(record: Record) -> str:
    return ", ".join(unique(record[index].address for index in sorted(record)))


def _complaint(subject: Subject, choice: Choice, record: Record, prefix: str) -> Note | None:
    reason = choice.reason
    if subject.generate not in ("", "true", "false"):
        reason = f"annotation {prefix}{GENERATE}: {subject.generate!r} is neither 'true' nor 'false'"
    elif not reason and subject.damaged and not record:
        reason = f"annotation {prefix}{RECORD} says nothing that can be believed: every host counts as yours"
    if not reason:
        return None
    kept = ", ".join(hosts_of(record))
    rest = f"; {kept} stays as it is" if kept else ""
    return Note("HostnameNotGenerated", reason + rest)
