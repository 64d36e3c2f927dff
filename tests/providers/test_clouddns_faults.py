"""Cloud DNS when things go wrong: throttling, outages, lost answers, and others who write to the zone."""

import time
from collections.abc import Iterator

import msgspec
import pytest

from dnssync.changes import Action, Change
from dnssync.errors import ConfigError, DnssyncError, RetryableError
from dnssync.providers import Provider, Zone
from tests.doubles.clouddns import CloudDnsDouble
from tests.doubles.clouddns.faults import Kind
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


def _put(double: CloudDnsDouble, name: str, *data: str, kind: str = "A", ttl: int = 60) -> None:
    """Somebody else writes to the zone."""
    rrset = {"name": f"{name}.example.com.", "type": kind, "ttl": ttl, "rrdatas": list(data)}
    double.service.zones["example-com"].put(rrset)


@pytest.mark.parametrize("kind", ["throttle", "old-throttle", "unavailable", "drop-before"])
def test_a_passing_failure_of_a_change_is_overcome(
    double: CloudDnsDouble, provider: Provider, kind: Kind
) -> None:
    double.faults.add(kind, times=2, method="changes.create")

    assert provider.apply(_ZONE, [create("a")])[0].error == ""
    assert stored(double, "a") == ["192.0.2.1"]
    assert double.service.requests["changes.create"] == 3


@pytest.mark.parametrize("kind", ["drop-after", "half"])
def test_a_lost_answer_is_recognised_when_the_same_change_is_refused(
    double: CloudDnsDouble, provider: Provider, kind: Kind
) -> None:
    double.faults.add(kind, method="changes.create")

    assert provider.apply(_ZONE, [create("a")])[0].error == ""
    assert stored(double, "a") == ["192.0.2.1"]
    assert double.service.requests["changes.create"] == 2


@pytest.mark.parametrize("kind", ["throttle", "unavailable", "drop-before", "half"])
def test_a_passing_failure_of_a_listing_is_overcome_pain_25(
    double: CloudDnsDouble, provider: Provider, kind: Kind
) -> None:
    for number in range(1500):
        _put(double, f"a{number}", "192.0.2.1")
    double.faults.add(kind, times=2, method="resourceRecordSets.list")

    assert len(provider.records(_ZONE)) == 1501
    assert double.service.requests["resourceRecordSets.list"] == 4


@pytest.mark.parametrize("kind", ["unavailable", "half", "drop-before"])
def test_a_listing_that_cannot_be_finished_is_an_error_and_never_a_part(
    double: CloudDnsDouble, kind: Kind
) -> None:
    for number in range(1500):
        _put(double, f"a{number}", "192.0.2.1")
    with provider_on(double, attempts=2) as provider:
        provider.zones()
        double.faults.add("throttle", method="resourceRecordSets.list")
        double.faults.add(kind, times=2, method="resourceRecordSets.list")
        with pytest.raises(RetryableError, match="could not list the records of zone example-com"):
            provider.records(_ZONE)


def test_the_pause_that_the_server_asks_for_is_kept(double: CloudDnsDouble, provider: Provider) -> None:
    provider.zones()
    double.faults.add("throttle", retry_after="1")
    begun = time.monotonic()

    provider.zones()

    assert time.monotonic() - begun >= 1


def test_a_longer_pause_is_handed_to_the_caller(double: CloudDnsDouble, provider: Provider) -> None:
    double.faults.add("throttle", retry_after="3600")

    with pytest.raises(RetryableError) as caught:
        provider.zones()
    assert caught.value.retry_after == 3600
    assert double.service.requests["managedZones.list"] == 1


@pytest.mark.parametrize(
    ("kind", "doubtful"), [("throttle", False), ("unavailable", True), ("drop-after", True)]
)
def test_tries_that_are_used_up_leave_doubt_only_where_something_may_have_been_done(
    double: CloudDnsDouble, kind: Kind, doubtful: bool
) -> None:
    with provider_on(double, attempts=1) as provider:
        provider.zones()
        double.faults.add(kind, method="changes.create")
        outcome = provider.apply(_ZONE, [create("a")])[0]

    assert not outcome.ok
    assert (outcome.retryable, outcome.doubtful) == (True, doubtful)


