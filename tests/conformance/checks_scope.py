"""Files of recorded cases that wait for parity work; each says for what."""

from tests.conformance.registry import Check, OutOfScope, always

CHECKS: dict[str, Check] = {}

_SOURCES = (
    "crd",
    "gateway_routes",
    "istio_gateway",
    "istio_virtualservice",
    "node",
    "pod",
    "service",
    "traefik_proxy",
    "unstructured",
)

OUT_OF_SCOPE = [
    *(OutOfScope(f"source_{name}.json", always, f"the source {name} is not built yet") for name in _SOURCES),
    OutOfScope("rfc2136_apply.json", always, "the RFC 2136 provider is not built yet"),
    OutOfScope("rfc2136_records.json", always, "the RFC 2136 provider is not built yet"),
    OutOfScope("wrapper_ptr.json", always, "generated PTR records are not built yet"),
]
