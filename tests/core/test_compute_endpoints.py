"""``dnssync.compute_endpoints``: objects and flags in, endpoints out."""

from typing import Any

import pytest

import dnssync
from dnssync import computing
from dnssync.cli.options import parse_settings
from dnssync.errors import ConfigError


def ingress(name: str, host: str, ip: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "web"} | metadata,
        "spec": {"rules": [{"host": host}]},
        "status": {"loadBalancer": {"ingress": [{"ip": ip}]}},
    }


def test_ingresses_of_one_host_are_merged_the_same_way_in_any_order() -> None:
    """Pain: the same host in several objects, merged under a label that changed by itself."""
    one, two = ingress("b", "a.example.com", "192.0.2.2"), ingress("a", "a.example.com", "192.0.2.1")
    forth, back = dnssync.compute_endpoints([one, two], []), dnssync.compute_endpoints([two, one], [])
    assert forth == back
    assert [(endpoint.targets, endpoint.labels) for endpoint in forth] == [
        (("192.0.2.1", "192.0.2.2"), {"resource": "ingress/web/a"})
    ]


def test_objects_that_no_source_reads_are_left_out() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}
    old = ingress("old", "a.example.com", "192.0.2.1") | {"apiVersion": "extensions/v1beta1"}
    assert dnssync.compute_endpoints([service, old, {}], ["--source=ingress"]) == []


def test_a_source_named_twice_is_read_once() -> None:
    readers = computing.sources(parse_settings(["--source=ingress", "--source=ingress"]))
    assert [source.name for source in readers] == ["ingress"]


def test_flags_reach_the_source() -> None:
    objects = [
        ingress(
            "a", "a.example.com", "192.0.2.1", labels={"app": "shop"}, annotations={"mine/hostname": "b.org"}
        ),
        ingress("b", "c.example.com", "192.0.2.1"),
    ]
    flags = ["--label-filter=app=shop", "--annotation-prefix=mine/", "--ignore-ingress-rules-spec"]
    assert [endpoint.dns_name for endpoint in dnssync.compute_endpoints(objects, flags)] == ["b.org"]


def test_a_template_that_does_not_fit_is_an_error_that_names_the_object() -> None:
    objects = [ingress("a", "", "192.0.2.1")]
    with pytest.raises(ConfigError, match="ingress/web/a: --fqdn-template does not fit"):
        dnssync.compute_endpoints(objects, ["--fqdn-template={{index . 0}}"])


@pytest.mark.parametrize("flag", ["--no-such-flag", "--annotation-filter=a=b c"])
def test_bad_flags_are_config_errors(flag: str) -> None:
    with pytest.raises(ConfigError):
        dnssync.compute_endpoints([], [flag])


@pytest.mark.parametrize("option", ["--label-filter", "--annotation-filter"])
def test_a_selector_that_cannot_be_read_is_told_with_its_option(option: str) -> None:
    with pytest.raises(ConfigError, match=f"{option}: selector 'app in': found the end"):
        dnssync.compute_endpoints([], [f"{option}=app in"])
