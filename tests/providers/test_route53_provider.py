"""The Route 53 provider with the real boto3 against the strict double."""

import pytest

from dnssync.changes import Action, Bundle, Change
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.providers import Zone
from dnssync.providers.route53 import Route53Options, Route53Provider
from tests.doubles.route53 import Route53Double
from tests.doubles.route53.records import RecordSet
from tests.providers.route53_cases import (
    bundle,
    create,
    delete,
    example,
    made,
    mark,
    provider_on,
    record,
    update,
)

SUB = DomainFilter(include=("sub.example.com",))
ELB = "lb-1.us-east-1.elb.amazonaws.com"


def test_zones_are_read_with_their_visibility() -> None:
    with Route53Double("example.com", "bücher.example") as double:
        double.add_zone("example.com", private=True)
        with provider_on(double) as provider:
            found = {(zone.name, zone.private) for zone in provider.zones()}
    assert found == {
        ("example.com", False),
        ("example.com", True),
        ("xn--bcher-kva.example", False),
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"domain_filter": SUB}, {"ZSUB"}),
        ({"domain_filter": SUB, "zone_match_parent": True}, {"ZSUB", "ZPUB", "ZPRIV"}),
        ({"zone_ids": ("ZPUB", "ZSUB")}, {"ZPUB", "ZSUB"}),
        ({"zone_type": "private"}, {"ZPRIV"}),
        ({"zone_type": "public"}, {"ZPUB", "ZSUB", "ZOTHER"}),
        ({"zone_tags": ("env=prod",)}, {"ZPUB"}),
        ({"zone_tags": ("env",)}, {"ZPUB", "ZSUB"}),
        ({"zone_tags": ("env=prod", "team=a")}, set()),
    ],
)
def test_zones_are_filtered(options: dict[str, object], expected: set[str]) -> None:
    with Route53Double() as double:
        double.add_zone("example.com", zone_id="ZPUB", tags={"env": "prod"})
        double.add_zone("example.com", zone_id="ZPRIV", private=True)
        double.add_zone("sub.example.com", zone_id="ZSUB", tags={"env": "dev"})
        double.add_zone("other.org", zone_id="ZOTHER")
        with provider_on(double, **options) as provider:
            assert {zone.id for zone in provider.zones()} == expected


def test_tags_are_asked_for_ten_zones_at_a_time_and_only_where_filters_pass() -> None:
    with Route53Double() as double:
        for number in range(25):
            double.add_zone(f"z{number}.example.com", tags={"env": "prod"})
        double.add_zone("other.org", tags={"env": "prod"})
        inside = DomainFilter(include=("example.com",))
        with provider_on(double, zone_tags=("env",), domain_filter=inside) as provider:
            assert len(provider.zones()) == 25
        assert double.counts["ListTagsForResources"] == 3


def test_more_zones_than_a_page_are_all_found() -> None:
    with Route53Double(*(f"z{number}.example.com" for number in range(120))) as double:
        with provider_on(double) as provider:
            assert len(provider.zones()) == 120
        assert double.counts["ListHostedZones"] == 2


def test_the_list_of_zones_is_kept_as_long_as_asked() -> None:
    now = [0.0]
    with Route53Double("example.com") as double, provider_on(double) as plain:
        options = Route53Options(zones_cache_duration=60)
        provider = Route53Provider(options, clock=lambda: now[0])
        for moment, requests in ((0.0, 1), (59.0, 1), (61.0, 2)):
            now[0] = moment
            provider.zones()
            assert double.counts["ListHostedZones"] == requests
        provider.close()
        plain.zones()
        plain.zones()
        assert double.counts["ListHostedZones"] == 4


def test_no_fitting_zone_is_said_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    elsewhere = DomainFilter(include=("nope.org",))
    with Route53Double("example.com") as double, provider_on(double, domain_filter=elsewhere) as provider:
        assert provider.zones() == []
    assert "no hosted zone to work on" in caplog.text


