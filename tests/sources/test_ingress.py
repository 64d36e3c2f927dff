"""The Ingress source: what one object asks for, and that its mistakes stay its own."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.sources.ingress import IngressOptions, IngressSource

PREFIX = "external-dns.kubernetes.io/"


def ingress(*hosts: str, ip: str = "192.0.2.1", **annotations: str) -> dict[str, Any]:
    """An Ingress ``web/shop``; annotation names are written with ``_`` for ``-``."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {
            "name": "shop",
            "namespace": "web",
            "uid": "u-1",
            "annotations": {PREFIX + key.replace("_", "-"): value for key, value in annotations.items()},
        },
        "spec": {"rules": [{"host": host} for host in hosts]},
        "status": {"loadBalancer": {"ingress": [{"ip": ip}] if ip else []}},
    }


def claims_of(document: dict[str, Any], **options: Any) -> ObjectClaims:
    claims = IngressSource(IngressOptions(**options)).claims(document)
    assert claims is not None
    return claims


def names_of(claims: ObjectClaims) -> list[str]:
    return [endpoint.dns_name for endpoint in claims.endpoints]


def test_one_endpoint_per_host_and_kind_of_target() -> None:
    document = ingress("a.example.com", target="192.0.2.7,lb.example.net.,2001:db8::1,192.0.2.8", ttl="5m")
    assert claims_of(document).endpoints == tuple(
        Endpoint("a.example.com", kind, targets, 300, labels={"resource": "ingress/web/shop"})
        for kind, targets in [
            ("A", ("192.0.2.7", "192.0.2.8")),
            ("AAAA", ("2001:db8::1",)),
            ("CNAME", ("lb.example.net",)),
        ]
    )


def test_identity_travels_with_the_claims() -> None:
    claims = claims_of(ingress("a.example.com"))
    assert claims.ref == ObjectRef("ingress", "web", "shop")
    assert (claims.uid, claims.api_version) == ("u-1", "networking.k8s.io/v1")
    assert str(claims.ref) == claims.endpoints[0].labels["resource"]


def test_wire_bytes_raw_messages_and_decoded_documents_mean_the_same() -> None:
    document = ingress("a.example.com", hostname="b.example.com")
    text = json.dumps(document).encode()
    source = IngressSource(IngressOptions())
    assert source.claims(text) == source.claims(msgspec.Raw(text)) == source.claims(document)


def test_rules_tls_and_annotation_name_each_host_once() -> None:
    document = ingress("a.example.com", "b.example.com", hostname="c.example.com,a.example.com.")
    document["spec"]["tls"] = [{"hosts": ["a.example.com", "d.example.com"]}, {"hosts": None}, {}]
    assert names_of(claims_of(document)) == [
        "a.example.com",
        "b.example.com",
        "d.example.com",
        "c.example.com",
    ]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ("defined-hosts-only", ["a.example.com"]),
        ("Annotation-Only", ["b.example.com"]),
        ("everything", []),
        ("", []),
    ],
)
def test_the_hostname_source_annotation_chooses(wish: str, expected: list[str]) -> None:
    document = ingress("a.example.com", hostname="b.example.com", ingress_hostname_source=wish)
    claims = claims_of(document)
    assert names_of(claims) == expected
    assert bool(claims.problems) == (not expected)


def test_an_empty_status_leaves_the_hosts_waiting_for_a_target() -> None:
    """Pain: records vanish when a controller empties the status for a moment. The source must tell."""
    document = ingress("a.example.com", ip="", hostname="b.example.com")
    claims = claims_of(document)
    assert claims.endpoints == ()
    assert claims.waiting == ("a.example.com", "b.example.com")
    assert claims_of(ingress("a.example.com")).waiting == ()


@pytest.mark.parametrize(
    "status", [None, {}, {"loadBalancer": None}, {"loadBalancer": {"ingress": [{}, None]}}]
)
def test_any_shape_of_empty_status_is_waiting(status: Any) -> None:
    document = ingress("a.example.com") | {"status": status}
    assert claims_of(document).waiting == ("a.example.com",)