def test_doubt_of_an_early_try_is_not_forgotten(double: CloudDnsDouble) -> None:
    with provider_on(double, attempts=2) as provider:
        double.faults.add("drop-after", method="changes.create")
        double.faults.add("throttle", method="changes.create")
        outcome = provider.apply(_ZONE, [create("a")])[0]

    assert outcome.doubtful


def test_a_lost_answer_to_a_large_batch_is_recognised_by_reading_back(
    double: CloudDnsDouble, provider: Provider
) -> None:
    assert all(
        outcome.ok for outcome in provider.apply(_ZONE, [create(f"o{number}") for number in range(100)])
    )
    bundles = [
        *(create(f"n{number}") for number in range(100)),
        *(delete(f"o{number}") for number in range(50)),
        *(update(f"o{number}", "192.0.2.1", "192.0.2.2") for number in range(50, 100)),
    ]
    double.faults.add("drop-after", method="changes.create")

    outcomes = provider.apply(_ZONE, bundles)

    assert [outcome.error for outcome in outcomes if not outcome.ok] == []
    assert stored(double, "n99") == ["192.0.2.1"]
    assert stored(double, "o49") is None
    assert stored(double, "o99") == ["192.0.2.2"]


def test_what_somebody_else_changed_is_doubtful_and_the_rest_is_done(
    double: CloudDnsDouble, provider: Provider
) -> None:
    provider.apply(_ZONE, [create("mine"), create("moved"), create("lost")])
    _put(double, "moved", "198.51.100.1")
    double.service.zones["example-com"].drop(("lost.example.com.", "A"))
    _put(double, "taken", "198.51.100.2")
    bundles = [
        update("mine", "192.0.2.1", "192.0.2.2"),
        update("moved", "192.0.2.1", "192.0.2.2"),
        delete("lost"),
        create("taken"),
        create("new"),
    ]

    outcomes = provider.apply(_ZONE, bundles)

    assert [outcome.ok for outcome in outcomes] == [True, False, False, False, True]
    assert all(outcome.doubtful and outcome.retryable for outcome in outcomes if not outcome.ok)
    assert stored(double, "mine") == ["192.0.2.2"]
    assert stored(double, "moved") == ["198.51.100.1"]
    assert stored(double, "taken") == ["198.51.100.2"]
    assert stored(double, "a-taken", "TXT") is None


def test_a_small_conflict_reads_only_the_names_in_question(
    double: CloudDnsDouble, provider: Provider
) -> None:
    for number in range(2500):
        _put(double, f"o{number}", "192.0.2.1")

    provider.apply(_ZONE, [create("o1"), create("n1")])
    assert double.service.requests["resourceRecordSets.list"] == 4  # two records, two markers

    provider.apply(_ZONE, [create(f"o{number}") for number in range(100)])
    assert double.service.requests["resourceRecordSets.list"] == 7  # the whole zone in three pages


def test_a_conflict_that_the_zone_does_not_explain_is_taken_apart(
    double: CloudDnsDouble, provider: Provider
) -> None:
    double.faults.add("conflict", method="changes.create")

    assert all(outcome.ok for outcome in provider.apply(_ZONE, [create("a"), create("b")]))
    assert [len(body["additions"]) for body in double.service.changes_received] == [2, 2]


def test_a_conflict_that_never_ends_is_given_up(double: CloudDnsDouble, provider: Provider) -> None:
    double.faults.add("conflict", times=100, method="changes.create")

    outcomes = provider.apply(_ZONE, [create(f"a{number}") for number in range(4)])

    assert all(outcome.doubtful and outcome.retryable for outcome in outcomes)
    assert double.service.requests["changes.create"] == 7


def test_what_is_already_as_wished_counts_as_done(double: CloudDnsDouble, provider: Provider) -> None:
    provider.apply(_ZONE, [create("a"), create("b")])

    again = provider.apply(_ZONE, [create("a"), create("c"), delete("never")])

    assert [outcome.ok for outcome in again] == [True, True, True]


def test_a_foreign_record_with_the_same_data_is_not_taken_over(
    double: CloudDnsDouble, provider: Provider
) -> None:
    _put(double, "a", "192.0.2.1")

    outcome = provider.apply(_ZONE, [create("a")])[0]

    assert outcome.doubtful
    assert stored(double, "a-a", "TXT") is None