def test_names_go_to_every_private_zone_and_the_longest_public_one() -> None:
    zones = [
        Zone("PUB", "example.com"),
        Zone("SUB", "sub.example.com"),
        Zone("PRIV", "example.com", private=True),
        Zone("PRIVSUB", "sub.example.com", private=True),
        Zone("OTHER", "ample.com"),
    ]
    provider = Route53Provider(Route53Options())
    wanted = Endpoint("A.sub.example.com", "A", ("192.0.2.1",))
    assert [zone.id for zone in provider.zones_for(wanted, zones)] == ["SUB", "PRIV", "PRIVSUB"]
    pinned = wanted.with_property("aws/hosted-zone-id", "PRIV")
    assert [zone.id for zone in provider.zones_for(pinned, zones)] == ["PRIV"]
    elsewhere = wanted.with_property("aws/hosted-zone-id", "PUB")
    assert provider.zones_for(elsewhere, zones) == []
    assert provider.zones_for(Endpoint("example.net"), zones) == []


def test_a_record_and_its_marker_are_made_changed_and_removed() -> None:
    with example() as (double, provider, zone):
        assert [outcome.error for outcome in provider.apply(zone, [create("a")])] == [""]
        read = provider.records(zone)
        assert record("a", "192.0.2.1") in read and mark("a") in read
        assert provider.apply(zone, [update("a", "192.0.2.1", "192.0.2.9")])[0].ok
        assert double.values(zone.id, "a.example.com", "A") == ["192.0.2.9"]
        assert provider.apply(zone, [delete("a", "192.0.2.9")])[0].ok
        assert double.sets(zone.id) == []


def test_pain_18_a_type_change_is_one_atomic_request() -> None:
    with example() as (double, provider, zone):
        provider.apply(zone, [create("a")])
        change = bundle(
            Change(Action.DELETE, old=record("a", "192.0.2.1")),
            Change(Action.CREATE, new=record("a", "x.example.org", kind="CNAME")),
        )
        assert provider.apply(zone, [change])[0].ok
        assert double.counts["ChangeResourceRecordSets"] == 2
        assert double.values(zone.id, "a.example.com", "CNAME") == ["x.example.org"]


def test_a_load_balancer_gets_aliases_of_both_families_that_read_back_as_wanted() -> None:
    with example() as (double, provider, zone):
        wanted = provider.adjust([record("a", ELB, kind="CNAME", ttl=0)])
        assert {endpoint.record_type for endpoint in wanted} == {"A", "AAAA"}
        assert all(outcome.ok for outcome in provider.apply(zone, made(*wanted)))
        read = {endpoint.record_type: endpoint for endpoint in provider.records(zone)}
        for endpoint in wanted:
            assert read[endpoint.record_type].targets == (ELB,)
            assert read[endpoint.record_type].provider_specific == endpoint.provider_specific
        alias = double.sets(zone.id)[0].alias
        assert alias is not None
        assert (alias.zone_id, alias.evaluate_target_health) == ("Z35SXDOTRQ7X7K", True)


def test_sets_of_a_group_are_told_apart_by_their_identifiers() -> None:
    with example() as (_, provider, zone):
        wanted = [
            record("a", "192.0.2.1", set_id="one", weight="10"),
            record("a", "192.0.2.2", set_id="two", weight="20", health_check_id="hc-1"),
        ]
        assert all(outcome.ok for outcome in provider.apply(zone, made(*wanted)))
        read = [endpoint for endpoint in provider.records(zone) if endpoint.record_type == "A"]
        assert sorted(read, key=lambda endpoint: endpoint.set_identifier) == wanted
        heavier = record("a", "192.0.2.1", set_id="one", weight="99")
        assert provider.apply(zone, [bundle(Change(Action.UPDATE, wanted[0], heavier))])[0].ok
        assert heavier in provider.records(zone)


