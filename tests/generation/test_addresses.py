"""Which address of a load balancer a hostname carries, and what is said where it has none."""

import pytest

from resolver import decode
from tests.generation.cluster import (
    ASKED,
    DOMAIN,
    HOST,
    Cluster,
    hosts,
    ingress,
    with_status,
)


@pytest.mark.parametrize(
    ("family", "ips", "address"),
    [
        ("prefer-ipv4", ["2001:db8::1", "10.0.0.5"], "10.0.0.5"),
        ("prefer-ipv6", ["10.0.0.5", "2001:db8::1"], "2001:db8::1"),
        ("ipv4", ["2001:db8::1", "10.0.0.5"], "10.0.0.5"),
        ("ipv6", ["10.0.0.5", "2001:DB8:0::1"], "2001:db8::1"),
        ("prefer-ipv4", ["2001:db8::1"], "2001:db8::1"),
        ("prefer-ipv4", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2:3:4:5:6"),
    ],
)
def test_the_family_decides_which_address_a_host_carries(family: str, ips: list[str], address: str) -> None:
    item = Cluster(family=family).put(ingress(ips=ips, annotations=ASKED))
    assert str(decode(hosts(item)[0], DOMAIN)) == address


@pytest.mark.parametrize(("family", "ip"), [("ipv4", "2001:db8::1"), ("ipv6", "10.0.0.5")])
def test_a_family_that_is_not_there_gives_a_reason_and_no_host(family: str, ip: str) -> None:
    decision = Cluster(family=family).decide(ingress(ips=[ip], annotations=ASKED))
    assert decision is not None
    assert decision.hosts == ("",)
    assert decision.complaint is not None
    assert decision.complaint.reason == "HostnameNotGenerated"
    assert "--hostname-address-family" in decision.complaint.text
    assert not decision.passing


def test_a_status_in_another_order_changes_nothing() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5", "10.0.0.6"], annotations=ASKED))
    for ips in (["10.0.0.6", "10.0.0.5"], ["2001:db8::1", "10.0.0.6", "10.0.0.5"]):
        item = with_status(item, *ips)
        assert cluster.put(item) == item


def test_another_spelling_of_the_same_address_changes_nothing() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["2001:DB8::1"], annotations=ASKED))
    for spelling in ("2001:db8::1", "2001:0db8:0::1"):
        item = with_status(item, spelling)
        assert cluster.put(item) == item


@pytest.mark.parametrize("ip", ["0.0.0.0", "::", "fe80::1%eth0", "010.0.0.5", "10.0.0.5/32", "no address"])
def test_what_is_no_address_of_a_load_balancer_is_passed_over(ip: str) -> None:
    cluster = Cluster(zones=[DOMAIN])
    assert hosts(cluster.put(ingress(ips=[ip, "10.0.0.5"], annotations=ASKED))) == [HOST]
    assert hosts(cluster.put(ingress("other", ips=[ip], annotations=ASKED))) == [""]


def test_a_process_that_starts_anew_keeps_the_hosts() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5", "10.0.0.6"], annotations=ASKED))
    cluster.configure()
    item = with_status(item, "10.0.0.6", "10.0.0.5")
    assert cluster.put(item) == item


def test_an_address_that_goes_leaves_the_host_and_one_that_comes_back_changes_nothing() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    gone = with_status(item)
    decision = cluster.decide(gone)
    assert decision is not None
    assert decision.hosts == (HOST,)
    assert decision.passing
    assert decision.complaint is not None
    assert HOST in decision.complaint.text
    assert cluster.put(gone) == gone
    assert cluster.put(item) == item
    assert hosts(cluster.put(with_status(gone, "10.0.0.6"))) == ["web-default-10-0-0-6.xip.test"]


def test_no_address_yet_is_a_reason_to_be_told_after_a_while() -> None:
    decision = Cluster().decide(ingress(annotations=ASKED))
    assert decision is not None
    assert decision.complaint is not None
    assert decision.passing
    assert decision.record == {}


def test_a_load_balancer_with_only_a_host_name_gets_a_host_if_a_zone_of_ours_can_hold_it() -> None:
    cluster = Cluster(zones=[DOMAIN])
    item = cluster.put(ingress(names=["lb-1.example.net"], annotations=ASKED))
    assert hosts(item) == ["web-default.xip.test"]
    renamed = cluster.put(with_status(item, names=["lb-2.example.net"]))
    assert hosts(renamed) == ["web-default.xip.test"]


def test_a_load_balancer_with_only_a_host_name_and_no_zone_gives_a_reason() -> None:
    cluster = Cluster(zones=["example.org"])
    decision = cluster.decide(ingress(names=["lb-1.example.net"], annotations=ASKED))
    assert decision is not None
    assert decision.hosts == ("",)
    assert decision.complaint is not None
    assert "lb-1.example.net" in decision.complaint.text
    assert DOMAIN in decision.complaint.text
    assert not decision.passing
    cluster.zones = None
    waiting = cluster.decide(ingress(names=["lb-1.example.net"], annotations=ASKED))
    assert waiting is not None
    assert waiting.passing


def test_a_restart_keeps_a_host_for_a_host_name_while_the_zones_are_not_known_yet() -> None:
    cluster = Cluster(zones=[DOMAIN])
    item = cluster.put(ingress(names=["lb.example.net"], annotations=ASKED))
    both = cluster.put(with_status(item, "10.0.0.5", names=["lb.example.net"]))
    cluster.configure()
    cluster.zones = None
    assert hosts(cluster.put(both)) == ["web-default.xip.test"]
    cluster.zones = []
    assert hosts(cluster.put(both)) == [HOST]


def test_a_template_that_gives_no_valid_host_is_told_also_without_an_address() -> None:
    cluster = Cluster(zones=[DOMAIN], template="{name}_x-{ip}.{domain}")
    decision = cluster.decide(ingress(names=["lb.example.net"], annotations=ASKED))
    assert decision is not None and decision.complaint is not None
    assert decision.hosts == ("",)
    assert "web_x.xip.test" in decision.complaint.text


def test_a_host_without_address_never_looks_like_another_address() -> None:
    cluster = Cluster(zones=[DOMAIN])
    item = cluster.put(ingress("a-1-2-3", names=["lb.example.net"], namespace="4", annotations=ASKED))
    assert decode(hosts(item)[0], DOMAIN) is None
