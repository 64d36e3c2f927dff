"""Objects as a real server takes them: complete, and with nothing that it would refuse."""

from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]

INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
ASKED = {"dnssync.io/generate-hostname": "true"}
GATEWAY_API = "/apis/gateway.networking.k8s.io/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def ingresses(namespace: str) -> str:
    """The path of a namespace's Ingresses."""
    return f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses"


def ingress(
    name: str,
    *hosts: str,
    annotations: Mapping[str, str] | None = None,
    tls: Sequence[str] = (),
    finalizers: Sequence[str] = (),
) -> Object:
    """An Ingress with a rule for each host; one without a host if there is none."""
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    http = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    metadata: Object = {"name": name}
    if annotations:
        metadata["annotations"] = dict(annotations)
    if finalizers:
        metadata["finalizers"] = list(finalizers)
    spec: Object = {"ingressClassName": "nginx"}
    if tls:
        spec["tls"] = [{"hosts": list(tls), "secretName": "web-tls"}]
    spec["rules"] = [{**({"host": host} if host else {}), "http": http} for host in hosts or ("",)]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def status(*entries: Mapping[str, Any]) -> Object:
    """What a controller patches into the status of an Ingress or a Service."""
    return {"status": {"loadBalancer": {"ingress": [dict(entry) for entry in entries]}}}


def definition(plural: str, kind: str, *, with_status: bool) -> Object:
    """A custom resource definition of the Gateway API's group that keeps whatever it is given."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        **({"subresources": {"status": {}}} if with_status else {}),
    }
    group = "gateway.networking.k8s.io"
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{group}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
        },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [version],
        },
    }
