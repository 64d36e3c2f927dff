"""Cloud DNS through the real google-cloud-dns, against a strict double over HTTP."""

import threading
import time
from collections.abc import Iterator

import pytest

from dnssync.changes import Action, Change
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError
from dnssync.providers import Provider, Zone
from tests.doubles.clouddns import CloudDnsDouble
from tests.providers.clouddns_cases import bundle, create, delete, mark, provider_on, record, stored, update

_ZONE = Zone("example-com", "example.com")


@pytest.fixture
def double() -> Iterator[CloudDnsDouble]:
    with CloudDnsDouble("example.com") as running:
        yield running


@pytest.fixture
def provider(double: CloudDnsDouble) -> Iterator[Provider]:
    with provider_on(double) as made:
        yield made


def test_zones_are_found_with_their_visibility(double: CloudDnsDouble, provider: Provider) -> None:
    double.service.add_zone("example.com", name="inside", visibility="private")
    double.service.add_zone("example.net", name="peer", visibility="private", peeringConfig={})

    assert provider.zones() == [_ZONE, Zone("inside", "example.com", private=True)]


def test_zone_filters_are_applied(double: CloudDnsDouble) -> None:
    double.service.add_zone("example.org")
    with provider_on(double, domain_filter=DomainFilter(include=("example.org",))) as provider:
        assert provider.zones() == [Zone("example-org", "example.org")]


