"""What went wrong with the rules and hosts of the users of Rancher's generated hostnames, row by row."""

import pytest

from resolver import decode
from tests.generation.cluster import (
    ASKED,
    DOMAIN,
    HOST,
    RECORD,
    Cluster,
    hosts,
    ingress,
    recorded,
    spec_text,
    tls_hosts,
    with_annotations,
    with_status,
)

RANCHER = "{name}.{namespace}.{ip}.{domain}"


def test_an_ingress_without_a_host_gets_one_when_it_asks_by_annotation() -> None:
    assert hosts(Cluster().put(ingress(ips=["10.0.0.5"], annotations=ASKED))) == [HOST]


def test_an_ingress_without_a_host_that_does_not_ask_stays_without() -> None:
    item = ingress(ips=["10.0.0.5"])
    assert Cluster().put(item) == item


@pytest.mark.parametrize("bare", [DOMAIN, "XIP.test", "xip.test.", " xip.test"])
def test_the_bare_domain_as_a_host_asks_for_a_hostname(bare: str) -> None:
    assert hosts(Cluster().put(ingress("web", bare, ips=["10.0.0.5"]))) == [HOST]


def test_a_wildcard_of_the_domain_asks_for_nothing() -> None:
    item = ingress("web", "*.xip.test", ips=["10.0.0.5"], annotations=ASKED)
    assert Cluster().put(item) == item


@pytest.mark.parametrize("domain", ["test", "xip.test", "a.b.example.com"])
@pytest.mark.parametrize("name", ["web", "my.app", "a.b.c.d"])
@pytest.mark.parametrize("template", [RANCHER, "{name}-{namespace}-{ip}.{domain}"])
def test_hosts_follow_the_address_whatever_the_domain_and_the_name(
    domain: str, name: str, template: str
) -> None:
    cluster = Cluster(domain=domain, template=template)
    first = cluster.put(ingress(name, domain, ips=["10.0.0.5"]))
    assert str(decode(hosts(first)[0], domain)) == "10.0.0.5"
    second = cluster.put(with_status(first, "10.0.0.6"))
    assert str(decode(hosts(second)[0], domain)) == "10.0.0.6"
    assert recorded(second) == hosts(second)


def test_a_hostname_of_rancher_looks_like_one() -> None:
    cluster = Cluster(domain="sslip.io", template=RANCHER)
    assert hosts(cluster.put(ingress("web", "sslip.io", ips=["10.0.0.5"]))) == [
        "web.default.10.0.0.5.sslip.io"
    ]


@pytest.mark.parametrize(
    "own", ["web-default-10-0-0-9.xip.test", "shop.10.0.0.9.xip.test", "sub.xip.test", "notxip.test"]
)
def test_an_own_host_that_looks_generated_is_never_touched(own: str) -> None:
    cluster = Cluster()
    item = cluster.put(ingress("web", own, "", ips=["10.0.0.5"], annotations=ASKED, tls=[[own, DOMAIN]]))
    assert hosts(item) == [own, HOST]
    moved = cluster.put(with_status(item, "10.0.0.6"))
    assert hosts(moved) == [own, "web-default-10-0-0-6.xip.test"]
    assert tls_hosts(moved) == [[own, "web-default-10-0-0-6.xip.test"]]
    back = cluster.put(with_annotations(moved, generate_hostname="false"))
    assert hosts(back) == [own, ""]


@pytest.mark.parametrize("ours", [0, 1])
def test_an_own_host_that_is_the_very_one_we_would_make_is_never_touched(ours: int) -> None:
    cluster = Cluster()
    rules = ["", HOST] if ours == 0 else [HOST, ""]
    item = cluster.put(ingress("web", *rules, ips=["10.0.0.5"], annotations=ASKED, tls=[[HOST, DOMAIN]]))
    made = hosts(item)[ours]
    assert hosts(item)[1 - ours] == HOST != made
    assert recorded(item) == [made]
    assert tls_hosts(item) == [[HOST, made]]
    moved = cluster.put(with_status(item, "10.0.0.6"))
    assert hosts(moved)[1 - ours] == HOST
    assert str(decode(hosts(moved)[ours], DOMAIN)) == "10.0.0.6"
    back = cluster.put(with_annotations(moved, generate_hostname="false"))
    assert hosts(back) == rules
    assert tls_hosts(back) == [[HOST, DOMAIN]]