def test_an_entry_of_the_status_may_have_both_address_and_name() -> None:
    document = ingress("a.example.com")
    document["status"]["loadBalancer"]["ingress"] = [{"ip": "192.0.2.1", "hostname": "lb.example.net"}, {}]
    assert [endpoint.targets for endpoint in claims_of(document).endpoints] == [
        ("192.0.2.1",),
        ("lb.example.net",),
    ]


def test_a_bad_ttl_is_told_and_the_record_still_made() -> None:
    claims = claims_of(ingress("a.example.com", ttl="abc"))
    assert claims.endpoints[0].ttl == 0
    assert [problem.reason for problem in claims.problems] == ["InvalidTTL"]
    assert "'abc'" in claims.problems[0].message


def test_a_target_with_spaces_does_not_become_a_record_to_garbage() -> None:
    claims = claims_of(ingress("a.example.com", target="192.0.2.7 192.0.2.8"))
    assert claims.endpoints == ()
    assert claims.waiting == ("a.example.com",)
    assert "'192.0.2.7 192.0.2.8'" in claims.problems[0].message


def test_one_bad_target_does_not_take_the_good_ones_with_it() -> None:
    claims = claims_of(ingress("a.example.com", target="https://lb.example.net/,192.0.2.7,"))
    assert [endpoint.targets for endpoint in claims.endpoints] == [("192.0.2.7",)]
    assert "'https://lb.example.net/'" in claims.problems[0].message


@pytest.mark.parametrize("bad", ["fe80::1%eth0", "192.0.2.1:443"])
def test_an_address_that_no_record_can_hold_does_not_become_one(bad: str) -> None:
    claims = claims_of(ingress("a.example.com", target=f"{bad},192.0.2.1"))
    assert [endpoint.targets for endpoint in claims.endpoints] == [("192.0.2.1",)]
    assert [problem.reason for problem in claims.problems] == ["InvalidName"]
    assert bad in claims.problems[0].message


@pytest.mark.parametrize("doubtful", ["10.0.0.256", "010.0.0.1", "10.0.0"])
def test_a_host_name_that_looks_like_an_address_is_told_of(doubtful: str) -> None:
    (problem,) = claims_of(ingress("a.example.com", ip=doubtful)).problems
    assert f"{doubtful!r} is no IP address" in problem.message


def test_one_bad_host_does_not_take_the_good_ones_with_it() -> None:
    """Pain: a label over 63 octets crashed the controller."""
    claims = claims_of(ingress("x" * 64 + ".example.com", "a.example.com", hostname="bad host.example.com"))
    assert names_of(claims) == ["a.example.com"]
    assert len(claims.problems) == 2
    assert any("64 octets" in problem.message for problem in claims.problems)


@pytest.mark.parametrize("empty", ["", " ", ",", "a.example.com,,", " , a.example.com"])
def test_empty_entries_ask_for_nothing(empty: str) -> None:
    claims = claims_of(ingress("a.example.com", hostname=empty))
    assert names_of(claims) == ["a.example.com"]
    assert claims.problems == ()


@pytest.mark.parametrize("blank", ["", " ", ","])
def test_a_blank_target_annotation_leaves_the_status_in_force(blank: str) -> None:
    assert claims_of(ingress("a.example.com", target=blank)).endpoints[0].targets == ("192.0.2.1",)


@pytest.mark.parametrize(
    "options",
    [
        {"namespace": "other"},
        {"annotation_filter": "tier=front"},
        {"label_filter": "app=shop"},
        {"ingress_classes": ("internal",)},
    ],
)
def test_a_filter_makes_the_object_not_ours(options: dict[str, Any]) -> None:
    assert IngressSource(IngressOptions(**options)).claims(ingress("a.example.com")) is None


def test_an_object_for_another_controller_is_not_ours() -> None:
    source = IngressSource(IngressOptions())
    assert source.claims(ingress("a.example.com", controller="other")) is None
    assert source.claims(ingress("a.example.com", controller="dns-controller")) is not None


