"""Other kinds than Ingresses, per-class and per-object wishes, public services, and in-memory hostnames."""

import re
from ipaddress import ip_address
from typing import Any

import msgspec
import pytest

from dnssync.cli.options import parse_settings
from dnssync.computing import endpoints, generation_options
from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError
from dnssync.generation.endpoints import HostnameSource
from dnssync.generation.tap import TappedSource
from dnssync.sources.ingress import IngressOptions, IngressSource
from tests.generation.cluster import (
    ASKED,
    DOMAIN,
    HOST,
    Cluster,
    hosts,
    ingress,
    recorded,
    with_annotations,
    with_status,
)


def route(*hostnames: str, **annotations: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "default", "annotations": {**ASKED, **annotations}},
        "spec": {
            "parentRefs": [{"name": "gate", "namespace": "infra"}],
            **({"hostnames": list(hostnames)} if hostnames else {}),
            "rules": [{"backendRefs": [{"name": "front"}]}],
        },
    }


def gateway(*addresses: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "gate", "namespace": "infra"},
        "status": {"addresses": [{"type": "IPAddress", "value": address} for address in addresses]},
    }


def service(*ips: str, kind: str = "LoadBalancer") -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "namespace": "default", "annotations": dict(ASKED)},
        "spec": {"type": kind},
        "status": {"loadBalancer": {"ingress": [{"ip": ip} for ip in ips]}},
    }


def test_a_route_gets_a_hostname_with_the_address_of_its_gateway() -> None:
    cluster = Cluster()
    assert cluster.put(route(), "httproute") == route()
    cluster.gateway(gateway("10.0.0.5"))
    item = cluster.put(route(), "httproute")
    assert item["spec"]["hostnames"] == [HOST]
    cluster.gateway(gateway("10.0.0.6"))
    moved = cluster.put(item, "httproute")
    assert moved["spec"]["hostnames"] == ["web-default-10-0-0-6.xip.test"]
    back = cluster.put(with_annotations(moved, generate_hostname="false"), "httproute")
    assert "hostnames" not in back["spec"]


def test_an_own_hostname_of_a_route_that_is_the_very_one_we_would_make_stays() -> None:
    cluster = Cluster()
    cluster.gateway(gateway("10.0.0.5"))
    item = cluster.put(route(HOST, DOMAIN), "httproute")
    own, made = item["spec"]["hostnames"]
    assert own == HOST != made
    back = cluster.put(with_annotations(item, generate_hostname="false"), "httproute")
    assert back["spec"]["hostnames"] == [HOST, DOMAIN]


def test_own_hostnames_of_a_route_stay_beside_the_generated_one() -> None:
    cluster = Cluster()
    cluster.gateway(gateway("10.0.0.5"))
    item = cluster.put(route("www.example.com", DOMAIN), "httproute")
    assert item["spec"]["hostnames"] == ["www.example.com", HOST]
    assert cluster.put(route("www.example.com"), "httproute")["spec"]["hostnames"] == ["www.example.com"]


def test_a_load_balancer_service_gets_an_annotation_only() -> None:
    cluster = Cluster()
    item = cluster.put(service("10.0.0.5"), "service")
    assert recorded(item) == [HOST]
    assert item["spec"] == {"type": "LoadBalancer"}
    assert recorded(cluster.put(service("10.0.0.5", kind="ClusterIP"), "service")) == []


def test_the_hostnames_of_routes_and_services_become_records() -> None:
    cluster = Cluster()
    item = cluster.put(service("10.0.0.5"), "service")
    claims = HostnameSource("service", cluster.options).claims(item)
    assert claims is not None
    assert claims.endpoints == (
        Endpoint(HOST, "A", ("10.0.0.5",), labels={"resource": "service/default/web"}),
    )
    assert claims.encoded == (HOST,)


def test_an_ingress_with_nothing_but_a_default_backend_gets_an_annotation() -> None:
    item = ingress(ips=["10.0.0.5"], annotations=ASKED)
    item["spec"] = {"defaultBackend": {"service": {"name": "web"}}}
    made = Cluster().put(item)
    assert recorded(made) == [HOST]
    assert made["spec"] == item["spec"]


def test_classes_and_objects_can_have_a_domain_and_a_template_of_their_own() -> None:
    cluster = Cluster(class_domains={"internal": "int.example.com"})
    item = ingress(ips=["10.0.0.5"], annotations=ASKED, class_name="internal")
    assert hosts(cluster.put(item)) == ["web-default-10-0-0-5.int.example.com"]
    own = with_annotations(item, hostname_domain="Own.Example.", hostname_template="{name}.{ip}.{domain}")
    assert hosts(cluster.put(own)) == ["web.10.0.0.5.own.example"]