def test_many_zones_and_records_are_read_page_by_page(double: CloudDnsDouble, provider: Provider) -> None:
    for number in range(1100):
        double.service.add_zone(f"z{number}.test")
        double.service.zones["example-com"].put(
            {"name": f"r{number}.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}
        )

    assert len(provider.zones()) == 1101
    assert len(provider.records(_ZONE)) == 1101  # the apex NS among them
    assert double.service.requests == {"managedZones.list": 2, "resourceRecordSets.list": 2}


def test_records_with_a_routing_policy_are_read_and_left_alone(
    double: CloudDnsDouble, provider: Provider
) -> None:
    policy = {"wrr": {"items": [{"weight": 1.0, "rrdatas": ["192.0.2.9"]}]}}
    routed = {"name": "r.example.com.", "type": "A", "ttl": 60, "routingPolicy": policy}
    double.service.zones["example-com"].put(routed)

    read = next(entry for entry in provider.records(_ZONE) if entry.dns_name == "r.example.com")
    outcomes = provider.apply(_ZONE, [bundle(Change(Action.DELETE, old=read)), create("ok")])

    assert read.targets == ()
    assert "routing policy" in outcomes[0].error
    assert not outcomes[0].retryable
    assert outcomes[1].ok
    assert double.service.zones["example-com"].get(("r.example.com.", "A")) is not None


def test_a_record_and_its_marker_travel_in_one_request(double: CloudDnsDouble, provider: Provider) -> None:
    assert all(outcome.ok for outcome in provider.apply(_ZONE, [create("a")]))

    assert len(double.service.changes_received) == 1
    assert stored(double, "a") == ["192.0.2.1"]
    assert stored(double, "a-a", "TXT") == ['"heritage=external-dns,external-dns/owner=me"']


def test_create_update_and_delete_leave_the_zone_as_it_was(
    double: CloudDnsDouble, provider: Provider
) -> None:
    before = provider.records(_ZONE)

    for change in (create("a"), update("a", "192.0.2.1", "192.0.2.2"), delete("a", "192.0.2.2")):
        assert [outcome.error for outcome in provider.apply(_ZONE, [change])] == [""]
    assert provider.records(_ZONE) == before


def test_what_was_written_is_read_back_as_it_was_wished(double: CloudDnsDouble, provider: Provider) -> None:
    wished = provider.adjust(
        [
            Endpoint("c.example.com", "CNAME", ("lb.example.net",), 60),
            Endpoint("m.example.com", "MX", ("10 mail.example.net",), 60),
            Endpoint("s.example.com", "SRV", ("0 1 443 h.example.net.",), 60),
            Endpoint("t.example.com", "TXT", ("plain text", "x" * 300), 60),
            Endpoint("v.example.com", "AAAA", ("2001:db8::1",), 60),
            Endpoint("*.w.example.com", "A", ("192.0.2.1", "192.0.2.2"), 60),
        ]
    )
    outcomes = provider.apply(_ZONE, [bundle(Change(Action.CREATE, new=entry)) for entry in wished])

    assert [outcome.error for outcome in outcomes] == [""] * len(wished)
    read = {entry.key: entry for entry in provider.records(_ZONE)}
    assert [read[entry.key] for entry in wished] == wished


def test_a_type_change_is_one_atomic_request_pain_18(double: CloudDnsDouble, provider: Provider) -> None:
    provider.apply(_ZONE, [bundle(Change(Action.CREATE, new=record("a", "lb.test", kind="CNAME")))])
    change = bundle(
        Change(Action.DELETE, old=record("a", "lb.test", kind="CNAME")),
        Change(Action.CREATE, new=record("a", "192.0.2.1")),
    )

    assert provider.apply(_ZONE, [change])[0].ok
    assert (stored(double, "a", "CNAME"), stored(double, "a")) == (None, ["192.0.2.1"])


def test_names_and_targets_outside_ascii_are_written_as_a_labels(
    double: CloudDnsDouble, provider: Provider
) -> None:
    change = bundle(Change(Action.CREATE, new=Endpoint("bücher.example.com", "CNAME", ("straße.test",))))

    assert provider.apply(_ZONE, [change])[0].error == ""
    assert stored(double, "xn--bcher-kva", "CNAME") == ["strasse.test."]


def test_batches_respect_the_size_asked_for_and_pause_between_them(double: CloudDnsDouble) -> None:
    with provider_on(double, batch_size=4, batch_interval=0.1) as provider:
        begun = time.monotonic()
        outcomes = provider.apply(_ZONE, [create(f"a{number}") for number in range(5)])

    assert all(outcome.ok for outcome in outcomes)
    assert [len(body["additions"]) for body in double.service.changes_received] == [4, 4, 2]
    assert time.monotonic() - begun >= 0.2


def test_without_a_size_batches_fill_the_quota_of_the_project(double: CloudDnsDouble) -> None:
    double.service.quota["rrsetAdditionsPerChange"] = 6
    with provider_on(double, batch_size=0) as provider:
        outcomes = provider.apply(_ZONE, [create(f"a{number}") for number in range(5)])

    assert all(outcome.ok for outcome in outcomes)
    assert [len(body["additions"]) for body in double.service.changes_received] == [6, 4]


def test_one_bad_bundle_of_five_hundred_stays_alone_pain_4(
    double: CloudDnsDouble, provider: Provider
) -> None:
    bundles = [
        create(f"a{number}", "not an address" if number == 321 else "192.0.2.1") for number in range(500)
    ]

    outcomes = provider.apply(_ZONE, bundles)

    assert [number for number, outcome in enumerate(outcomes) if not outcome.ok] == [321]
    bad = outcomes[321]
    assert "Invalid value" in bad.error
    assert "not an address" in bad.error
    assert (bad.retryable, bad.doubtful) == (False, False)
    assert len(double.service.changes_received) <= 20
    assert stored(double, "a-a321", "TXT") is None


def test_every_entry_of_an_error_is_told(double: CloudDnsDouble, provider: Provider) -> None:
    change = bundle(
        Change(Action.CREATE, new=record("x", "bad one")), Change(Action.CREATE, new=record("y", "bad two"))
    )

    error = provider.apply(_ZONE, [change])[0].error

    assert "bad one" in error
    assert "bad two" in error
    assert "\n" not in error


def test_a_change_is_done_when_the_name_servers_have_it(double: CloudDnsDouble, provider: Provider) -> None:
    double.service.pending_seconds = 0.3
    begun = time.monotonic()

    assert provider.apply(_ZONE, [create("a")])[0].ok
    assert time.monotonic() - begun >= 0.3


def test_a_change_that_stays_pending_is_doubtful_in_the_end(double: CloudDnsDouble) -> None:
    double.service.pending_seconds = 3600
    with provider_on(double, pending_deadline=0.2) as provider:
        outcome = provider.apply(_ZONE, [create("a")])[0]

    assert outcome.doubtful
    assert "not served yet" in outcome.error


def test_closing_ends_the_waiting(double: CloudDnsDouble) -> None:
    double.service.pending_seconds = 3600
    with provider_on(double) as provider:
        threading.Timer(0.2, provider.close).start()
        outcome = provider.apply(_ZONE, [create("a")])[0]

    assert outcome.doubtful


def test_zones_are_changed_from_several_threads_at_once(double: CloudDnsDouble, provider: Provider) -> None:
    zones = [Zone(f"z{number}-test", f"z{number}.test") for number in range(4)]
    for zone in zones:
        double.service.add_zone(zone.name)
    outcomes: dict[str, bool] = {}

    def work(zone: Zone) -> None:
        change = Change(Action.CREATE, new=Endpoint(f"a.{zone.name}", "A", ("192.0.2.1",)))
        outcomes[zone.id] = all(provider.apply(zone, [bundle(change)])[0].ok for _ in range(3))

    threads = [threading.Thread(target=work, args=(zone,)) for zone in zones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # The second and third time the record is there already, just as it was wished.
    assert outcomes == {zone.id: True for zone in zones}


def test_an_empty_bundle_asks_for_nothing(double: CloudDnsDouble, provider: Provider) -> None:
    assert provider.apply(_ZONE, []) == []
    assert not double.service.requests


def test_a_missing_zone_is_named(provider: Provider) -> None:
    gone = Zone("gone", "gone.test")

    outcome = provider.apply(gone, [create("a")])[0]

    assert "'gone' does not exist" in outcome.error
    with pytest.raises(ConfigError, match="'gone' does not exist"):
        provider.records(gone)


def test_an_unknown_project_is_one_clear_line(double: CloudDnsDouble) -> None:
    with provider_on(double, project="other") as provider, pytest.raises(ConfigError) as caught:
        provider.zones()

    assert "could not list the zones of project other" in str(caught.value)
    assert "--google-project" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_local_server_needs_a_project_but_no_credentials(
    double: CloudDnsDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    with provider_on(double, project="") as provider, pytest.raises(ConfigError, match="--google-project"):
        provider.zones()

    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    with provider_on(double, project="") as provider:
        assert provider.zones() == [_ZONE]


def test_split_horizon_keeps_both_zones_in_step(double: CloudDnsDouble, provider: Provider) -> None:
    double.service.add_zone("example.com", name="inside", visibility="private")
    zones = provider.zones_for(record("a", "192.0.2.1"), provider.zones())

    for zone in zones:
        assert provider.apply(zone, [create("a")])[0].ok
    assert stored(double, "a", zone="inside") == stored(double, "a") == ["192.0.2.1"]
    assert mark("a") in provider.records(_ZONE)
