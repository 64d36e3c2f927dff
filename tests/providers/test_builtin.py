"""The bundled resolver as a provider: a real child process, asked over UDP."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import dns.exception
import dns.message
import dns.query
import pytest

from dnssync.changes import Action, Bundle, Change
from dnssync.endpoints import Endpoint, new_endpoint
from dnssync.errors import ConfigError
from dnssync.providers import Provider, Zone
from dnssync.providers.builtin import BuiltinProvider
from resolver.config import ResolverConfig
from resolver.feeding.protocol import FeedRecord, FeedUpdate
from resolver.feeding.supervisor import Supervisor
from tests.resolver.serving import serving
from tests.waiting import wait_for

TIMEOUT = 20.0
CONFIG = ResolverConfig(zones=("xip.test", "Example.test", "sub.example.test"), listen=("127.0.0.1:0",))
EXAMPLE = Zone("example.test", "example.test")


@pytest.fixture(scope="module")
def shared() -> Iterator[BuiltinProvider]:
    provider = BuiltinProvider(CONFIG)
    provider.zones()
    yield provider
    provider.close()


@pytest.fixture
def provider(shared: BuiltinProvider) -> BuiltinProvider:
    held = shared.records(EXAMPLE)
    assert all(outcome.ok for outcome in shared.apply(EXAMPLE, [bundle(delete(entry)) for entry in held]))
    return shared


def ask(provider: BuiltinProvider, name: str, rtype: str = "A", *, timeout: float = TIMEOUT) -> list[str]:
    """What is answered, each with its TTL."""
    host, _, port = provider.addresses[0].rpartition(":")
    query = dns.message.make_query(name, rtype)
    response, _ = dns.query.udp_with_fallback(query, host, timeout, int(port))
    return [f"{rrset.ttl} {rdata.to_text()}" for rrset in response.answer for rdata in rrset]


def create(new: Endpoint) -> Change:
    return Change(Action.CREATE, new=new)


def update(old: Endpoint, new: Endpoint) -> Change:
    return Change(Action.UPDATE, old, new)


def delete(old: Endpoint) -> Change:
    return Change(Action.DELETE, old)


def bundle(*changes: Change) -> Bundle:
    return Bundle(changes[0].endpoint.dns_name + ".", changes)


def test_it_is_a_provider_of_its_configured_zones(provider: BuiltinProvider) -> None:
    contract: Provider = provider
    zones = contract.zones()
    assert [zone.name for zone in zones] == ["xip.test", "example.test", "sub.example.test"]
    fits = contract.zones_for(new_endpoint("WWW.Sub.Example.test", "A", ("192.0.2.1",)), zones)
    assert [zone.name for zone in fits] == ["sub.example.test"]
    assert contract.zones_for(new_endpoint("www.test", "A", ("192.0.2.1",)), zones) == []
    limits = contract.domain_filter(zones)
    assert limits.matches("a.xip.test")
    assert not limits.matches("a.test")


def test_what_apply_says_is_done_is_answered(provider: BuiltinProvider) -> None:
    first = new_endpoint("WWW.example.test", "A", ("192.0.2.1", "192.0.2.2"), ttl=60, labels={"owner": "me"})
    (outcome,) = provider.apply(EXAMPLE, [bundle(create(first))])
    assert outcome.ok
    assert ask(provider, "www.example.test") == ["60 192.0.2.1", "60 192.0.2.2"]
    assert provider.records(EXAMPLE) == [first]
    second = new_endpoint("www.example.test", "A", ("192.0.2.3",))
    assert provider.apply(EXAMPLE, [bundle(update(first, second))])[0].ok
    assert ask(provider, "www.example.test") == ["300 192.0.2.3"]
    assert provider.records(EXAMPLE) == [second]
    assert provider.apply(EXAMPLE, [bundle(delete(second))])[0].ok
    assert ask(provider, "www.example.test") == []
    assert provider.records(EXAMPLE) == []


def test_names_with_addresses_are_answered_beside_the_records(provider: BuiltinProvider) -> None:
    assert ask(provider, "app.10.0.0.5.xip.test") == ["3600 10.0.0.5"]


def test_a_type_is_changed_in_one_bundle(provider: BuiltinProvider) -> None:
    address = new_endpoint("app.example.test", "A", ("192.0.2.1",))
    alias = new_endpoint("app.example.test", "CNAME", ("lb.example.net",))
    assert provider.apply(EXAMPLE, [bundle(create(address))])[0].ok
    assert provider.apply(EXAMPLE, [bundle(create(alias), delete(address))])[0].ok
    assert ask(provider, "app.example.test") == ["300 lb.example.net."]


def test_one_bad_bundle_stands_alone(provider: BuiltinProvider) -> None:
    def entry(name: str, target: str) -> Bundle:
        return bundle(create(new_endpoint(f"{name}.example.test", "A", (target,))))

    bundles = [entry(f"n{number}", f"192.0.2.{number}") for number in range(200)]
    bundles[77] = entry("n77", "not an address")
    outcomes = provider.apply(EXAMPLE, bundles)
    assert [outcome.bundle for outcome in outcomes] == bundles
    bad = outcomes.pop(77)
    assert all(outcome.ok for outcome in outcomes)
    assert "n77.example.test. A: 'not an address'" in bad.error
    assert (bad.retryable, bad.doubtful) == (False, False)
    assert len(provider.records(EXAMPLE)) == 199
    assert ask(provider, "n199.example.test") == ["300 192.0.2.199"]


def test_a_bundle_is_taken_whole_or_not(provider: BuiltinProvider) -> None:
    good = new_endpoint("a.example.test", "A", ("192.0.2.1",))
    bad = new_endpoint("a.example.test", "CNAME", ("b.example.test",))
    (outcome,) = provider.apply(EXAMPLE, [bundle(create(good), create(bad))])
    assert "exclude each other" in outcome.error
    assert provider.records(EXAMPLE) == []
    assert ask(provider, "a.example.test") == []


def variant(identifier: str, rtype: str, *targets: str, ttl: int = 0) -> Endpoint:
    return Endpoint("w.example.test", rtype, targets, ttl, set_identifier=identifier)


def test_set_identifiers_are_merged_in_their_order(provider: BuiltinProvider) -> None:
    a, b = variant("a", "A", "192.0.2.2", ttl=90), variant("b", "A", "192.0.2.1", "192.0.2.2", ttl=60)
    assert all(outcome.ok for outcome in provider.apply(EXAMPLE, [bundle(create(b)), bundle(create(a))]))
    assert sorted(ask(provider, "w.example.test")) == ["60 192.0.2.1", "60 192.0.2.2"]
    assert len(provider.records(EXAMPLE)) == 2
    assert provider.apply(EXAMPLE, [bundle(delete(b))])[0].ok
    assert ask(provider, "w.example.test") == ["90 192.0.2.2"]
    assert provider.records(EXAMPLE) == [a]


def test_of_several_aliases_the_first_identifier_answers(provider: BuiltinProvider) -> None:
    both = [variant("b", "CNAME", "b.example.net"), variant("a", "CNAME", "a.example.net")]
    assert provider.apply(EXAMPLE, [bundle(*map(create, both))])[0].ok
    assert ask(provider, "w.example.test", "CNAME") == ["300 a.example.net."]


@pytest.mark.parametrize(
    ("target", "answered"),
    [
        ("plain words", '"plain words"'),
        ('"quoted words"', '"quoted words"'),
        ('"one" "two"', '"one" "two"'),
        ('say "hi" \\o/', '"say \\"hi\\" \\\\o/"'),
        ("x" * 300, f'"{"x" * 255}" "{"x" * 45}"'),
        (f'"{"x" * 300}"', f'"{"x" * 255}" "{"x" * 45}"'),
        ("é", '"\\195\\169"'),
        ("", '""'),
    ],
)
def test_texts_are_quoted_and_split(provider: BuiltinProvider, target: str, answered: str) -> None:
    entry = new_endpoint("t.example.test", "TXT", (target,), ttl=60)
    (outcome,) = provider.apply(EXAMPLE, [bundle(create(entry))])
    assert outcome.ok, outcome.error
    assert ask(provider, "t.example.test", "TXT") == [f"60 {answered}"]
    assert provider.records(EXAMPLE) == [entry]


@pytest.mark.parametrize(
    ("rtype", "target"),
    [
        ("MX", "10 mail.example.test"),
        ("SRV", "0 5 80 www.example.test"),
        ("NS", "ns.example.net"),
        ("AAAA", "2001:db8::1"),
    ],
)
def test_other_types_are_served(provider: BuiltinProvider, rtype: str, target: str) -> None:
    assert provider.apply(EXAMPLE, [bundle(create(new_endpoint("o.example.test", rtype, (target,))))])[0].ok
    host, _, port = provider.addresses[0].rpartition(":")
    request = dns.message.make_query("o.example.test", rtype)
    assert target in dns.query.udp(request, host, TIMEOUT, int(port)).to_text()


def test_wildcards_are_served(provider: BuiltinProvider) -> None:
    entry = new_endpoint("*.wild.example.test", "A", ("192.0.2.1",), ttl=60)
    assert provider.apply(EXAMPLE, [bundle(create(entry))])[0].ok
    assert ask(provider, "any.thing.wild.example.test") == ["60 192.0.2.1"]


def kill(running: BuiltinProvider | Supervisor) -> None:
    """Kill the process; what it had started has to go by itself."""
    pid = running.pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: running.pid != pid, "the process is missed")


def answers_again(provider: BuiltinProvider, name: str, deadline: float) -> list[str]:
    while True:
        assert time.monotonic() < deadline, "nobody answers"
        # Until then an orphan of the old one may answer.
        if provider.pid is None:
            time.sleep(0.001)
            continue
        try:
            return ask(provider, name, timeout=0.1)
        except (dns.exception.Timeout, OSError):
            continue


def test_a_killed_resolver_comes_back_with_all_it_had() -> None:
    provider = BuiltinProvider(CONFIG)
    try:
        provider.zones()
        before = provider.addresses
        entry = new_endpoint("kept.example.test", "A", ("192.0.2.1",), ttl=60)
        assert provider.apply(EXAMPLE, [bundle(create(entry))])[0].ok
        for _ in range(2):
            kill(provider)
            assert answers_again(provider, "kept.example.test", time.monotonic() + 3) == ["60 192.0.2.1"]
        assert provider.addresses == before
        assert provider.records(EXAMPLE) == [entry]
        # A change that meets the dead process waits for the new one.
        kill(provider)
        more = new_endpoint("more.example.test", "A", ("192.0.2.2",), ttl=60)
        assert provider.apply(EXAMPLE, [bundle(create(more))])[0].ok
        assert ask(provider, "more.example.test") == ["60 192.0.2.2"]
        assert ask(provider, "kept.example.test") == ["60 192.0.2.1"]
    finally:
        provider.close()


def test_a_resolver_killed_amid_a_batch_loses_nothing_that_was_said_to_be_done() -> None:
    provider = BuiltinProvider(CONFIG)
    try:
        provider.zones()
        entries = [new_endpoint(f"n{number}.example.test", "A", ("192.0.2.1",)) for number in range(3000)]
        killer = threading.Timer(0.02, lambda: kill(provider))
        killer.start()
        outcomes = provider.apply(EXAMPLE, [bundle(create(entry)) for entry in entries])
        killer.join()
        assert all(outcome.ok for outcome in outcomes)
        answers_again(provider, "n0.example.test", time.monotonic() + 3)
        assert all(ask(provider, f"n{number}.example.test") for number in range(0, 3000, 97))
        assert len(provider.records(EXAMPLE)) == 3000
    finally:
        provider.close()


def test_zones_are_changed_at_the_same_time(provider: BuiltinProvider) -> None:
    zones = provider.zones()

    def fill(zone: Zone) -> None:
        entries = [new_endpoint(f"p{number}.{zone.name}", "A", ("192.0.2.1",)) for number in range(300)]
        assert all(
            outcome.ok for outcome in provider.apply(zone, [bundle(create(entry)) for entry in entries])
        )

    threads = [threading.Thread(target=fill, args=(zone,)) for zone in zones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(provider.records(zone)) for zone in zones] == [300, 300, 300]


def test_a_taken_address_is_a_mistake_of_the_user() -> None:
    with serving() as running:
        provider = BuiltinProvider(ResolverConfig(zones=("xip.test",), listen=(running.addresses[0],)))
        with pytest.raises(
            ConfigError, match=r"builtin resolver: cannot listen on .*: Address already in use"
        ):
            provider.zones()
        provider.close()


def test_closing_ends_the_process_and_later_changes_are_told_so() -> None:
    provider = BuiltinProvider(CONFIG)
    provider.zones()
    pid = provider.pid
    assert pid
    provider.close()
    provider.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    entry = new_endpoint("late.example.test", "A", ("192.0.2.1",))
    (outcome,) = provider.apply(EXAMPLE, [bundle(create(entry))])
    assert not outcome.ok
    assert outcome.retryable
    assert not outcome.doubtful


def test_the_supervisor_remembers_deletions_and_replacements() -> None:
    supervisor = Supervisor(CONFIG)
    try:
        supervisor.start()
        one, two = (FeedRecord(f"{name}.xip.test", "A", 60, ("192.0.2.1",)) for name in ("one", "two"))
        acks = supervisor.send(
            [
                FeedUpdate("xip.test", (one,)),
                FeedUpdate("xip.test", (two,), replace=True),
                FeedUpdate("nowhere.test", (one,)),
                FeedUpdate("xip.test", (one,), (("two.xip.test", "A"),)),
            ]
        )
        assert [bool(ack.error) for ack in acks] == [False, False, True, False]
        assert [ack.ack for ack in acks] == [1, 2, 3, 4]
        kill(supervisor)
        (again,) = supervisor.send([FeedUpdate("xip.test", (one,))])
        assert (again.ack, again.error) == (1, "")
        assert again.serial > acks[-1].serial
        host, _, port = supervisor.addresses[0].rpartition(":")
        for name, count in (("one", 1), ("two", 0)):
            request = dns.message.make_query(f"{name}.xip.test", "A")
            assert len(dns.query.udp(request, host, TIMEOUT, int(port)).answer) == count
    finally:
        supervisor.close()