@pytest.mark.parametrize(
    "wish", [{"hostname_domain": "not a domain"}, {"hostname_template": "{nmae}-{ip}.{domain}"}]
)
def test_a_wish_that_cannot_be_is_explained_and_what_was_there_stays(wish: dict[str, str]) -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    decision = cluster.decide(with_annotations(item, **wish))
    assert decision is not None
    assert decision.hosts == (HOST,)
    assert decision.complaint is not None
    assert next(iter(wish.values())) in decision.complaint.text


def test_an_opt_in_that_is_no_truth_value_is_told() -> None:
    item = ingress(ips=["10.0.0.5"], annotations={"dnssync.io/generate-hostname": "yes"})
    decision = Cluster().decide(item)
    assert decision is not None
    assert decision.complaint is not None
    assert "dnssync.io/generate-hostname: 'yes'" in decision.complaint.text
    assert decision.hosts == ("",)


def test_a_record_that_cannot_be_believed_is_told_where_it_makes_a_host_the_owners() -> None:
    cluster = Cluster()
    item = cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED))
    decision = cluster.decide(with_annotations(item, generated_hostnames="{oops"))
    assert decision is not None and decision.complaint is not None
    assert decision.hosts == (HOST,)
    assert "dnssync.io/generated-hostnames" in decision.complaint.text
    fresh = ingress(ips=["10.0.0.5"], annotations={**ASKED, "dnssync.io/generated-hostnames": "{oops"})
    renewed = cluster.decide(fresh)
    assert renewed is not None and renewed.complaint is None
    assert renewed.hosts == (HOST,)


def test_an_opt_in_that_became_no_truth_value_takes_nothing_away() -> None:
    cluster = Cluster()
    item = with_annotations(
        cluster.put(ingress(ips=["10.0.0.5"], annotations=ASKED)), generate_hostname="ture"
    )
    assert hosts(cluster.put(item)) == [HOST]
    decision = cluster.decide(item)
    assert decision is not None and decision.complaint is not None
    assert HOST in decision.complaint.text
    assert hosts(cluster.put(with_status(item, "10.0.0.6"))) == ["web-default-10-0-0-6.xip.test"]


def test_the_target_annotation_stands_in_the_place_of_the_status() -> None:
    item = ingress(
        ips=["10.0.0.5"], annotations={**ASKED, "external-dns.kubernetes.io/target": "203.0.113.5"}
    )
    assert hosts(Cluster().put(item)) == ["web-default-203-0-113-5.xip.test"]


def test_names_that_a_public_service_would_read_otherwise_are_marked() -> None:
    item = ingress("web-1", ips=["10.0.0.5"], namespace="2", annotations=ASKED)
    assert hosts(Cluster().put(item)) == ["web-1-2-10-0-0-5.xip.test"]
    (host,) = hosts(Cluster(domain="sslip.io").put(item))
    assert host.startswith("web-1-2-")
    assert host.endswith("-10-0-0-5.sslip.io")
    assert host != "web-1-2-10-0-0-5.sslip.io"


@pytest.mark.parametrize("domain", ["sslip.io", "nip.io", "team-1.sslip.io"])
@pytest.mark.parametrize("form", ["auto", "hex"])
@pytest.mark.parametrize("ip", ["10.0.0.5", "2001:db8::1"])
@pytest.mark.parametrize("name", ["v-1-2-3-4", "v-1-2-3-4-9", "web-20240101", "deadbeef", "1-2-3", "web"])
def test_a_public_service_finds_no_other_address_in_a_name(
    name: str, ip: str, form: str, domain: str
) -> None:
    cluster = Cluster(domain=domain, form=form)
    item = cluster.put(ingress(name, ips=[ip], annotations=ASKED))
    (host,) = hosts(item)
    before = host.removesuffix(".io")
    dashed = re.findall(r"(?<![^.-])(?=(\d{1,3}(?:([.-])\d{1,3}){3})(?![^.-]))", before)
    found = {text.replace("-", ".") for text, _ in dashed}
    if not found:
        found = {
            str(ip_address(int(text, 16))) for text in re.findall(r"(?<![^.-])[0-9a-f]{8}(?![^.-])", before)
        }
    assert found <= {ip}
    assert cluster.put(item) == item


def test_an_address_that_a_public_service_would_read_otherwise_is_told() -> None:
    item = ingress(ips=["2001:db8:0:1:2:3:4:5"], annotations=ASKED)
    decision = Cluster(domain="sslip.io").decide(item)
    assert decision is not None and decision.complaint is not None
    assert decision.hosts == ("",)
    assert "'sslip.io' give no name that encodes 2001:db8:0:1:2:3:4:5" in decision.complaint.text


