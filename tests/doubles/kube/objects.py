"""Objects to fill the API double with."""

from collections.abc import Iterator, Sequence
from typing import Any


def ingress(
    name: str,
    *,
    hosts: Sequence[str] = (),
    addresses: Sequence[str] = (),
    namespace: str = "default",
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    """An Ingress with a rule for each host, and the addresses that a controller has given it."""
    metadata: dict[str, Any] = {"namespace": namespace, "name": name}
    if labels:
        metadata["labels"] = labels
    if annotations:
        metadata["annotations"] = annotations
    return {
        "metadata": metadata,
        "spec": {
            "ingressClassName": "nginx",
            "rules": [_rule(host) for host in hosts or [f"{name}.example.test"]],
        },
        "status": {"loadBalancer": {"ingress": [_entry(address) for address in addresses]}},
    }


def many_ingresses(count: int) -> Iterator[dict[str, Any]]:
    """``count`` Ingresses of about two kilobytes, with two managers' fields, as real ones are."""
    for index in range(count):
        name = f"app-{index:06d}"
        address = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}"
        item = ingress(
            name,
            hosts=[f"{name}.example.test"],
            addresses=[address],
            namespace=f"team-{index % 50:02d}",
            annotations={
                "nginx.ingress.kubernetes.io/proxy-body-size": "8m",
                "example.test/owner": "platform",
            },
        )
        item["metadata"]["managedFields"] = [_managed("helm"), _managed("nginx-ingress-controller")]
        yield item


def _rule(host: str) -> dict[str, Any]:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    return {"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}


def _entry(address: str) -> dict[str, str]:
    is_address = ":" in address or address.replace(".", "").isdigit()
    return {"ip": address} if is_address else {"hostname": address}


def _managed(manager: str) -> dict[str, Any]:
    fields: dict[str, Any] = {f"f:example.test/annotation-{index}": {} for index in range(12)}
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "networking.k8s.io/v1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {
            "f:metadata": {"f:annotations": fields},
            "f:spec": {"f:rules": {}, "f:ingressClassName": {}},
        },
    }
