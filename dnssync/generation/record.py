"""The record of what is ours: the annotation ``generated-hostnames``, JSON from rule index to entry. Pure.

    {"0": {"host": "web-default-10-0-0-5.xip.test", "address": "10.0.0.5",
           "template": "{name}-{namespace}-{ip}.{domain}", "domain": "xip.test", "was": ""}}

It is the only record: nothing else is remembered across restarts, and a host that does not stand in it was
written by a person.
"""

from collections.abc import Iterable, Mapping

import msgspec


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A host that we made, and of what. ``address`` is the load balancer's host name where it has no address.

    ``was`` is what the rule's host was before we wrote over it: nothing, or the bare domain. It is None where
    the spec was left alone.
    """

    host: str
    address: str = ""
    template: str = ""
    domain: str = ""
    was: str | None = None


Record = Mapping[int, Entry]


def decode_record(text: str) -> dict[int, Entry]:
    """What the annotation says; nothing where it is no such record, since then nothing is surely ours."""
    try:
        entries = msgspec.json.decode(text or "{}", type=dict[str, Entry])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return {int(index): entry for index, entry in entries.items() if index.isascii() and index.isdigit()}


def encode_record(record: Record) -> str:
    """The annotation's text, in the order of the rules."""
    return msgspec.json.encode({str(index): record[index] for index in sorted(record)}).decode()


def hosts_of(record: Record) -> tuple[str, ...]:
    """The hosts of a record, each once, in the order of the rules."""
    return unique(record[index].host for index in sorted(record))


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, where it comes first."""
    return tuple(dict.fromkeys(texts))
