"""Zones in memory: as strict as a service, and safe from several threads."""

import threading

import pytest

from dnssync.changes import Action, Bundle, Change
from dnssync.endpoints import Endpoint, Property
from dnssync.errors import ConfigError
from dnssync.providers import Provider, Zone
from dnssync.providers.inmemory import InMemoryProvider

_ZONE = Zone("example.com", "example.com")
_A = Endpoint("a.example.com", "A", ("192.0.2.1", "192.0.2.2"), 60)
_B = Endpoint("b.example.com", "A", ("192.0.2.3",), 60)


def _bundle(*changes: Change) -> Bundle:
    return Bundle("a.example.com.", changes)


def _create(endpoint: Endpoint) -> Change:
    return Change(Action.CREATE, new=endpoint)


def _delete(endpoint: Endpoint) -> Change:
    return Change(Action.DELETE, old=endpoint)


def _update(old: Endpoint, new: Endpoint) -> Change:
    return Change(Action.UPDATE, old=old, new=new)


@pytest.fixture
def provider() -> Provider:
    return InMemoryProvider(["example.com.", "Sub.Example.com"], [_A])


def test_zones_are_listed_in_one_spelling(provider: Provider) -> None:
    assert provider.zones() == [_ZONE, Zone("sub.example.com", "sub.example.com")]


def test_records_begin_in_the_longest_zone() -> None:
    inner = Endpoint("x.sub.example.com", "A", ("192.0.2.1",))
    provider = InMemoryProvider(["example.com", "sub.example.com"], [_A, inner])

    assert provider.records(_ZONE) == [_A]
    assert provider.records(Zone("sub.example.com", "sub.example.com")) == [inner]


def test_a_record_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"other\.org"):
        InMemoryProvider(["example.com"], [Endpoint("other.org", "A", ("192.0.2.1",))])


def test_the_zone_of_a_name_is_found_by_whole_labels(provider: Provider) -> None:
    zones = provider.zones()

    def zone_of(name: str) -> list[str]:
        return [zone.name for zone in provider.zones_for(Endpoint(name, "A"), zones)]

    assert zone_of("WWW.Sub.example.com.") == ["sub.example.com"]
    assert zone_of("notsub.example.com") == ["example.com"]
    assert zone_of("notexample.com") == []


def test_bundles_are_committed_in_order(provider: Provider) -> None:
    moved = Endpoint("a.example.com", "A", ("192.0.2.9",), 60)

    outcomes = provider.apply(
        _ZONE, [_bundle(_update(_A, moved)), _bundle(_delete(moved)), _bundle(_create(_B))]
    )

    assert all(outcome.ok for outcome in outcomes)
    assert provider.records(_ZONE) == [_B]


@pytest.mark.parametrize(
    "change",
    [
        _create(_A),
        _delete(_B),
        _update(_B, _B),
        _delete(Endpoint("a.example.com", "A", ("192.0.2.1",), 60)),
        _delete(Endpoint("a.example.com", "A", _A.targets, 61)),
        _create(Endpoint("x.example.org", "A", ("192.0.2.1",))),
    ],
)
def test_a_bundle_that_does_not_fit_fails_whole_and_alone(provider: Provider, change: Change) -> None:
    fresh = Endpoint("fresh.example.com", "A", ("192.0.2.1",))

    outcomes = provider.apply(_ZONE, [_bundle(_create(fresh), change), _bundle(_create(_B))])

    assert [outcome.ok for outcome in outcomes] == [False, True]
    assert provider.records(_ZONE) == [_A, _B]


def test_a_type_change_deletes_before_it_creates(provider: Provider) -> None:
    again = Endpoint("a.example.com", "A", ("192.0.2.7",))

    assert provider.apply(_ZONE, [_bundle(_create(again), _delete(_A))])[0].ok
    assert provider.records(_ZONE) == [again]


def test_order_of_targets_and_an_unknown_ttl_do_not_matter(provider: Provider) -> None:
    read = Endpoint("A.example.com.", "A", ("192.0.2.2", "192.0.2.1"))

    assert provider.apply(_ZONE, [_bundle(_delete(read))])[0].ok


def test_labels_are_not_stored_but_properties_are(provider: Provider) -> None:
    rich = Endpoint("b.example.com", "A", ("192.0.2.3",), 60, "s", (Property("aws/weight", "1"),))
    provider.apply(_ZONE, [_bundle(_create(rich.with_labels(owner="me")))])

    assert provider.records(_ZONE) == [_A, rich]


def test_an_unknown_zone_is_an_error(provider: Provider) -> None:
    gone = Zone("gone", "gone.test")

    assert "no such zone" in provider.apply(gone, [_bundle(_create(_B))])[0].error
    with pytest.raises(ConfigError, match="no such in-memory zone"):
        provider.records(gone)


def test_requests_are_counted() -> None:
    provider = InMemoryProvider(["example.com"])
    provider.zones()
    provider.records(_ZONE)
    provider.apply(_ZONE, [_bundle(_create(_A)), _bundle(_create(_B))])

    assert provider.requests == {"zones": 1, "records": 1, "apply": 1}


def test_of_many_threads_that_create_one_record_exactly_one_succeeds() -> None:
    provider = InMemoryProvider(["example.com"])
    barrier = threading.Barrier(8)
    results: list[bool] = []

    def work() -> None:
        barrier.wait()
        results.append(provider.apply(_ZONE, [_bundle(_create(_A))])[0].ok)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == [False] * 7 + [True]
    provider.close()