def test_a_rule_that_a_person_adds_for_our_host_is_theirs() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED, tls=[[DOMAIN]]))
    item["spec"]["rules"].append({"host": HOST})
    item = cluster.put(item)
    assert hosts(item) == [HOST, HOST]
    moved = cluster.put(with_status(item, "10.0.0.6"))
    other = "web-default-10-0-0-6.xip.test"
    assert hosts(moved) == [other, HOST]
    assert tls_hosts(moved) == [[HOST, other]]
    assert hosts(cluster.put(with_annotations(moved, generate_hostname="false"))) == ["", HOST]


def test_of_two_rules_with_our_host_that_are_both_elsewhere_one_is_ours() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    item["spec"]["rules"] = [{"host": "www.example.com"}, {"host": HOST}, {"host": HOST}]
    moved = cluster.put(with_status(item, "10.0.0.6"))
    assert hosts(moved) == ["www.example.com", "web-default-10-0-0-6.xip.test", HOST]


def test_a_host_that_a_person_puts_in_the_place_of_ours_is_theirs() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    item["spec"]["rules"][0]["host"] = "www.example.com"
    item = cluster.put(item)
    assert hosts(item) == ["www.example.com"]
    assert recorded(item) == []
    assert hosts(cluster.put(with_status(item, "10.0.0.6"))) == ["www.example.com"]


def test_sibling_rules_share_a_host_unless_the_template_tells_them_apart() -> None:
    item = ingress("web", "", "", ips=["10.0.0.5"], annotations=ASKED, services=["front", "api"])
    assert hosts(Cluster().put(item)) == [HOST, HOST]
    by_rule = Cluster(template="{name}-{rule}-{ip}.{domain}")
    assert hosts(by_rule.put(item)) == ["web-0-10-0-0-5.xip.test", "web-1-10-0-0-5.xip.test"]
    by_service = Cluster(template="{service}-{namespace}-{ip}.{domain}")
    assert hosts(by_service.put(item)) == [
        "front-default-10-0-0-5.xip.test",
        "api-default-10-0-0-5.xip.test",
    ]


def test_rules_that_change_places_keep_being_ours() -> None:
    cluster = Cluster()
    item = cluster.put(ingress("web", DOMAIN, ips=["10.0.0.5"]))
    item["spec"]["rules"].insert(0, {"host": "www.example.com"})
    moved = cluster.put(with_status(item, "10.0.0.6"))
    assert hosts(moved) == ["www.example.com", "web-default-10-0-0-6.xip.test"]
    assert hosts(cluster.put(with_annotations(moved, generate_hostname="false"))) == [
        "www.example.com",
        DOMAIN,
    ]


def test_tls_hosts_follow_and_come_back() -> None:
    cluster = Cluster()
    item = cluster.put(
        ingress("web", DOMAIN, ips=["10.0.0.5"], tls=[[DOMAIN], ["www.example.com"], [DOMAIN, "b.test"]])
    )
    assert tls_hosts(item) == [[HOST], ["www.example.com"], [HOST, "b.test"]]
    moved = cluster.put(with_status(item, "10.0.0.6"))
    other = "web-default-10-0-0-6.xip.test"
    assert tls_hosts(moved) == [[other], ["www.example.com"], [other, "b.test"]]
    back = cluster.put(with_annotations(moved, generate_hostname="false"))
    assert tls_hosts(back) == [[DOMAIN], ["www.example.com"], [DOMAIN, "b.test"]]
    assert hosts(back) == [DOMAIN]


def test_a_tls_host_comes_back_also_where_the_rule_had_no_host() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED, tls=[[DOMAIN]]))
    assert tls_hosts(item) == [[HOST]]
    back = cluster.put(with_annotations(item, generate_hostname=None))
    assert (hosts(back), tls_hosts(back)) == ([""], [[DOMAIN]])


