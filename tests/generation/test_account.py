"""What a name has to do with an object: what ``dnssync explain`` tells of generated names."""

from typing import Any

import pytest

from dnssync.generation.account import Account, account
from dnssync.names import ascii_name
from tests.generation.cluster import ASKED, DOMAIN, HOST, Cluster, ingress, with_annotations, with_status


def told(name: str, document: Any, cluster: Cluster | None = None) -> Account | None:
    cluster = cluster or Cluster()
    cluster.decide(document)
    (subject,) = [each for each in cluster.book if each.ref.name == document["metadata"]["name"]]
    decided = cluster.book.decide(subject.ref)
    assert decided is not None
    return account(ascii_name(name), *decided, cluster.options)


def test_a_name_that_was_made_and_one_that_is_to_be() -> None:
    item = ingress("web", DOMAIN, ips=["10.0.0.5"])
    planned = told(HOST, item)
    assert planned is not None and planned.entry is not None
    assert (planned.state, planned.entry.address, planned.entry.was) == ("planned", "10.0.0.5", DOMAIN)
    written = told(HOST, Cluster().put(item))
    assert written is not None
    assert (written.entry, written.state) == (planned.entry, "written")


@pytest.mark.parametrize("name", [HOST, "web-default-10-9-9-9.xip.test", "web-default.xip.test"])
def test_a_name_that_an_object_would_have_with_another_address(name: str) -> None:
    waits = told(name, ingress(annotations=ASKED))
    assert waits == Account(complaint="the load balancer has no address")
    moved = told(name, Cluster().put(ingress(ips=["10.0.0.6"], annotations=ASKED)))
    assert moved == Account(instead=("web-default-10-0-0-6.xip.test",))


def test_the_bare_domain_is_no_name_of_its_own() -> None:
    assert told(DOMAIN, ingress("web", DOMAIN)) == Account(complaint="the load balancer has no address")
    made = told(DOMAIN, ingress("web", DOMAIN, ips=["10.0.0.5"]))
    assert made == Account(instead=(HOST,))


def test_a_name_that_has_to_go() -> None:
    item = Cluster().put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    moved = told(HOST, with_status(item, "10.0.0.6"))
    assert moved is not None and moved.entry is not None
    assert moved.instead == ("web-default-10-0-0-6.xip.test",)
    ended = told(HOST, with_annotations(item, generate_hostname=None))
    assert ended is not None and ended.entry is not None
    assert ended.instead == ()


def test_a_name_that_another_object_has() -> None:
    cluster = Cluster()
    cluster.see(ingress("own", HOST))
    found = told(HOST, ingress(ips=["10.0.0.5"], annotations=ASKED), cluster)
    assert found is not None and found.entry is None
    assert found.instead[0].startswith("web-default-")


def test_a_name_that_a_bad_wish_stands_in_the_way_of() -> None:
    found = told(HOST, ingress(ips=["10.0.0.5"], annotations={**ASKED, "dnssync.io/hostname-template": "x"}))
    assert found is not None
    assert "'x'" in found.complaint


@pytest.mark.parametrize(
    "name", ["other-default-10-0-0-5.xip.test", "www.example.com", "a.web-default.xip.test"]
)
def test_a_name_that_has_nothing_to_do_with_an_object(name: str) -> None:
    assert told(name, ingress(ips=["10.0.0.5"], annotations=ASKED)) is None
    assert told(HOST, ingress("web", "own.example", ips=["10.0.0.5"], annotations=ASKED)) is None


def test_what_was_made_before_is_told_also_where_nothing_is_made() -> None:
    cluster = Cluster()
    cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    (subject,) = cluster.book
    made = account(HOST, subject, None, cluster.options)
    assert made is not None and made.entry is not None
    assert account("web-default-10-0-0-6.xip.test", subject, None, cluster.options) is None