def test_another_routing_policy_is_accepted_by_the_service() -> None:
    with example() as (_, provider, zone):
        old = record("a", "192.0.2.1", set_id="one", geoproximity_region="us-east-1", geoproximity_bias="0")
        new = record("a", "192.0.2.1", set_id="one", multi_value_answer="")
        provider.apply(zone, made(old))
        assert provider.apply(zone, [bundle(Change(Action.UPDATE, old, new))])[0].ok
        assert new in provider.records(zone)


def test_odd_names_and_texts_survive_the_service() -> None:
    with example() as (_, provider, zone):
        wanted = [
            record("*.w", "192.0.2.1"),
            record("odd@name", "192.0.2.1"),
            record("_srv._tcp", "0 5 80 h.example.org.", kind="SRV"),
            *provider.adjust([record("long", "x" * 700, kind="TXT"), record("uni", "grüß", kind="TXT")]),
        ]
        assert [outcome.error for outcome in provider.apply(zone, made(*wanted))] == [""] * len(wanted)
        read = provider.records(zone)
        assert [endpoint for endpoint in wanted if endpoint not in read] == []
        gone = [bundle(Change(Action.DELETE, old=endpoint)) for endpoint in wanted]
        assert all(outcome.ok for outcome in provider.apply(zone, gone))


def test_unicode_names_and_targets_are_written_as_a_labels() -> None:
    with example() as (double, provider, zone):
        wanted = [record("bücher", "192.0.2.1"), record("www", "bücher.example.org", kind="CNAME")]
        assert all(outcome.ok for outcome in provider.apply(zone, made(*wanted)))
        assert double.values(zone.id, "xn--bcher-kva.example.com", "A") == ["192.0.2.1"]
        assert double.values(zone.id, "www.example.com", "CNAME") == ["xn--bcher-kva.example.org"]


def test_a_zone_of_many_pages_is_read_whole_even_if_a_group_spans_them() -> None:
    with example() as (double, provider, zone):
        for number in range(650):
            group = RecordSet(
                "g.example.com.", "A", f"s{number:03}", 60, ("192.0.2.1",), policy=(("Weight", "1"),)
            )
            double.put_set(zone.id, group)
        double.put(zone.id, "z.example.com", "A", "192.0.2.1")
        read = provider.records(zone)
        assert len({endpoint.key for endpoint in read}) == len(read) == 652
        assert double.counts["ListResourceRecordSets"] == 3


def test_a_thousand_names_take_as_few_requests_as_the_limits_allow() -> None:
    pauses: list[float] = []
    with example() as (double, _, zone):
        provider = Route53Provider(Route53Options(batch_interval=0.5), sleep=pauses.append)
        outcomes = provider.apply(zone, [create(f"h{number}") for number in range(1000)])
        provider.close()
        assert all(outcome.ok for outcome in outcomes)
        assert [len(attempt.changes) for attempt in double.attempts] == [1000, 1000]
    assert pauses == [0.5]


def test_outcomes_come_in_the_order_of_the_bundles() -> None:
    with example(batch_size=2) as (_, provider, zone):
        bundles = [create(name) for name in ("z", "a", "m")]
        assert [outcome.bundle for outcome in provider.apply(zone, bundles)] == bundles


def test_nothing_to_do_costs_no_request() -> None:
    with example() as (double, provider, zone):
        assert provider.apply(zone, []) == []
        assert provider.apply(zone, [Bundle("a.example.com.", ())])[0].ok
        assert double.counts["ChangeResourceRecordSets"] == 0


def test_what_fits_no_request_is_refused_and_the_rest_goes_on() -> None:
    with example(batch_values=3) as (double, provider, zone):
        big = made(record("big", *(f"192.0.2.{host}" for host in range(4))))
        outcomes = provider.apply(zone, [*big, create("a")])
        assert [outcome.ok for outcome in outcomes] == [False, True]
        assert "--aws-batch-change-size" in outcomes[0].error
        assert not outcomes[0].retryable and not outcomes[0].doubtful
        assert double.counts["ChangeResourceRecordSets"] == 1