def test_an_object_that_is_being_deleted_is_left_alone() -> None:
    item = ingress(ips=["10.0.0.5"], annotations=ASKED)
    item["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert Cluster().put(item) == item


def claims(document: dict[str, Any], cluster: Cluster) -> dict[str, tuple[str, ...]]:
    found = IngressSource(IngressOptions(generation=cluster.options)).claims(document)
    assert found is not None
    return {endpoint.dns_name: endpoint.targets for endpoint in found.endpoints}


@pytest.mark.parametrize("rewrite", [True, False])
def test_the_ingress_source_asks_for_generated_hosts_and_not_for_the_bare_domain(rewrite: bool) -> None:
    cluster = Cluster(rewrite=rewrite)
    item = ingress("web", DOMAIN, "own.example", ips=["10.0.0.5"], tls=[[DOMAIN]])
    assert claims(item, cluster) == {"own.example": ("10.0.0.5",)}
    assert claims(cluster.put(item), cluster) == {"own.example": ("10.0.0.5",), HOST: ("10.0.0.5",)}
    plain = IngressSource(IngressOptions()).claims(item)
    assert plain is not None
    assert [endpoint.dns_name for endpoint in plain.endpoints] == [DOMAIN, "own.example"]


def test_the_bare_domain_is_a_host_like_any_other_where_no_hostname_is_wanted() -> None:
    cluster = Cluster()
    item = ingress("web", DOMAIN, ips=["10.0.0.5"], annotations={"dnssync.io/generate-hostname": "false"})
    assert cluster.put(item) == item
    assert claims(item, cluster) == {DOMAIN: ("10.0.0.5",)}


def test_another_annotation_prefix_is_used_for_everything() -> None:
    settings = parse_settings(
        ["--generate-hostnames", "--hostname-domain=xip.test", "--annotation-prefix=team.example/"]
    )
    options = generation_options(settings)
    assert options is not None
    cluster = Cluster(prefix=options.prefix, target_prefixes=options.target_prefixes)
    item = ingress(ips=["10.0.0.5"], annotations={"team.example/generate-hostname": "true"})
    made = cluster.put(item)
    assert hosts(made) == [HOST]
    assert "team.example/generated-hostnames" in made["metadata"]["annotations"]
    ours = ingress(ips=["10.0.0.5"], annotations=ASKED)
    assert cluster.put(ours) == ours


def test_hostnames_of_files_live_in_memory() -> None:
    item = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        **ingress(ips=["10.0.0.5"], annotations=ASKED),
    }
    before = msgspec.json.encode(item)
    settings = parse_settings(["--generate-hostnames", "--hostname-domain=xip.test"])
    assert [endpoint.dns_name for endpoint in endpoints([item], settings)] == [HOST]
    assert msgspec.json.encode(item) == before


def test_a_file_that_changes_its_address_changes_the_name_and_a_sticky_one_stays() -> None:
    from dnssync.computing import generating, sources

    told: list[str] = []
    settings = parse_settings(["--generate-hostnames", "--hostname-domain=xip.test"])
    (source,) = generating(settings, sources(settings), lambda subject, note: told.append(note.reason))
    item = ingress(ips=["10.0.0.5", "10.0.0.6"], annotations=ASKED)

    def names(document: dict[str, Any]) -> list[str]:
        found = source.claims(document)
        assert found is not None
        return sorted({endpoint.dns_name for endpoint in found.endpoints})

    assert names(item) == [HOST]
    assert names(with_status(item, "10.0.0.6", "10.0.0.5")) == [HOST]
    assert names(with_status(item, "10.0.0.6")) == ["web-default-10-0-0-6.xip.test"]
    assert told == ["HostnameGenerated", "HostnameChanged"]
    source.gone("ingress", source.ref("default", "web"))
    assert names(item) == [HOST]


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["--generate-hostnames"], "--hostname-domain"),
        (
            ["--generate-hostnames", "--hostname-domain=a.test", "--hostname-template={name}"],
            "--hostname-template",
        ),
        (["--generate-hostnames", "--hostname-domain=a.test", "--hostname-writes=0"], "--hostname-writes"),
        (["--generate-hostnames", "--hostname-domain=a.test", "--once"], "--once"),
        (
            [
                "--generate-hostnames",
                "--hostname-domain=a.test",
                "--hostname-kind=httproute",
                "--manifests=.",
            ],
            "httproute",
        ),
        (["--hostname-domain=a b"], "--hostname-domain"),
        (["--hostname-class-domain=a.test"], "CLASS=DOMAIN"),
        (["--hostname-server=ns.example"], "--hostname-server"),
        (["--hostname-mode=magic"], "--hostname-mode"),
    ],
)
def test_options_that_cannot_be_are_refused_in_words(flags: list[str], word: str) -> None:
    from dnssync.coherence import check

    with pytest.raises(ConfigError, match=word):
        check(parse_settings(flags), needs_provider=False)


def test_the_filters_of_the_source_hold_for_the_generator_too() -> None:
    shown: list[object] = []
    source = TappedSource(IngressSource(IngressOptions(ingress_classes=("nginx",))), shown.append)
    mine, other = ingress(class_name="nginx"), ingress(class_name="other")
    assert source.claims(mine) is not None
    assert source.claims(other) is None
    assert shown == [mine]