def test_a_marker_with_an_unknown_ttl_is_deleted_as_it_stands(
    double: CloudDnsDouble, provider: Provider
) -> None:
    _put(double, "a-a", mark("a").targets[0], kind="TXT", ttl=77)
    unknown = msgspec.structs.replace(mark("a"), ttl=0)

    assert provider.apply(_ZONE, [bundle(Change(Action.DELETE, old=unknown))])[0].ok
    assert stored(double, "a-a", "TXT") is None


def test_a_cname_beside_other_data_is_refused_alone(double: CloudDnsDouble, provider: Provider) -> None:
    _put(double, "a", "192.0.2.9")
    clash = bundle(Change(Action.CREATE, new=record("a", "lb.test", kind="CNAME")))

    outcomes = provider.apply(_ZONE, [clash, create("b")])

    assert [outcome.ok for outcome in outcomes] == [False, True]
    assert not outcomes[0].retryable


def test_a_full_zone_is_told_and_tried_again_later(double: CloudDnsDouble, provider: Provider) -> None:
    double.service.quota["rrsetsPerManagedZone"] = 4

    outcomes = provider.apply(_ZONE, [create("a"), create("b")])

    assert [outcome.ok for outcome in outcomes] == [True, False]
    assert "quota" in outcomes[1].error
    assert outcomes[1].retryable


def test_a_missing_permission_is_named(double: CloudDnsDouble, provider: Provider) -> None:
    double.faults.add("forbidden", method="managedZones.list")
    with pytest.raises(ConfigError, match=r"dns\.managedZones\.list"):
        provider.zones()

    double.faults.add("forbidden", method="changes.create")
    outcome = provider.apply(_ZONE, [create("a"), create("b")])[0]
    assert "dns.changes.create" in outcome.error
    assert double.service.requests["changes.create"] == 1


def test_a_server_that_wants_credentials_is_told_apart(double: CloudDnsDouble, provider: Provider) -> None:
    double.faults.add("unauthorised")

    with pytest.raises(ConfigError, match="renew the credentials"):
        provider.zones()


@pytest.mark.parametrize(
    "reply",
    [
        b"[]",
        b"null",
        b"",
        b'{"managedZones": 5}',
        b'{"managedZones": [5]}',
        b'{"managedZones": [{"name": "only"}]}',
        b'{"managedZones": [], "nextPageToken',
        b"<html>welcome</html>",
        b"\xff\xfe",
    ],
)
def test_replies_of_success_that_are_not_the_apis_are_one_clear_line(reply: bytes) -> None:
    with CloudDnsDouble() as double, provider_on(double, attempts=1) as provider:
        double.faults.garble(reply)
        with pytest.raises(DnssyncError, match="could not list the zones of project p") as caught:
            provider.zones()
    assert "\n" not in str(caught.value)


def test_quotas_that_may_not_be_read_do_not_hinder(double: CloudDnsDouble, provider: Provider) -> None:
    double.faults.add("forbidden", method="projects.get")

    assert provider.apply(_ZONE, [create("a")])[0].ok


def test_a_zone_that_cannot_be_read_back_leaves_doubt(double: CloudDnsDouble) -> None:
    with provider_on(double, attempts=1) as provider:
        provider.zones()
        _put(double, "a", "198.51.100.1")
        double.faults.add("unavailable", method="resourceRecordSets.list")
        outcome = provider.apply(_ZONE, [create("a")])[0]

    assert outcome.doubtful


def test_a_server_that_is_away_is_retryable(double: CloudDnsDouble) -> None:
    with CloudDnsDouble("example.com") as stopped, provider_on(stopped, attempts=2) as provider:
        pass

    with pytest.raises(RetryableError, match="could not list the zones of project p"):
        provider.zones()


def test_a_server_of_another_kind_is_told_apart(double: CloudDnsDouble) -> None:
    elsewhere = f"{double.endpoint}/elsewhere"
    with provider_on(double, endpoint=elsewhere) as provider, pytest.raises(ConfigError, match="HTTP 404"):
        provider.zones()


def test_a_star_inside_a_label_is_refused_with_what_to_do(double: CloudDnsDouble, provider: Provider) -> None:
    outcome = provider.apply(_ZONE, [create("*")])[0]

    assert "a-*.example.com" in outcome.error
    assert "--txt-wildcard-replacement" in outcome.error
