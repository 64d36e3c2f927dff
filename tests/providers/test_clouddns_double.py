"""The double of Cloud DNS, held against google-cloud-dns as a second reader, and against its own rules."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.auth import credentials
from google.cloud import dns

from tests.doubles.clouddns import CloudDnsDouble
from tests.doubles.clouddns.rules import normal_data
from tests.doubles.clouddns.schema import problems

Json = dict[str, Any]


@pytest.fixture
def double() -> Iterator[CloudDnsDouble]:
    with CloudDnsDouble("example.com") as running:
        yield running


def _rrset(name: str, kind: str, *data: str, **fields: object) -> Json:
    return {"name": name, "type": kind, "ttl": 60, "rrdatas": list(data)} | fields


def _post(double: CloudDnsDouble, body: Json, *, path: str = "/managedZones/example-com/changes") -> Json:
    request = urllib.request.Request(
        f"{double.endpoint}/dns/v1/projects/p{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as reply:
            decoded: Json = json.load(reply)
    except urllib.error.HTTPError as error:
        decoded = json.load(error)
    return decoded


def _add(double: CloudDnsDouble, *rrsets: Json) -> Json:
    return _post(double, {"additions": list(rrsets)})


def _code(reply: Json) -> int:
    return int(reply["error"]["code"]) if "error" in reply else 200


def test_googles_own_library_can_use_it(double: CloudDnsDouble) -> None:
    anonymous: Any = credentials.AnonymousCredentials
    connected: Any = dns.Client(
        project="p", credentials=anonymous(), client_options={"api_endpoint": double.endpoint}
    )
    zone = connected.zone("made", "made.test.", description="made")
    zone.create()
    change = zone.changes()
    change.add_record_set(zone.resource_record_set("a.made.test.", "A", 60, ["192.0.2.1"]))
    change.create()
    change.reload()

    assert change.status == "done"
    assert {found.dns_name for found in connected.list_zones()} == {"example.com.", "made.test."}
    assert {(found.name, found.record_type) for found in zone.list_resource_record_sets()} == {
        ("a.made.test.", "A"),
        ("made.test.", "NS"),
        ("made.test.", "SOA"),
    }
    assert connected.quotas()["rrsetAdditionsPerChange"] == 1000


@pytest.mark.parametrize(
    "rrset",
    [
        _rrset("a.example.com", "A", "192.0.2.1"),
        _rrset("a.example.org.", "A", "192.0.2.1"),
        _rrset("notexample.com.", "A", "192.0.2.1"),
        _rrset("a..example.com.", "A", "192.0.2.1"),
        _rrset("b.*.example.com.", "A", "192.0.2.1"),
        _rrset(f"{'x' * 64}.example.com.", "A", "192.0.2.1"),
        _rrset("ü.example.com.", "A", "192.0.2.1"),
        _rrset("a.example.com.", "ZZZ", "x"),
        _rrset("a.example.com.", "A", "2001:db8::1"),
        _rrset("a.example.com.", "AAAA", "192.0.2.1"),
        _rrset("a.example.com.", "A"),
        _rrset("a.example.com.", "A", "192.0.2.1", "192.0.2.1"),
        _rrset("a.example.com.", "A", "192.0.2.1", ttl=-1),
        _rrset("a.example.com.", "A", "192.0.2.1", ttl=2**31),
        {"name": "a.example.com.", "type": "A", "rrdatas": ["192.0.2.1"]},
        _rrset("a.example.com.", "A", "192.0.2.1", colour="red"),
        _rrset("a.example.com.", "CNAME", "host.test"),
        _rrset("a.example.com.", "CNAME", "h1.test.", "h2.test."),
        _rrset("example.com.", "CNAME", "host.test."),
        _rrset("a.example.com.", "MX", "mail.test."),
        _rrset("a.example.com.", "TXT", '"open'),
        _rrset("a.example.com.", "TXT", f'"{"x" * 256}"'),
    ],
    ids=str,
)
def test_what_the_service_refuses_is_refused(double: CloudDnsDouble, rrset: Json) -> None:
    assert _code(_add(double, rrset)) == 400
    assert len(double.service.zones["example-com"]) == 2


def test_a_change_is_done_whole_or_not_at_all(double: CloudDnsDouble) -> None:
    good, bad = _rrset("a.example.com.", "A", "192.0.2.1"), _rrset("b.example.com.", "A", "bad")

    assert _code(_add(double, good, bad)) == 400
    assert _code(_add(double, good)) == 200


def test_conflicts_have_their_codes_and_one_entry_each(double: CloudDnsDouble) -> None:
    first, second = _rrset("a.example.com.", "A", "192.0.2.1"), _rrset("b.example.com.", "A", "192.0.2.1")
    _add(double, first, second)

    again = _add(double, first, second)
    assert (_code(again), len(again["error"]["errors"])) == (409, 2)
    assert again["error"]["errors"][0]["reason"] == "alreadyExists"
    assert _code(_post(double, {"deletions": [_rrset("c.example.com.", "A", "192.0.2.1")]})) == 404
    assert _code(_post(double, {"deletions": [first | {"ttl": 61}]})) == 412
    assert _code(_post(double, {"deletions": [first | {"rrdatas": ["192.0.2.2"]}]})) == 412
    assert _code(_post(double, {})) == 400
    assert _code(_post(double, {"deletions": [first], "additions": [first | {"ttl": 61}]})) == 200


def test_a_cname_stands_alone_in_either_order(double: CloudDnsDouble) -> None:
    host, alias = _rrset("a.example.com.", "A", "192.0.2.1"), _rrset("a.example.com.", "CNAME", "b.test.")

    assert _code(_add(double, host, alias)) == 400
    assert _code(_add(double, host)) == 200
    assert _code(_add(double, alias)) == 400
    assert _code(_post(double, {"deletions": [host], "additions": [alias]})) == 200
    assert _code(_add(double, host)) == 400


def test_the_apex_keeps_its_ns_and_soa(double: CloudDnsDouble) -> None:
    stored = double.service.zones["example-com"].get(("example.com.", "NS"))
    assert stored is not None

    assert _code(_post(double, {"deletions": [stored]})) == 400
    replaced = stored | {"rrdatas": ["ns.test."]}
    assert _code(_post(double, {"deletions": [stored], "additions": [replaced]})) == 200


@pytest.mark.parametrize(
    "quota",
    [
        {"rrsetAdditionsPerChange": 1},
        {"totalRrdataSizePerChange": 17},
        {"rrsetsPerManagedZone": 3},
        {"resourceRecordsPerRrset": 0},
    ],
    ids=str,
)
def test_quotas_are_enforced(quota: dict[str, int]) -> None:
    with CloudDnsDouble("example.com", quota=quota) as double:
        reply = _add(
            double, _rrset("a.example.com.", "A", "192.0.2.1"), _rrset("b.example.com.", "A", "192.0.2.2")
        )

    assert (_code(reply), reply["error"]["errors"][0]["reason"]) == (403, "quotaExceeded")


def test_text_without_quotes_becomes_one_string_per_word() -> None:
    assert normal_data("TXT", "two words") == '"two" "words"'
    assert normal_data("TXT", '"one string"') == '"one string"'


def test_the_discovery_document_judges_keys_and_types() -> None:
    assert problems("Change", {"additions": [_rrset("a.", "A", "192.0.2.1")], "status": "done"}) == []
    assert problems("Change", {"additions": [{"nmae": "a."}]}) != []
    assert problems("Change", {"status": "maybe"}) != []
    assert problems("ResourceRecordSet", {"ttl": "sixty"}) != []
    assert problems("ManagedZone", {"labels": {"a": 1}}) != []


def test_a_hundred_thousand_sets_cost_no_quadratic_time() -> None:
    with CloudDnsDouble("example.com", quota={"rrsetsPerManagedZone": 200_000}) as double:
        zone = double.service.zones["example-com"]
        for number in range(100_000):
            zone.put(_rrset(f"r{number}.example.com.", "A", "192.0.2.1"))
        begun = time.process_time()
        for number in range(50):
            zone.commit(
                {"additions": [_rrset(f"n{number}.example.com.", "A", "192.0.2.1")]}, double.service.quota
            )
        seen = 0
        after: tuple[str, str] | None = ("", "")
        while after:
            rrsets, after = zone.page(after=after)
            seen += len(rrsets)
        spent = time.process_time() - begun

    assert seen == 100_052
    assert spent < 5


def test_it_runs_on_its_own() -> None:
    command = [sys.executable, "-m", "tests.doubles.clouddns", "--zone", "example.com", "--project", "q"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        try:
            with urllib.request.urlopen(f"{endpoint}/dns/v1/projects/q/managedZones") as reply:
                zones = json.load(reply)["managedZones"]
        finally:
            process.terminate()

    assert [zone["dnsName"] for zone in zones] == ["example.com."]
