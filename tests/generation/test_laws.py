"""Laws of generated hostnames, for all names, addresses, templates and changes."""

import ipaddress
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dnssync.generation.reading import read_subject
from dnssync.generation.record import Entry, decode_record, encode_record
from resolver import decode, encode
from tests.generation.cluster import ASKED, Cluster, hosts, ingress, recorded, with_annotations, with_status

LABEL = r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?"
names = st.one_of(
    st.from_regex(rf"{LABEL}(\.{LABEL}){{0,3}}", fullmatch=True),
    st.from_regex(r"[a-z0-9]{1,3}(-[0-9]{1,3}){0,5}", fullmatch=True),
    st.integers(1, 253).map(lambda length: "x" * length),
)
namespaces = st.one_of(
    st.from_regex(LABEL, fullmatch=True),
    st.from_regex(r"[0-9]{1,3}(-[0-9]{1,3}){0,3}", fullmatch=True),
    st.just("n" * 63),
)
domains = st.one_of(
    st.just("xip.test"),
    st.just("test"),
    st.from_regex(rf"{LABEL}(\.{LABEL}){{0,5}}", fullmatch=True),
    st.just("sslip.io"),
)
templates = st.sampled_from(
    [
        "{name}-{namespace}-{ip}.{domain}",
        "{name}.{namespace}.{ip}.{domain}",
        "{ip}.{domain}",
        "{name}{ip}.{domain}",
        "{rule}-{service}.{name}-{ip}.{domain}",
    ]
)
addresses = (
    st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(lambda ip: not ip.is_unspecified).map(str)
)
forms = st.sampled_from(["auto", "dashed", "hex"])
KUBERNETES_HOST = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


options = st.fixed_dictionaries({"domain": domains, "template": templates, "form": forms})


@example(
    name="0-0-0",
    namespace="0",
    address="10.0.0.0",
    options={"domain": "sslip.io", "template": "{name}-{namespace}-{ip}.{domain}", "form": "auto"},
)
@given(name=names, namespace=namespaces, address=addresses, options=options)
def test_decoding_a_generated_host_gives_the_address_back(
    name: str, namespace: str, address: str, options: dict[str, str]
) -> None:
    domain = options["domain"]
    cluster = Cluster(**options)
    asked: Any = {"annotations": ASKED, "namespace": namespace, "ips": [address]}
    cluster.see(ingress("other", *hosts(Cluster(**options).put(ingress(name, **asked)))))
    for marked in (False, True):
        fresh = cluster if marked else Cluster(**options)
        (host,) = hosts(fresh.put(ingress(name, **asked)))
        assert decode(host, domain) == ipaddress.ip_address(address)
        assert len(host) <= 253
        assert all(0 < len(label) <= 63 for label in host.split("."))
        assert KUBERNETES_HOST.fullmatch(host)
        assert host.endswith("." + domain)


@given(name=names, namespace=namespaces, domain=domains, template=templates)
def test_a_host_without_an_address_is_a_valid_host_that_encodes_none(
    name: str, namespace: str, domain: str, template: str
) -> None:
    cluster = Cluster(domain=domain, template=template, zones=[domain])
    item = ingress(name, names=["lb.example.net"], namespace=namespace, annotations=ASKED)
    for host in filter(None, hosts(cluster.put(item))):
        assert decode(host, domain) is None
        assert len(host) <= 253
        assert all(0 < len(label) <= 63 for label in host.split("."))
        assert KUBERNETES_HOST.fullmatch(host)


OWN = ["www.example.com", "web-default-10-0-0-5.xip.test", "0-10-0-0-6.xip.test"]
rules = st.lists(st.sampled_from(["", "xip.test", *OWN]), min_size=1, max_size=4)
statuses = st.lists(st.sampled_from(["10.0.0.5", "10.0.0.6", "2001:db8::1"]), max_size=3, unique=True)
steps = st.lists(
    st.one_of(
        statuses.map(lambda ips: ("status", ips)),
        st.sampled_from([None, "true", "false"]).map(lambda value: ("ask", value)),
        st.sampled_from([None, "other.example"]).map(lambda value: ("domain", value)),
        st.sampled_from([None, "{rule}-{ip}.{domain}"]).map(lambda value: ("template", value)),
        st.booleans().map(lambda rewrite: ("restart", rewrite)),
    ),
    max_size=8,
)


