"""No two objects have one name, and none is longer than a name can be."""

from typing import Any

from resolver import decode
from tests.generation.cluster import (
    ASKED,
    DOMAIN,
    HOST,
    RECORD,
    Cluster,
    hosts,
    ingress,
)


def test_long_names_stay_within_the_limits_and_apart() -> None:
    cluster = Cluster(template="{name}.{namespace}.{ip}.{domain}")
    made = [
        hosts(cluster.put(ingress(name, ips=["10.0.0.5"], namespace="n" * 63, annotations=ASKED)))[0]
        for name in ("x" * 253, "x" * 252 + "y")
    ]
    assert made[0] != made[1]
    for host in made:
        assert len(host) <= 253
        assert max(map(len, host.split("."))) <= 63
        assert str(decode(host, DOMAIN)) == "10.0.0.5"


def test_two_ingresses_never_get_one_name() -> None:
    cluster = Cluster()
    first = cluster.put(ingress("a-b", ips=["10.0.0.5"], namespace="c", annotations=ASKED))
    second = cluster.put(ingress("a", ips=["10.0.0.5"], namespace="b-c", annotations=ASKED))
    assert hosts(first) == ["a-b-c-10-0-0-5.xip.test"]
    assert hosts(second) != hosts(first)
    assert str(decode(hosts(second)[0], DOMAIN)) == "10.0.0.5"
    # A new process that sees them the other way round leaves both as they are.
    cluster.configure()
    cluster.see(second)
    assert cluster.put(first) == first
    assert cluster.put(second) == second
    # The one with the hash keeps its name when the other goes.
    cluster.configure()
    assert cluster.put(second) == second


def test_of_two_that_have_one_name_already_the_first_in_order_keeps_it() -> None:
    both = [
        Cluster().put(ingress(name, ips=["10.0.0.5"], namespace=namespace, annotations=ASKED))
        for name, namespace in (("a", "b-c"), ("a-b", "c"))
    ]
    assert hosts(both[0]) == hosts(both[1])
    for order in (both, both[::-1]):
        cluster = Cluster()
        for item in order:
            cluster.see(item)
        after = {item["metadata"]["name"]: cluster.put(item) for item in order}
        assert hosts(after["a"]) == hosts(both[0])
        assert hosts(after["a-b"]) != hosts(both[1])


def test_an_annotation_that_was_copied_or_forged_takes_the_name_from_nobody() -> None:
    def made_at(item: dict[str, Any], created: str) -> dict[str, Any]:
        return {**item, "metadata": {**item["metadata"], "creationTimestamp": created}}

    cluster = Cluster()
    item = made_at(ingress("web", ips=["10.0.0.5"], annotations=ASKED), "2026-01-01T00:00:00Z")
    item = cluster.put(item)
    record = {RECORD: item["metadata"]["annotations"][RECORD]}
    for asks in ({}, ASKED):
        other = ingress("a", ips=["10.6.6.6"], namespace="a", annotations={**record, **asks})
        cluster.configure()
        cluster.see(made_at(other, "2026-02-02T00:00:00Z"))
        assert cluster.put(item) == item


def test_a_host_that_a_person_wrote_elsewhere_is_not_generated_a_second_time() -> None:
    cluster = Cluster()
    cluster.see(ingress("own", HOST))
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    assert hosts(item) != [HOST]
    assert str(decode(hosts(item)[0], DOMAIN)) == "10.0.0.5"


def test_a_copy_of_an_ingress_with_its_annotations_gets_a_name_of_its_own() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    copy = {**item, "metadata": {**item["metadata"], "name": "copy"}}
    assert hosts(cluster.put(copy)) == ["copy-default-10-0-0-5.xip.test"]
    assert cluster.put(item) == item
