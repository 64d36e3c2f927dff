"""Kubernetes types by Go field names: the table is sound, and fields have their Go types."""

from collections.abc import Mapping
from typing import Any

import pytest

from dnssync.gotemplate import kinds, parse
from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.fields import go_name, struct_types, typed_object, with_zeros
from dnssync.gotemplate.values import NamedString, Pointer, StringMap, Struct

_SCALARS = {"string", "~string", "int", "bool", "any", "labels"}


def _base(type_name: str) -> str:
    return type_name.replace("[]", "").replace("{}", "").removeprefix("*")


def test_every_type_that_the_table_names_is_in_it() -> None:
    types = struct_types()
    for name, fields in types.items():
        for go, field in fields.items():
            assert _base(field.type) in _SCALARS | types.keys(), f"{name}.{go}: {field.type}"
            assert go[0].isupper()
    for names in kinds.KINDS.values():
        assert names <= types.keys()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("host", "Host"),
        ("tls", "TLS"),
        ("ip", "IP"),
        ("ingressClassName", "IngressClassName"),
        ("clusterIP", "ClusterIP"),
        ("apiVersion", "APIVersion"),
        ("dnsNames", "DNSNames"),
        ("ipFamilies", "IPFamilies"),
        ("Port", "Port"),
    ],
)
def test_go_names_follow_from_json_keys(key: str, name: str) -> None:
    assert go_name(key) == name


def _visit(value: Any, type_name: str, seen: set[str]) -> None:
    """Reads every field of every struct that can be reached."""
    if isinstance(value, Struct) and type_name not in seen:
        seen.add(type_name)
        for name, field in struct_types()[type_name].items():
            _visit(value.field(name), _base(field.type), seen)
    elif isinstance(value, list):
        for item in value:
            _visit(item, type_name, seen)


FULL_INGRESS: Mapping[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "x", "ownerReferences": [{}]},
    "spec": {
        "defaultBackend": {"service": {"port": {}}, "resource": {}},
        "tls": [{}],
        "rules": [{"http": {"paths": [{"backend": {}}]}}],
    },
    "status": {"loadBalancer": {"ingress": [{"ports": [{}]}]}},
}


def test_every_field_of_an_ingress_has_a_value_though_the_object_is_bare() -> None:
    seen: set[str] = set()
    _visit(typed_object(FULL_INGRESS), "Ingress", seen)
    assert {"IngressSpec", "IngressRule", "HTTPIngressPath", "IngressTLS", "IngressPortStatus"} <= seen
    _visit(typed_object({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}), "Ingress", set())


def test_fields_have_their_go_types() -> None:
    ingress = typed_object(FULL_INGRESS)
    assert isinstance(ingress.field("Labels"), StringMap)
    assert isinstance(ingress.field("UID"), NamedString)
    spec = ingress.field("Spec")
    assert isinstance(spec, Struct)
    assert spec.field("IngressClassName") == Pointer(None)
    with pytest.raises(LookupError):
        spec.field("ingressClassName")


def test_kinds_of_another_group_are_not_typed() -> None:
    knative = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "x"},
        "spec": {"traffic": [{"tag": "t"}]},
    }
    assert parse("{{(index .Spec.Traffic 0).Tag}}.{{.Name}}").render(knative) == ["t.x"]
    with pytest.raises(TemplateError):
        parse("{{.Spec.Traffic}}").render({**knative, "apiVersion": "v1"})


def test_zeros_are_filled_in_without_touching_the_object() -> None:
    spec = {"rules": [{"host": "a"}]}
    filled = with_zeros("IngressSpec", spec)
    assert filled["tls"] == []
    assert filled["ingressClassName"] is None
    assert filled["rules"][0]["host"] == "a"
    assert filled["rules"][0]["http"] is None
    assert spec == {"rules": [{"host": "a"}]}