@example(
    start=["", "xip.test"], tls=[["xip.test"]], ips=["10.0.0.5"], changes=[("ask", "true"), ("ask", None)]
)
@example(
    start=["", "xip.test"],
    tls=[["xip.test"]],
    ips=["10.0.0.5"],
    changes=[("ask", "true"), ("template", "{rule}-{ip}.{domain}"), ("ask", None)],
)
@given(start=rules, tls=st.lists(rules, max_size=2), ips=statuses, changes=steps)
def test_whatever_happens_own_hosts_stay_and_all_of_ours_can_be_taken_back(
    start: list[str], tls: list[list[str]], ips: list[str], changes: list[Any]
) -> None:
    cluster = Cluster()
    wanted_tls = [[host for host in entry if host] for entry in tls]
    original = ingress("web", *start, ips=ips, tls=wanted_tls)
    item = cluster.put(original)
    for what, value in changes:
        if what == "status":
            item = with_status(item, *value)
        elif what == "restart":
            cluster.configure(rewrite=value)
        else:
            key = {"ask": "generate_hostname", "domain": "hostname_domain", "template": "hostname_template"}[
                what
            ]
            item = with_annotations(item, **{key: value})
        item = cluster.put(item)
        for before, after in zip(start, hosts(item), strict=True):
            assert after == before or (before in ("", "xip.test") and after in recorded(item))
    item = cluster.put(with_annotations(item, generate_hostname="false"))
    assert hosts(item) == start
    assert recorded(item) == []


entries = st.builds(
    lambda number, text, domain, was, written: Entry(
        host=f"x.{encode(number)}.{domain}",
        address=str(number),
        template=text,
        domain=domain,
        was=was,
        written=written,
    ),
    st.ip_addresses(),
    st.text(),
    domains,
    st.text(),
    st.booleans(),
)


@given(st.dictionaries(st.integers(0, 300), entries))
def test_a_record_reads_back(record: dict[int, Entry]) -> None:
    assert decode_record(encode_record(record)) == record


@pytest.mark.parametrize(
    "entry",
    [
        Entry(host="www.example.com", address="10.0.0.5", domain="xip.test"),
        Entry(host="www.xip.test", address="10.0.0.5", domain="xip.test"),
        Entry(host="web-10-0-0-6.xip.test", address="10.0.0.5", domain="xip.test"),
        Entry(host="web-10-0-0-5.xip.test", address="lb.example.net", domain="xip.test"),
        Entry(host="web-10-0-0-5.xip.test", address="10.0.0.5"),
        Entry(host="web.xip.test", domain="xip.test"),
        Entry(host="xip.test", address="lb.example.net", domain="xip.test"),
    ],
    ids=lambda entry: f"{entry.host} {entry.address} {entry.domain}",
)
def test_a_record_of_a_host_that_cannot_have_been_made_is_not_believed(entry: Entry) -> None:
    assert decode_record(encode_record({0: entry})) == {}


@given(st.one_of(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(str)))
def test_a_damaged_record_makes_nothing_ours(text: str) -> None:
    assert isinstance(decode_record(text), dict)


@pytest.mark.parametrize(
    "text",
    [
        '{"%s": {"host": "a.test"}}' % ("9" * 5000),
        '{"0": {"host": "a.test", "more": %s}}' % ("[" * 50_000 + "]" * 50_000),
        '{"00": {"host": "a.test"}}',
        '{"-1": {"host": "a.test"}}',
    ],
    ids=["endless number", "bottomless", "another spelling", "negative"],
)
def test_a_record_that_a_stranger_wrote_in_malice_is_none(text: str) -> None:
    assert decode_record(text) == {}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["host", "hosts", "rules", "0", "ip"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(["ingress", "httproute", "service"]),
    st.dictionaries(st.sampled_from(["metadata", "spec", "status"]), json_values),
)
def test_an_object_of_any_shape_is_read_or_refused_in_words(kind: str, document: dict[str, Any]) -> None:
    from dnssync.errors import ConfigError

    try:
        read_subject(kind, document, Cluster().options)
    except ConfigError as error:
        assert str(error)
