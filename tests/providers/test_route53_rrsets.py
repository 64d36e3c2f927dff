"""Endpoints as resource record sets and back, and the form in which both are compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.endpoints import Endpoint, Property
from dnssync.providers.route53 import Route53Options, Route53Provider
from dnssync.providers.route53.rrsets import to_endpoint, to_rrset
from tests.providers.route53_cases import record

ELB = "lb-1.us-east-1.elb.amazonaws.com"
POLICIES = st.one_of(
    st.integers(0, 255).map(lambda weight: {"aws/weight": str(weight)}),
    st.sampled_from(["us-east-1", "eu-west-1"]).map(lambda region: {"aws/region": region}),
    st.sampled_from(["PRIMARY", "SECONDARY"]).map(lambda role: {"aws/failover": role}),
    st.just({"aws/multi-value-answer": ""}),
    st.just({"aws/geolocation-continent-code": "EU"}),
    st.just({"aws/geolocation-country-code": "US", "aws/geolocation-subdivision-code": "CA"}),
    st.integers(-99, 99).map(
        lambda bias: {"aws/geoproximity-region": "us-west-2", "aws/geoproximity-bias": str(bias)}
    ),
    st.just({"aws/geoproximity-coordinates": "10.1,-20.5", "aws/geoproximity-bias": "0"}),
)


def adjusted(endpoint: Endpoint, **options: object) -> list[Endpoint]:
    return Route53Provider(Route53Options(**options)).adjust([endpoint])  # type: ignore[arg-type]


def read_back(endpoint: Endpoint, zone_id: str = "Z1") -> Endpoint | None:
    return to_endpoint(to_rrset(endpoint, zone_id, evaluate_target_health=True), zone_id)


@given(POLICIES, st.booleans())
def test_every_routing_policy_survives_the_round_trip(policy: dict[str, str], checked: bool) -> None:
    settings = policy | ({"aws/health-check-id": "hc-1"} if checked else {})
    properties = tuple(sorted(Property(name, value) for name, value in settings.items()))
    endpoint = Endpoint("a.example.com", "A", ("192.0.2.1",), 60, "one", properties)
    assert read_back(endpoint) == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        record("a", "192.0.2.1", "192.0.2.2"),
        record("a", "2001:db8::1", kind="AAAA"),
        record("a", "x.example.org", kind="CNAME", alias="false"),
        record("a", '"text"', kind="TXT"),
        record("a", "10 mx.example.org", kind="MX"),
        record("_s._tcp", "0 5 80 h.example.org.", kind="SRV"),
        record("a", ELB, ttl=300, alias="true", evaluate_target_health="false"),
        record("a", "b.example.com", ttl=300, alias="true", evaluate_target_health="true"),
        record(
            "a",
            "x.example.org",
            ttl=300,
            alias="true",
            evaluate_target_health="true",
            target_hosted_zone="Z9",
        ),
    ],
)
def test_records_survive_the_round_trip(endpoint: Endpoint) -> None:
    assert read_back(endpoint) == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        record("a", ELB, kind="CNAME"),
        record("a", "x.example.org", kind="CNAME"),
        record("a", "x.example.org", kind="CNAME", alias="true", target_hosted_zone="/hostedzone/Z9"),
        record("a", ELB, kind="CNAME", target_hosted_zone="Z35SXDOTRQ7X7K"),
        record("a", "192.0.2.1", weight="010", set_id="s"),
        record("a", "192.0.2.1", weight="many", set_id="s"),
        record("a", "192.0.2.1", weight="10"),
        record("a", "192.0.2.1", multi_value_answer="true", set_id="s"),
        record("a", "192.0.2.1", geoproximity_region="us-east-1", set_id="s"),
        record("a", "plain text", kind="TXT"),
        record("a", "x" * 600, kind="TXT"),
        record("a", "192.0.2.1", evaluate_target_health="true"),
    ],
)
def test_pain_23_what_is_adjusted_reads_back_without_a_difference(endpoint: Endpoint) -> None:
    for once in adjusted(endpoint):
        assert read_back(once) == once
        assert adjusted(once) == [once]


def test_a_wish_that_cannot_be_met_is_logged_with_its_object(caplog: pytest.LogCaptureFixture) -> None:
    wanted = record("a", ELB, kind="CNAME", weight="10").with_labels(resource="ingress/default/web")
    adjusted(wanted)
    (line,) = caplog.records
    assert "aws/weight has no effect without a set identifier" in line.getMessage()
    assert line.__dict__["object"] == "ingress/default/web"


def test_an_alias_in_its_own_zone_names_the_zone_it_goes_to() -> None:
    alias = record("a", "b.example.com", alias="true")
    for zone_id in ("Z1", "Z2"):
        assert to_rrset(alias, zone_id, evaluate_target_health=True)["AliasTarget"]["HostedZoneId"] == zone_id


def test_records_of_traffic_policies_and_unknown_types_are_left_alone() -> None:
    policy = {"Name": "a.example.com.", "Type": "A", "TrafficPolicyInstanceId": "t"}
    caa = {"Name": "a.example.com.", "Type": "CAA", "TTL": 60, "ResourceRecords": [{"Value": '0 issue "x"'}]}
    assert to_endpoint(policy, "Z1") is None
    assert to_endpoint(caa, "Z1") is None
