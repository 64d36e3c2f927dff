"""The probe: a hostname counts as ready when the name server really answers with its address."""

import socket
import threading
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.resolver
import dns.rrset
import pytest

from dnssync.app import hostnames
from dnssync.generation.deciding import Note
from dnssync.generation.probe import Prober, Reply, ask, authoritative
from dnssync.generation.record import Entry
from dnssync.generation.subject import Subject
from dnssync.generation.voice import Voice
from dnssync.metrics import Metrics
from dnssync.objects import ObjectRef
from dnssync.providers.builtin import BuiltinProvider
from dnssync.settings import Settings
from resolver.config import ResolverConfig
from tests.ports import free_port
from tests.waiting import wait_for

DOMAIN = "xip.test"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Where a resolver of the domain listens."""
    provider = BuiltinProvider(
        ResolverConfig(listen=("127.0.0.1:0",), zones=(DOMAIN,), ns=("ns1.xip.test=127.0.0.1",))
    )
    try:
        provider.zones()
        yield provider.addresses[0]
    finally:
        provider.close()


class Asking:
    """A prober at work, and what it told."""

    def __init__(self, *servers: str, patience: float = 10.0, threads: int = 1) -> None:
        self.servers = list(servers)
        self.told: list[tuple[Note, bool]] = []
        voice = Voice(Metrics("test"), lambda subject, note, warning: self.told.append((note, warning)))
        self.prober = Prober(lambda domain: self.servers, voice, patience)
        self._stop = threading.Event()
        run = self.prober.run
        self._threads = [
            threading.Thread(target=run, args=(self._stop,), daemon=True) for _ in range(threads)
        ]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(5.0)
            assert not thread.is_alive()

    def ask_for(self, *addresses: str, host: str = "", name: str = "web") -> None:
        record = {
            index: Entry(
                host=host or f"web-{address.replace('.', '-')}.{DOMAIN}", address=address, domain=DOMAIN
            )
            for index, address in enumerate(addresses)
        }
        self.prober.ask_for(Subject(ref=ObjectRef("ingress", "default", name), domain=DOMAIN, record=record))

    def reasons(self) -> list[str]:
        return [note.reason for note, _ in self.told]


def test_a_name_that_is_answered_is_told_with_the_server_that_was_asked(server: str) -> None:
    with Asking(server) as asking:
        asking.ask_for("10.0.0.5", "10.0.0.6")
        wait_for(lambda: asking.told, "an answer")
    ((note, warning),) = asking.told
    assert (note.reason, warning) == ("HostnameReady", False)
    assert server in note.text
    assert "web-10-0-0-5" in note.text
    assert "web-10-0-0-6" in note.text


def test_an_answer_with_another_address_is_no_answer(server: str) -> None:
    with Asking(server, patience=0.3) as asking:
        asking.ask_for("10.0.0.9", host="web-10-0-0-5.xip.test")
        wait_for(lambda: asking.told, "the complaint")
    ((note, warning),) = asking.told
    assert (note.reason, warning) == ("HostnameNotReady", True)
    assert "10.0.0.9" in note.text


def test_it_is_asked_until_it_is_answered(server: str) -> None:
    with Asking(f"127.0.0.1:{free_port()}") as asking:
        asking.ask_for("10.0.0.5")
        threading.Event().wait(0.1)
        asking.servers[:] = [server]
        wait_for(lambda: asking.reasons() == ["HostnameReady"], "the answer")


def test_only_the_newest_name_of_an_object_is_asked_for(server: str) -> None:
    with Asking(f"127.0.0.1:{free_port()}") as asking:
        asking.ask_for("10.0.0.5")
        asking.ask_for("10.0.0.6")
        asking.servers[:] = [server]
        wait_for(lambda: asking.told, "the answer")
        asking.ask_for("10.0.0.7")
        wait_for(lambda: len(asking.told) == 2, "the next answer")
    assert [note.text.split(":")[0] for note, _ in asking.told] == [
        "web-10-0-0-6.xip.test",
        "web-10-0-0-7.xip.test",
    ]


def test_a_name_that_was_taken_back_is_not_asked_for(server: str) -> None:
    with Asking(f"127.0.0.1:{free_port()}", patience=0.5) as asking:
        asking.ask_for("10.0.0.5", name="gone")
        asking.ask_for(name="gone")
        asking.ask_for("10.0.0.6")
        wait_for(lambda: asking.told, "the complaint of the other")
    assert [note.text.split(":")[0] for note, _ in asking.told] == ["web-10-0-0-6.xip.test"]


def test_every_server_has_to_answer(server: str) -> None:
    with Asking(server, f"127.0.0.1:{free_port()}", patience=0.2) as asking:
        asking.ask_for("10.0.0.5")
        wait_for(lambda: asking.reasons() == ["HostnameNotReady"], "the complaint")


def test_many_threads_tell_each_answer_once(server: str) -> None:
    with Asking(server, threads=4) as asking:
        for number in range(50):
            asking.ask_for(f"10.0.0.{number}", name=f"web-{number}")
        wait_for(lambda: len(asking.told) >= 50, "all answers")
    assert sorted(note.text.split(":")[0] for note, _ in asking.told) == sorted(
        f"web-10-0-0-{number}.xip.test" for number in range(50)
    )


def test_no_server_at_all_is_told() -> None:
    with Asking(patience=0.1) as asking:
        asking.ask_for("10.0.0.5")
        wait_for(lambda: asking.told, "the complaint")
    assert "no name server found" in asking.told[0][0].text


def test_the_servers_of_a_delegated_domain_are_found(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = dns.resolver.Resolver(configure=False)
    machine.nameservers, machine.port = ["127.0.0.1"], int(server.rpartition(":")[2])
    machine.lifetime = 2.0
    monkeypatch.setattr(dns.resolver, "default_resolver", machine)
    assert authoritative(DOMAIN) == ["127.0.0.1:53"]
    assert authoritative("elsewhere.example") == []


def test_another_spelling_of_the_address_is_an_answer(server: str) -> None:
    with Asking(server) as asking:
        asking.ask_for("::ffff:a00:5", host="web.0--ffff-a00-5.xip.test")
        wait_for(lambda: asking.told, "an answer")
    assert asking.reasons() == ["HostnameReady"]


def test_the_bundled_resolver_is_asked_for_its_own_domains_only(monkeypatch: pytest.MonkeyPatch) -> None:
    searches: list[str] = []

    def find_none(domain: str) -> list[str]:
        searches.append(domain)
        return []

    monkeypatch.setattr(hostnames, "authoritative", find_none)
    provider = BuiltinProvider(ResolverConfig(listen=("127.0.0.1:0",), zones=(DOMAIN,)))
    try:
        provider.zones()
        servers = hostnames.name_servers(Settings(zone=(DOMAIN,), hostname_domain=DOMAIN), provider)
        assert servers("sub.xip.test") == list(provider.addresses[:1])
        assert [servers("elsewhere.example"), servers("elsewhere.example")] == [[], []]
    finally:
        provider.close()
    assert searches == ["elsewhere.example"], "a search that found nothing is not made again at once"


def test_an_answer_is_plain_text_or_a_problem(server: str) -> None:
    assert ask("web.2001-db8--1.xip.test", "AAAA", server) == Reply(("2001:db8::1",))
    assert ask("nothing.xip.test", "A", server) == Reply(problem="NXDOMAIN")
    assert ask("elsewhere.example", "A", server) == Reply(problem="REFUSED")


def _rrset(line: str) -> dns.rrset.RRset:
    name, ttl, rdclass, rdtype, data = line.split()
    return dns.rrset.from_text(f"{name}.".replace("..", "."), int(ttl), rdclass, rdtype, data)


class Answering:
    """A name server that answers every question with ``lines`` of a zone file, with authority or without."""

    def __init__(self, *lines: str, authority: bool = True) -> None:
        self._lines = lines
        self._authority = authority
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "Answering":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(5.0)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, client = self._socket.recvfrom(4096)
            if not wire:
                return
            response = dns.message.make_response(dns.message.from_wire(wire))
            if self._authority:
                response.flags |= dns.flags.AA
            response.answer = [_rrset(line) for line in self._lines]
            self._socket.sendto(response.to_wire(), client)


@pytest.mark.parametrize(
    ("lines", "ready"),
    [
        (["web.xip.test 60 IN CNAME lb.example.net."], True),
        (["web.xip.test 60 IN CNAME LB.example.net.", "lb.example.net. 60 IN A 203.0.113.5"], True),
        (["web.xip.test 60 IN A 203.0.113.5", "web.xip.test 60 IN A 203.0.113.6"], True),
        (["web.xip.test 60 IN CNAME old.example.net."], False),
        ([], False),
    ],
    ids=["CNAME", "CNAME and address", "alias", "another CNAME", "nothing"],
)
def test_the_name_of_a_load_balancer_is_answered_with_it_or_with_its_addresses(
    lines: list[str], ready: bool
) -> None:
    with Answering(*lines) as server, Asking(server.address, patience=10.0 if ready else 0.3) as asking:
        asking.ask_for("lb.example.net", host="web.xip.test")
        wait_for(lambda: asking.told, "the outcome")
    assert asking.reasons() == ["HostnameReady" if ready else "HostnameNotReady"]


def test_an_answer_without_authority_is_none() -> None:
    line = "web-10-0-0-5.xip.test 60 IN A 10.0.0.5"
    with Answering(line, authority=False) as server, Asking(server.address, patience=0.3) as asking:
        asking.ask_for("10.0.0.5")
        wait_for(lambda: asking.told, "the complaint")
    assert asking.reasons() == ["HostnameNotReady"]
