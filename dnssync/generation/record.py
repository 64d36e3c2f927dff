"""The record of what is ours: the annotation ``generated-hostnames``, JSON from rule index to entry. Pure.

    {"0": {"host": "web-default-10-0-0-5.xip.test", "address": "10.0.0.5",
           "template": "{name}-{namespace}-{ip}.{domain}", "domain": "xip.test", "written": true,
           "since": "2026-01-31T12:00:00.000+00:00"}}

It is the only record: nothing else is remembered across restarts, and a host that does not stand in it was
written by a person.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from math import inf

import msgspec

from dnssync.generation.options import RECORD, GenerationOptions
from dnssync.names import ascii_name
from resolver import decode

# Anybody who may edit an object may write the annotation: no object has more rules than this can count.
_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A host that we made, and of what. ``address`` is the load balancer's host name where it has no address.

    ``was`` is what the rule's host is without us, nothing or the bare domain of that time; ``written`` says
    that we wrote ours over it. ``since`` is when it was made (RFC 3339, UTC).
    """

    host: str
    address: str = ""
    template: str = ""
    domain: str = ""
    was: str = ""
    written: bool = False
    since: str = ""


Record = Mapping[int, Entry]


def decode_record(text: str) -> dict[int, Entry]:
    """What the annotation says; nothing where it is no such record, since then nothing is surely ours. Nor
    is an entry believed whose host is none that could have been made of its address and domain."""
    try:
        entries = msgspec.json.decode(text or "{}", type=dict[str, Entry])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return {
        int(index): entry
        for index, entry in entries.items()
        if _INDEX.fullmatch(index) and _is_plausible(entry)
    }


def _is_plausible(entry: Entry) -> bool:
    if not (entry.address and entry.domain and entry.host.endswith(f".{entry.domain}")):
        return False
    try:
        carried: IPv4Address | IPv6Address | None = ip_address(entry.address)
    except ValueError:
        carried = None
    return decode(entry.host, entry.domain) == carried


def encode_record(record: Record) -> str:
    """The annotation's text, in the order of the rules."""
    return msgspec.json.encode({str(index): record[index] for index in sorted(record)}).decode()


def stamp(record: Record, now: float) -> dict[int, Entry]:
    """The record with the time (in seconds since 1970) in the entries that are new."""
    since = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds")
    return {
        at: entry if entry.since else msgspec.structs.replace(entry, since=since)
        for at, entry in record.items()
    }


def age(record: Record, now: float) -> float:
    """Seconds since the newest of the entries was made; endless where none says when."""
    return min((_seconds_since(entry.since, now) for entry in record.values()), default=inf)


def _seconds_since(time: str, now: float) -> float:
    try:
        return abs(now - datetime.fromisoformat(time).timestamp())
    except (ValueError, OverflowError):
        return inf


def hosts_of(record: Record) -> tuple[str, ...]:
    """The hosts of a record, each once, in the order of the rules."""
    return unique(record[index].host for index in sorted(record))


def encoded_hosts(record: Record) -> tuple[str, ...]:
    """The hosts of a record that a wildcard resolver answers, also where no zone of ours holds them."""
    return unique(entry.host for entry in record.values() if decode(entry.host, entry.domain) is not None)


def placeholders(domain: str, record: Record, wish: str = "") -> frozenset[str]:
    """The bare domains, present and past, that stand for a host to be made: they name nothing themselves.
    Where no host is wished for, the present one is a host like any other."""
    past = (name for entry in record.values() for name in (entry.domain, entry.was))
    return frozenset(filter(None, ("" if wish == "false" else domain, *past)))


class GeneratedHosts(msgspec.Struct, frozen=True):
    """What generation means for the hosts that an object names: the record, and the bare domains."""

    record: Record = {}
    placeholders: frozenset[str] = frozenset()

    def complete(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """The hosts without the bare domains that stand for one to be made, and with those that were made."""
        named = (host for host in hosts if ascii_name(host) not in self.placeholders)
        return (*named, *hosts_of(self.record))


def read_generated(
    annotations: Mapping[str, str], class_name: str, options: GenerationOptions | None
) -> GeneratedHosts:
    """What an object's annotations say of generated hosts; nothing where generation is off."""
    if options is None:
        return GeneratedHosts()
    record = decode_record(annotations.get(options.prefix + RECORD, ""))
    domain = options.domain_for(annotations, class_name)
    return GeneratedHosts(record, placeholders(domain, record, options.wish_of(annotations)))


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, where it comes first."""
    return tuple(dict.fromkeys(texts))
