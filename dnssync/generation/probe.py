"""The probe: asks a name server until a new hostname is really answered, and tells the object's owner so."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from ipaddress import ip_address

import msgspec

from dnssync.backoff import Backoff
from dnssync.generation.deciding import Note
from dnssync.generation.naming import is_number
from dnssync.generation.record import Entry, encode_record
from dnssync.generation.subject import Subject
from dnssync.generation.voice import Voice
from dnssync.objects import ObjectRef

log = logging.getLogger(__name__)

PAUSES = Backoff(first=0.2, cap=30.0)
_TIMEOUT = 1.0
_LONGEST_WAIT = 1.0

Servers = Callable[[str], Sequence[str]]
"""The name servers to ask for a domain, as ``address:port``."""


class _Question(msgspec.Struct, frozen=True):
    subject: Subject
    began: float
    tries: int = 0


class Prober:
    """Asks in threads of its own. Only the newest hosts of an object are asked for.

    ``patience``: seconds after which a hostname without an answer is given up, and its owner told.
    """

    def __init__(self, servers: Servers, voice: Voice, patience: float) -> None:
        self._servers = servers
        self._voice = voice
        self._patience = patience
        self._changed = threading.Condition()
        self._newest: dict[ObjectRef, _Question] = {}
        self._due: list[tuple[float, int, _Question]] = []
        self._count = 0

    def ask_for(self, subject: Subject) -> None:
        """Ask for the hosts in the subject's record, from now on, and for its former ones no more."""
        question = _Question(subject, time.monotonic())
        with self._changed:
            self._newest.pop(subject.ref, None)
            if not subject.record:
                return
            self._newest[subject.ref] = question
            self._push(question, question.began)
            self._changed.notify()

    def run(self, stop: threading.Event) -> None:
        """Ask until ``stop`` is set. In several threads, the names of one whose servers are silent keep the
        others waiting less."""
        while not stop.is_set():
            question = self._next(time.monotonic())
            if question is not None:
                self._ask(question)

    def _push(self, question: _Question, due: float) -> None:
        self._count += 1
        heappush(self._due, (due, self._count, question))

    def _next(self, now: float) -> _Question | None:
        with self._changed:
            if not self._due or self._due[0][0] > now:
                self._changed.wait(min(self._due[0][0] - now if self._due else _LONGEST_WAIT, _LONGEST_WAIT))
                return None
            question = heappop(self._due)[2]
            is_newest = self._newest.get(question.subject.ref) is question
        return question if is_newest else None

    def _ask(self, question: _Question) -> None:
        subject = question.subject
        entries = {entry.host: entry for entry in subject.record.values()}
        servers = self._servers(next(iter(entries.values())).domain)
        missing = [entry for entry in entries.values() if not _is_answered(entry, servers)]
        waited = time.monotonic() - question.began
        if not missing and self._end(question):
            hosts = ", ".join(entries)
            self._voice.ready(waited)
            text = f"{hosts}: answered by {', '.join(servers)}"
            self._voice.tell(subject, Note("HostnameReady", text, f"ready {encode_record(subject.record)}"))
        elif missing and waited > self._patience and self._end(question):
            self._voice.tell(subject, Note("HostnameNotReady", _lament(missing[0], servers)), warning=True)
        elif missing:
            again = _Question(subject, question.began, question.tries + 1)
            with self._changed:
                if self._newest.get(subject.ref) is question:
                    self._newest[subject.ref] = again
                    self._push(again, time.monotonic() + PAUSES.delay(again.tries, random.random()))

    def _end(self, question: _Question) -> bool:
        """Whether the question was still to be answered, which it now is."""
        with self._changed:
            if self._newest.get(question.subject.ref) is not question:
                return False
            del self._newest[question.subject.ref]
            return True


class Reply(msgspec.Struct, frozen=True):
    """The data of an answer; ``problem`` is its code if that is an error, or that it is no server's own."""

    data: tuple[str, ...] = ()
    problem: str = ""


def ask(host: str, record_type: str, server: str) -> Reply:
    """The answer of one name server (``address:port``), asked for itself and not for others.

    Raises OSError or dns.exception.DNSException if it says nothing of use.
    """
    import dns.flags
    import dns.message
    import dns.query
    import dns.rcode

    address, _, port = server.rpartition(":")
    query = dns.message.make_query(host, record_type)
    query.flags &= ~dns.flags.RD
    answer = dns.query.udp(query, address.strip("[]"), port=int(port), timeout=_TIMEOUT)
    problem = dns.rcode.to_text(answer.rcode()) if answer.rcode() else ""
    if not answer.flags & dns.flags.AA:
        problem = problem or "not authoritative"
    found = (data.to_text().removesuffix(".") for rrset in answer.answer for data in rrset)
    return Reply(tuple(found), problem)


def authoritative(domain: str) -> list[str]:
    """The name servers of the zone that holds ``domain``, by the machine's own resolver; none if unknown."""
    import dns.exception
    import dns.resolver

    try:
        zone = dns.resolver.zone_for_name(domain)
        names = [data.target for data in dns.resolver.resolve(zone, "NS")]
        hosts = [list(dns.resolver.resolve_name(name).addresses()) for name in names[:2]]
    except (OSError, dns.exception.DNSException) as error:
        log.debug("no name server found for %s: %s", domain, error)
        return []
    # Many machines have no way to an IPv6 address: it is asked only where there is no other.
    ipv4 = [[address for address in addresses if ":" not in address] for addresses in hosts]
    return [
        f"{address}:53" if ":" not in address else f"[{address}]:53"
        for addresses, preferred in zip(hosts, ipv4, strict=True)
        for address in preferred or addresses
    ]


def _question_type(address: str) -> str:
    """What to ask for: for a load balancer's host name as clients do, since it may be written as an alias."""
    return "AAAA" if is_number(address) and ip_address(address).version == 6 else "A"


def _fits(reply: Reply, address: str) -> bool:
    """Whether that is the answer for ``address``. An alias is answered with the addresses behind it."""
    data = set(map(_plain, reply.data))
    if _plain(address) in data:
        return True
    return not is_number(address) and bool(data) and all(map(is_number, data))


def _is_answered(entry: Entry, servers: Sequence[str]) -> bool:
    """Whether every server that is to be asked gives the address, with authority."""
    import dns.exception

    try:
        replies = [ask(entry.host, _question_type(entry.address), server) for server in servers]
    except (OSError, dns.exception.DNSException):
        return False
    return bool(replies) and all(not reply.problem and _fits(reply, entry.address) for reply in replies)


def _plain(data: str) -> str:
    """One spelling for an address or a name, whoever wrote it (RFC 5952 has several; RFC 4343)."""
    try:
        return str(ip_address(data))
    except ValueError:
        return data.lower()


def _lament(entry: Entry, servers: Sequence[str]) -> str:
    asked = (
        f"not answered with {entry.address} by {', '.join(servers)}" if servers else "no name server found"
    )
    return f"{entry.host}: {asked}; is {entry.domain} served, and delegated there?"