def test_a_tls_host_comes_back_with_its_rule_after_the_domain_changed() -> None:
    cluster = Cluster()
    item = cluster.put(ingress("web", DOMAIN, ips=["10.0.0.5"], tls=[[DOMAIN]]))
    cluster.configure(domain="new.example")
    moved = cluster.put(item)
    assert tls_hosts(moved) == [hosts(moved)] == [["web-default-10-0-0-5.new.example"]]
    back = cluster.put(with_annotations(moved, generate_hostname="false"))
    assert (hosts(back), tls_hosts(back)) == ([DOMAIN], [[DOMAIN]])


def test_a_bare_tls_host_stands_for_every_host_that_was_made() -> None:
    cluster = Cluster(template="{name}-{rule}-{ip}.{domain}")
    item = cluster.put(ingress("web", DOMAIN, DOMAIN, ips=["10.0.0.5"], tls=[[DOMAIN]]))
    assert tls_hosts(item) == [["web-0-10-0-0-5.xip.test", "web-1-10-0-0-5.xip.test"]]
    assert tls_hosts(cluster.put(with_annotations(item, generate_hostname="false"))) == [[DOMAIN]]


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({"domain": "new.example"}, "web-default-10-0-0-5.new.example"),
        ({"template": RANCHER}, "web.default.10.0.0.5.xip.test"),
        ({"domain": "new.example", "template": RANCHER}, "web.default.10.0.0.5.new.example"),
    ],
)
def test_hosts_migrate_when_the_domain_or_the_template_changes(options: dict[str, str], host: str) -> None:
    cluster = Cluster()
    for item in (
        ingress("web", DOMAIN, ips=["10.0.0.5"], tls=[[DOMAIN]]),
        ingress(ips=["10.0.0.5"], annotations=ASKED),
    ):
        cluster.configure()
        before = cluster.put(item)
        cluster.configure(**options)
        after = cluster.put(before)
        assert hosts(after) == [host]
        assert cluster.put(after) == after
        taken_back = cluster.put(with_annotations(after, generate_hostname="false"))
        assert hosts(taken_back) == hosts(item)


def test_hosts_are_taken_back_when_the_opt_in_is_removed() -> None:
    cluster = Cluster()
    item = cluster.put(ingress("web", "", "www.example.com", ips=["10.0.0.5"], annotations=ASKED))
    back = cluster.put(with_annotations(item, generate_hostname=None))
    assert hosts(back) == ["", "www.example.com"]
    assert RECORD not in back["metadata"]["annotations"]
    assert "host" not in back["spec"]["rules"][0]


def test_annotate_mode_leaves_the_spec_alone_to_the_byte() -> None:
    cluster = Cluster(rewrite=False)
    for item in (
        ingress(ips=["10.0.0.5"], annotations=ASKED),
        ingress("web", DOMAIN, "own.example", ips=["10.0.0.5"], tls=[[DOMAIN]]),
    ):
        cluster.configure(rewrite=False)
        made = cluster.put(item)
        assert spec_text(made) == spec_text(item)
        assert recorded(made) == [HOST]
        assert recorded(cluster.put(with_status(made))) == [HOST]
        moved = cluster.put(with_status(made, "10.0.0.6"))
        assert spec_text(moved) == spec_text(item)
        assert recorded(moved) == ["web-default-10-0-0-6.xip.test"]
        back = cluster.put(with_annotations(moved, generate_hostname="false"))
        assert spec_text(back) == spec_text(item)
        assert recorded(back) == []


def test_a_change_to_annotate_mode_gives_the_spec_back() -> None:
    cluster = Cluster()
    item = ingress("web", DOMAIN, ips=["10.0.0.5"], tls=[[DOMAIN]])
    rewritten = cluster.put(item)
    cluster.configure(rewrite=False)
    annotated = cluster.put(rewritten)
    assert spec_text(annotated) == spec_text(item)
    assert recorded(annotated) == [HOST]
    cluster.configure()
    assert hosts(cluster.put(annotated)) == [HOST]


def test_in_annotate_mode_a_person_may_use_the_generated_host() -> None:
    cluster = Cluster(rewrite=False)
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    item["spec"]["rules"][0]["host"] = HOST
    assert hosts(cluster.put(item)) == [HOST]
    assert hosts(cluster.put(with_annotations(item, generate_hostname="false"))) == [HOST]
