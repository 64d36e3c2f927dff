"""Hostnames that carry an address: what is made reads back, whatever it is made of."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.errors import ConfigError
from dnssync.hostnames import HostnameRequest, decode_host, generate
from resolver import decode

RANCHER = "{name}.{namespace}.{ip}.{domain}"
TEMPLATES = [
    "{name}-{namespace}-{ip}.{domain}",
    RANCHER,
    "{ip}.{domain}",
    "{name}{ip}.{domain}",
    "{rule}.{service}-{name}-{ip}.{domain}",
    "fixed.{namespace}-{ip}.{domain}",
]


def make(**parts: str) -> str:
    return generate(HostnameRequest(**{"name": "web", "address": "10.0.0.5", **parts}))


@pytest.mark.parametrize(
    ("parts", "host"),
    [
        ({}, "web-default-10-0-0-5.xip.test"),
        ({"namespace": "team-1", "template": RANCHER}, "web.team-1.10.0.0.5.xip.test"),
        ({"domain": "Apps.Example.COM."}, "web-default-10-0-0-5.apps.example.com"),
        ({"domain": "test"}, "web-default-10-0-0-5.test"),
        ({"name": "my.app"}, "my-app-default-10-0-0-5.xip.test"),
        ({"address": "2001:db8::1"}, "web-default.2001-db8--1.xip.test"),
        ({"address": "::", "template": RANCHER}, "web.default.0--0.xip.test"),
        ({"name": "a", "namespace": "b-c-d"}, "a-b-c-d.10-0-0-5.xip.test"),
        ({"name": "web-1", "template": "{name}{ip}.{domain}"}, "web-1.10-0-0-5.xip.test"),
        ({"template": "{name}-{rule}-{ip}.{domain}", "rule": "2"}, "web-2-10-0-0-5.xip.test"),
        ({"template": "{name}-{rule}-{ip}.{domain}"}, "web-10-0-0-5.xip.test"),
        ({"template": "{ip}.{domain}"}, "10.0.0.5.xip.test"),
        ({"domain": "Bücher.test"}, "web-default-10-0-0-5.xn--bcher-kva.test"),
    ],
)
def test_hostnames_are_made_from_the_template(parts: dict[str, str], host: str) -> None:
    assert make(**parts) == host


def test_what_is_too_long_is_cut_and_keeps_a_stable_hash_of_the_whole() -> None:
    first, again, other = make(name="x" * 80), make(name="x" * 80), make(name="x" * 81)
    assert first == again != other
    label = first.partition(".")[0]
    assert len(label) == 63
    assert re.fullmatch(r"x+-[a-z2-7]{8}-10-0-0-5", label)


def test_a_name_over_253_characters_is_cut_as_a_whole() -> None:
    host = make(name="n" * 253, namespace="m" * 63, template=RANCHER, domain="d." * 110 + "test")
    assert len(host) <= 253
    assert str(decode(host, "d." * 110 + "test")) == "10.0.0.5"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"address": "10.0.0.256"}, "'10.0.0.256' is not an IP address"),
        ({"address": "fe80::1%eth0"}, "interface"),
        ({"domain": "bad_domain"}, "'bad_domain' is not a domain"),
        ({"domain": ""}, "'' is not a domain"),
        ({"name": ""}, "'' is no name of an object"),
        ({"name": "---"}, "'---' is no name of an object"),
        ({"address": "2001:db8:0:1:2:3:4:5", "domain": "sslip.io"}, "give no name that encodes"),
        ({"domain": "d." * 124 + "test"}, "give no name that encodes 10.0.0.5"),
        ({"template": "{ip}.{name}.{domain}"}, "does not end in '{ip}.{domain}'"),
        ({"template": "{nome}-{ip}.{domain}"}, "has {nome} before the address; known: {name}, {namespace}"),
        ({"template": "a_b-{ip}.{domain}"}, "give no name"),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line(parts: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        make(**parts)
    assert "\n" not in str(caught.value)


kubernetes_names = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,80}[a-z0-9])?", fullmatch=True)
namespaces = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)


requests = st.builds(
    HostnameRequest,
    name=kubernetes_names,
    namespace=namespaces,
    rule=st.sampled_from(["", "0", "1", "api"]),
    address=st.ip_addresses().map(str),
    template=st.sampled_from(TEMPLATES),
    domain=st.sampled_from(["xip.test", "test", "a.b.c.d", "10.0.0.1.xip.test", "5.xip.test"]),
)


@given(requests)
def test_every_hostname_reads_back_and_is_a_kubernetes_host(request: HostnameRequest) -> None:
    host = generate(request)
    assert decode(host, request.domain) == ipaddress.ip_address(request.address)
    assert host.endswith(f".{request.domain}")
    assert len(host) <= 253
    assert all(re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", label) for label in host.split("."))


@pytest.mark.parametrize(
    ("host", "zone", "found"),
    [
        ("app.10.0.0.5.xip.test", "xip.test", ("10.0.0.5", "xip.test")),
        ("app.10.0.0.5.xip.test", None, ("10.0.0.5", "xip.test")),
        ("APP.10.0.0.5.XIP.test.", "xip.test.", ("10.0.0.5", "xip.test")),
        ("1.2.3.4.5.6.test", None, ("3.4.5.6", "test")),
        ("a.2001-db8--1.xip.test", None, ("2001:db8::1", "xip.test")),
        ("app.10.0.0.5.xip.test", "other.test", None),
        ("app.example.com", None, None),
        ("Bücher.10.0.0.5.test", None, ("10.0.0.5", "test")),
        ("", None, None),
        ("..", None, None),
    ],
)
def test_addresses_are_read_before_the_zone(
    host: str, zone: str | None, found: tuple[str, str] | None
) -> None:
    assert decode_host(host, zone) == found
