"""The Route 53 double keeps the service's rules, asked by the real boto3."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.doubles.route53 import Route53Double

Rrset = dict[str, Any]


@pytest.fixture(scope="module")
def double() -> Iterator[Route53Double]:
    with Route53Double() as running:
        yield running


@pytest.fixture(scope="module")
def client(double: Route53Double) -> Iterator[Any]:
    made = boto3.session.Session("x", "y", region_name="us-east-1").client(
        "route53", endpoint_url=double.url, config=Config(retries={"total_max_attempts": 1})
    )
    yield made
    made.close()


@pytest.fixture
def zone(double: Route53Double) -> str:
    return double.add_zone("example.com")


def rrset(name: str, kind: str = "A", *values: str, **more: Any) -> Rrset:
    records = [{"Value": value} for value in values or ("192.0.2.1",)]
    plain = {} if "AliasTarget" in more else {"TTL": 60, "ResourceRecords": records}
    return {"Name": name, "Type": kind} | plain | more


def change(client: Any, zone: str, *changes: tuple[str, Rrset]) -> Any:
    batch = [{"Action": action, "ResourceRecordSet": one} for action, one in changes]
    return client.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})


def refusal(client: Any, zone: str, *changes: tuple[str, Rrset]) -> str:
    with pytest.raises(ClientError) as caught:
        change(client, zone, *changes)
    return str(caught.value)


def alias(name: str, target: str, zone_id: str, kind: str = "A") -> Rrset:
    aim = {"DNSName": target, "HostedZoneId": zone_id, "EvaluateTargetHealth": False}
    return rrset(name, kind, AliasTarget=aim)


def weighted(name: str, identifier: str, ttl: int = 60, **more: Any) -> Rrset:
    return rrset(name, SetIdentifier=identifier, TTL=ttl, **({"Weight": 1} | more))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (rrset("a.example.org"), "not permitted in zone example.com."),
        (rrset("aexample.com"), "not permitted in zone example.com."),
        (rrset("a.example.com", "A", "1.2.3"), "IPv4"),
        (rrset("a.example.com", "A", "2001:db8::1"), "IPv4"),
        (rrset("a.example.com", "AAAA", "192.0.2.1"), "IPv6"),
        (rrset("a.example.com", "TXT", "bare"), "quotation marks"),
        (rrset("a.example.com", "TXT", f'"{"x" * 256}"'), "CharacterStringTooLong"),
        (rrset("a.example.com", "TXT", " ".join([f'"{"x" * 250}"'] * 17)), "ValueTooLong"),
        (rrset("a.example.com", "CNAME", "a b"), "domain name"),
        (rrset("a.example.com", "CNAME", "x.org", "y.org"), "only one value"),
        (rrset("a.example.com", "A", "192.0.2.1", "192.0.2.1"), "Duplicate"),
        (rrset("example.com", "CNAME", "x.org"), "at apex"),
        (rrset("a.example.com", "ZZZ"), "Unknown record type"),
        (rrset("x" * 64 + ".example.com"), "label is too long"),
        (rrset("a..example.com"), "label is empty"),
        (rrset(".".join(["x" * 60] * 5) + ".example.com"), "name is too long"),
        (rrset("a.example.com", TTL=2**31), "TTL"),
        (rrset("a.example.com", Weight=1), "SetIdentifier"),
        (rrset("a.example.com", SetIdentifier="s"), "Missing field 'Weight"),
        (rrset("a.example.com", SetIdentifier="s", Weight=1, Region="us-east-1"), "more than one"),
        (weighted("a.example.com", "s", Weight=256), "between 0 and 255"),
        (rrset("a.example.com", SetIdentifier="s", Region="mars-1"), "Invalid Region mars-1"),
        (rrset("a.example.com", SetIdentifier="s", Failover="THIRD"), "Invalid Failover THIRD"),
        ({"Name": "a.example.com", "Type": "A"}, "found none"),
        (alias("a.example.com", "b.example.com", "Z1") | {"TTL": 60}, "found more than one"),
        (alias("a.example.com", "x.us-east-1.elb.amazonaws.com", "ZWRONG"), "does not lie within"),
    ],
)
def test_a_set_that_breaks_a_rule_is_refused(client: Any, zone: str, wrong: Rrset, said: str) -> None:
    assert said in refusal(client, zone, ("CREATE", wrong))


def test_what_exists_is_not_created_and_only_what_matches_is_deleted(client: Any, zone: str) -> None:
    change(client, zone, ("CREATE", rrset("a.example.com", "A", "192.0.2.1", "192.0.2.2")))
    assert "but it already exists" in refusal(client, zone, ("CREATE", rrset("A.example.com.")))
    assert "do not match the current values" in refusal(client, zone, ("DELETE", rrset("a.example.com")))
    assert "but it was not found" in refusal(client, zone, ("DELETE", rrset("b.example.com")))
    change(client, zone, ("DELETE", rrset("a.example.com", "A", "192.0.2.2", "192.0.2.1")))


def test_a_batch_is_applied_whole_or_not_at_all(client: Any, double: Route53Double, zone: str) -> None:
    refusal(client, zone, ("CREATE", rrset("a.example.com")), ("CREATE", rrset("a.example.org")))
    assert double.sets(zone) == []
    assert [attempt.committed for attempt in double.attempts if attempt.zone_id == zone] == [False]


def test_a_cname_stands_alone_but_may_take_over_in_one_batch(client: Any, zone: str) -> None:
    cname = rrset("a.example.com", "CNAME", "x.org")
    change(client, zone, ("CREATE", rrset("a.example.com")))
    assert "CNAME" in refusal(client, zone, ("CREATE", cname))
    change(client, zone, ("DELETE", rrset("a.example.com")), ("CREATE", cname))
    assert "CNAME" in refusal(client, zone, ("CREATE", rrset("a.example.com")))


def test_one_set_is_changed_once_in_a_batch(client: Any, zone: str) -> None:
    one = rrset("a.example.com")
    for first, second in (("CREATE", "CREATE"), ("CREATE", "DELETE"), ("UPSERT", "UPSERT")):
        assert "invalid set of changes" in refusal(client, zone, (first, one), (second, one))


def test_simple_and_routed_sets_do_not_mix_and_weights_share_a_ttl(client: Any, zone: str) -> None:
    change(client, zone, ("CREATE", weighted("a.example.com", "one")))
    assert "another routing policy" in refusal(client, zone, ("CREATE", rrset("a.example.com")))
    latency = rrset("a.example.com", SetIdentifier="two", Region="us-east-1")
    assert "another routing policy" in refusal(client, zone, ("CREATE", latency))
    assert "same TTL" in refusal(client, zone, ("CREATE", weighted("a.example.com", "two", ttl=90)))


def test_aliases_need_their_target_in_its_zone(client: Any, zone: str) -> None:
    inside = alias("a.example.com", "b.example.com", zone)
    assert "that target was not found" in refusal(client, zone, ("CREATE", inside))
    change(client, zone, ("CREATE", inside), ("CREATE", rrset("b.example.com")))
    stray = alias("c.example.com", "x.example.org", zone)
    assert "does not lie within" in refusal(client, zone, ("CREATE", stray))


def test_limits_count_upserts_twice(client: Any, zone: str) -> None:
    many = [f"10.0.{host >> 8}.{host & 255}" for host in range(501)]
    change(client, zone, ("CREATE", rrset("a.example.com", "A", *many)))
    assert "Number of records" in refusal(client, zone, ("UPSERT", rrset("a.example.com", "A", *many)))
    text = " ".join([f'"{"x" * 250}"'] * 15)
    sets = [("UPSERT", rrset(f"t{number}.example.com", "TXT", text)) for number in range(5)]
    assert "Number of characters" in refusal(client, zone, *sets)
    change(client, zone, *sets[:4])


def test_the_zone_keeps_its_ns_and_soa(client: Any, zone: str) -> None:
    listed = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert [one["Type"] for one in listed] == ["NS", "SOA"]
    assert "must contain" in refusal(client, zone, ("DELETE", listed[0]))


def test_names_come_back_escaped_lower_case_and_in_reversed_label_order(client: Any, zone: str) -> None:
    names = ["B.a.example.com", "a-b.example.com", "*.a.example.com", "a.example.com"]
    change(client, zone, *(("CREATE", rrset(name)) for name in names))
    listed = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"][2:]
    expected = ["a-b.example.com.", "a.example.com.", r"\052.a.example.com.", "b.a.example.com."]
    assert [one["Name"] for one in listed] == expected


def test_pages_hold_300_and_go_on_at_name_type_and_identifier(client: Any, zone: str) -> None:
    sets = [("CREATE", weighted("a.example.com", f"s{number:03}")) for number in range(310)]
    change(client, zone, *sets)
    page = client.list_resource_record_sets(HostedZoneId=zone, MaxItems="1000")
    assert len(page["ResourceRecordSets"]) == 300 and page["IsTruncated"]
    following = page["NextRecordName"], page["NextRecordType"], page["NextRecordIdentifier"]
    assert following == ("a.example.com.", "A", "s298")
    paged = client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
    assert sum(len(page["ResourceRecordSets"]) for page in paged) == 312
    with pytest.raises(ClientError, match="StartRecordType"):
        client.list_resource_record_sets(HostedZoneId=zone, StartRecordType="A")


def test_a_change_is_pending_first_and_unknown_ones_are_refused(client: Any, zone: str) -> None:
    done = change(client, zone, ("CREATE", rrset("a.example.com")))
    assert done["ChangeInfo"]["Status"] == "PENDING"
    waiter = client.get_waiter("resource_record_sets_changed")
    waiter.wait(Id=done["ChangeInfo"]["Id"], WaiterConfig={"Delay": 0.02, "MaxAttempts": 100})
    with pytest.raises(ClientError, match="NoSuchChange"):
        client.get_change(Id="C0")


def test_zones_are_made_once_tagged_and_missed(client: Any, double: Route53Double) -> None:
    made = client.create_hosted_zone(Name="Made.example", CallerReference="once")["HostedZone"]
    zone_id = made["Id"].removeprefix("/hostedzone/")
    assert client.get_hosted_zone(Id=zone_id)["HostedZone"]["Name"] == "made.example."
    with pytest.raises(ClientError, match="HostedZoneAlreadyExists"):
        client.create_hosted_zone(Name="made.example", CallerReference="once")
    tags = [{"Key": "env", "Value": "prod"}]
    client.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id, AddTags=tags)
    answer = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)
    assert answer["ResourceTagSet"]["Tags"] == tags
    with pytest.raises(ClientError, match="1 to 10"):
        client.list_tags_for_resources(ResourceType="hostedzone", ResourceIds=[zone_id] * 11)
    with pytest.raises(ClientError, match="NoSuchHostedZone"):
        client.list_resource_record_sets(HostedZoneId="ZNONE")


def test_it_runs_by_hand() -> None:
    command = [sys.executable, "-m", "tests.doubles.route53", "--zone", "example.com", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.terminate()
        process.communicate()
    assert line.startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:")
    assert process.returncode == 0