def test_the_class_in_the_spec_overrules_the_annotation() -> None:
    source = IngressSource(IngressOptions(ingress_classes=("public",)))
    document = ingress("a.example.com")
    document["metadata"]["annotations"]["kubernetes.io/ingress.class"] = "public"
    assert source.claims(document) is not None
    document["spec"]["ingressClassName"] = "private"
    assert source.claims(document) is None
    document["spec"]["ingressClassName"] = ""
    assert source.claims(document) is not None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"ingress_classes": ("a",), "annotation_filter": "kubernetes.io/ingress.class=a"},
            "exclude each other",
        ),
        ({"ingress_classes": ("not a class",)}, "'not a class'"),
        ({"annotation_filter": "a=b c"}, "selector 'a=b c'"),
        ({"label_filter": "=b"}, "selector '=b'"),
        ({"annotation_prefix": "custom"}, "--annotation-prefix"),
        ({"fqdn_templates": ("{{.Name",)}, "template"),
    ],
)
def test_options_that_cannot_be_are_refused_at_the_start(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        IngressSource(IngressOptions(**options))


def test_a_template_names_objects_that_name_no_host() -> None:
    templated = {"fqdn_templates": ("{{.Name}}.example.org", "{{.Namespace}}.example.org")}
    assert names_of(claims_of(ingress(), **templated)) == ["shop.example.org", "web.example.org"]
    assert names_of(claims_of(ingress("a.example.com"), **templated)) == ["a.example.com"]
    combined = claims_of(ingress("a.example.com"), **templated, combine_fqdn=True)
    assert names_of(combined) == ["a.example.com", "shop.example.org", "web.example.org"]
    assert claims_of(ingress(ip=""), **templated).waiting == ("shop.example.org", "web.example.org")


def test_a_template_sees_the_whole_object_off_the_wire_too() -> None:
    source = IngressSource(IngressOptions(fqdn_templates=("{{.Labels.app}}.example.org",)))
    document = ingress()
    document["metadata"]["labels"] = {"app": "front"}
    claims = source.claims(json.dumps(document).encode())
    assert claims is not None
    assert names_of(claims) == ["front.example.org"]


def test_a_template_that_does_not_fit_leaves_what_is_known_of_the_object_in_force() -> None:
    """Pain: one template error failed the whole source. Here the caller keeps that one object as it was."""
    source = IngressSource(
        IngressOptions(fqdn_templates=("{{index .Spec.Rules 0 | printf}}",), combine_fqdn=True)
    )
    with pytest.raises(ConfigError, match="ingress/web/shop: --fqdn-template does not fit it"):
        source.claims(ingress("a.example.com"))


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ({"metadata": {"name": "shop", "namespace": "web"}, "spec": {"rules": 5}}, "ingress/web/shop"),
        ({"metadata": {"name": "shop", "annotations": {"a": 60}}}, "shop"),
        ({"spec": {}}, "metadata"),
    ],
)
def test_what_is_no_ingress_is_an_error_that_names_it(broken: dict[str, Any], told: str) -> None:
    """Pain: one bad object stops everything. The caller is told, and keeps what it knew of the object."""
    with pytest.raises(ConfigError, match=told):
        IngressSource(IngressOptions()).claims(broken)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["metadata", "spec", "status", "rules", "host", "tls", "hosts", "name", "annotations"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_claims_or_a_config_error(document: Any) -> None:
    source = IngressSource(IngressOptions())
    try:
        source.claims(json.dumps(document).encode())
    except ConfigError:
        return
    assert isinstance(document, dict)


@given(st.binary(max_size=40))
def test_any_bytes_are_claims_or_a_config_error(text: bytes) -> None:
    with pytest.raises(ConfigError):
        IngressSource(IngressOptions()).claims(text)


@given(st.lists(st.text(max_size=12), max_size=3), st.lists(st.text(max_size=12), max_size=3))
def test_nothing_that_can_be_no_name_is_ever_published(hosts: list[str], targets: list[str]) -> None:
    from dnssync.names import host_problem

    claims = claims_of(ingress(*hosts, target=",".join(targets), hostname=",".join(hosts)))
    for endpoint in claims.endpoints:
        assert host_problem(endpoint.dns_name) == ""
        assert endpoint.targets
        assert all(target for target in endpoint.targets)


def test_host_names_that_are_more_than_a_cname_holds_are_told_of() -> None:
    (problem,) = claims_of(ingress("a.example.com", target="lb.example.net,alb.example.net")).problems
    assert problem.reason == "SeveralTargets"
    assert "alb.example.net is taken" in problem.message
    assert claims_of(ingress("a.example.com", target="lb.example.net,192.0.2.1,192.0.2.2")).problems == ()
