"""The account of one name: what it has to do, by generation, with one object. Pure."""

from typing import Literal

import msgspec

from dnssync.errors import ConfigError
from dnssync.generation.deciding import Decision
from dnssync.generation.naming import possible_names
from dnssync.generation.options import GenerationOptions
from dnssync.generation.record import Entry, Record, hosts_of
from dnssync.generation.subject import Subject
from resolver import decode

_SOME_NAME = "lb.example.net"


State = Literal["written", "planned", "in memory"]
"""Whether the name stands in the object, is still to be written there, or never will, as it is a file."""


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """``entry`` says what the name was made of, or will be; without one the object asks for a name such as
    this. ``instead``: the names that it has, or gets, in the place of this one."""

    entry: Entry | None = None
    state: State = "written"
    instead: tuple[str, ...] = ()
    complaint: str = ""


def account(
    name: str, subject: Subject, decision: Decision | None, options: GenerationOptions
) -> Account | None:
    """The account of ``name`` (in the spelling of ``ascii_name``); None if the two have nothing in common.

    Without a ``decision`` nothing is generated, and only what was made before counts.
    """
    made = _entry(name, subject.record)
    if decision is None:
        return Account(made) if made else None
    wanted = _entry(name, decision.record)
    complaint = decision.complaint.text if decision.complaint else ""
    if made or wanted:
        instead = () if wanted else hosts_of(decision.record)
        return Account(made or wanted, "written" if made else "planned", instead, complaint)
    asks = decision.record or decision.complaint
    if asks and (_holds(name, subject) or _could_have(name, subject, options)):
        return Account(instead=hosts_of(decision.record), complaint=complaint)
    return None


def _entry(name: str, record: Record) -> Entry | None:
    return next((entry for entry in record.values() if entry.host == name), None)


def _holds(name: str, subject: Subject) -> bool:
    """Whether the object has the name as the bare domain that stands for a generated one."""
    return name in subject.placeholders() and name in subject.hosts


def _could_have(name: str, subject: Subject, options: GenerationOptions) -> bool:
    """Whether the object would get the name if its load balancer had the address in it, by its own wishes or,
    where these cannot be, by the general options."""
    general = msgspec.structs.replace(subject, domain=options.domain, template=options.template)
    try:
        return _is_possible(name, subject, options)
    except ConfigError:
        return _is_possible(name, general, options)


def _is_possible(name: str, subject: Subject, options: GenerationOptions) -> bool:
    address = str(decode(name, subject.domain) or _SOME_NAME)
    return any(
        name in possible_names(subject, index, address, options) for index in range(len(subject.hosts))
    )
