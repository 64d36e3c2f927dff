"""From the JSON of an object to the subject of a decision; all else of the object is never decoded. Pure."""

from collections.abc import Callable, Iterable, Mapping
from ipaddress import ip_address
from typing import Any, TypeVar

import msgspec

from dnssync.annotations import Annotations
from dnssync.errors import ConfigError
from dnssync.generation.options import RECORD, GenerationOptions
from dnssync.generation.record import decode_record
from dnssync.generation.subject import Subject
from dnssync.names import ascii_name, host_problem
from dnssync.objects import ObjectRef
from dnssync.sources import RawObject, Resource

INGRESS = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
HTTPROUTE = Resource("gateway.networking.k8s.io", "v1", "httproutes", "HTTPRoute")
GATEWAY = Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway")
SERVICE = Resource("", "v1", "services", "Service")

RESOURCES = {"ingress": INGRESS, "httproute": HTTPROUTE, "service": SERVICE}
"""The kinds that can have generated hostnames, by the word of ``ObjectRef.kind``."""

_CLASS_ANNOTATION = "kubernetes.io/ingress.class"

_T = TypeVar("_T")


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    annotations: dict[str, str] | None = None


class _Named(msgspec.Struct, frozen=True):
    name: str = ""


class _Backend(msgspec.Struct, frozen=True):
    service: _Named | None = None


class _Path(msgspec.Struct, frozen=True):
    backend: _Backend | None = None


class _Http(msgspec.Struct, frozen=True):
    paths: list[_Path] | None = None


class _Rule(msgspec.Struct, frozen=True):
    host: str | None = None
    http: _Http | None = None


class _Tls(msgspec.Struct, frozen=True):
    hosts: list[str] | None = None


class _IngressSpec(msgspec.Struct, frozen=True, rename="camel"):
    ingress_class_name: str | None = None
    rules: list[_Rule] | None = None
    tls: list[_Tls] | None = None


class _Point(msgspec.Struct, frozen=True):
    """An entry of a load balancer's status, or (``value``) of a Gateway's."""

    ip: str | None = None
    hostname: str | None = None
    value: str | None = None


class _LoadBalancer(msgspec.Struct, frozen=True):
    ingress: list[_Point] | None = None


class _Status(msgspec.Struct, frozen=True, rename="camel"):
    load_balancer: _LoadBalancer | None = None
    addresses: list[_Point] | None = None

    def points(self) -> Iterable[_Point]:
        balancer = (self.load_balancer and self.load_balancer.ingress) or []
        return [*balancer, *(self.addresses or [])]


class _Ingress(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: _IngressSpec | None = None
    status: _Status | None = None


class _Parent(msgspec.Struct, frozen=True):
    name: str = ""
    namespace: str | None = None
    kind: str = "Gateway"


class _RouteRule(msgspec.Struct, frozen=True, rename="camel"):
    backend_refs: list[_Named] | None = None


class _RouteSpec(msgspec.Struct, frozen=True, rename="camel"):
    parent_refs: list[_Parent] | None = None
    hostnames: list[str] | None = None
    rules: list[_RouteRule] | None = None


class _Route(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: _RouteSpec | None = None


class _ServiceSpec(msgspec.Struct, frozen=True):
    type: str = ""


class _Service(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: _ServiceSpec | None = None
    status: _Status | None = None


class Gateway(msgspec.Struct, frozen=True):
    """A Gateway, and its addresses."""

    ref: ObjectRef
    addresses: tuple[str, ...]


def read_subject(kind: str, raw: RawObject, options: GenerationOptions) -> Subject:
    """The subject in an object of ``kind`` (``ingress``, ``httproute``, ``service``).

    Raises ConfigError for what is no such object.
    """
    return _READERS[kind](raw, options)


def read_gateway(raw: RawObject) -> Gateway:
    """What matters of a Gateway; ConfigError for what is none."""
    gateway = _decode(raw, _Service, GATEWAY.kind)
    ref = ObjectRef("gateway", gateway.metadata.namespace, gateway.metadata.name)
    return Gateway(ref, _addresses(gateway.status))


def _read_ingress(raw: RawObject, options: GenerationOptions) -> Subject:
    ingress = _decode(raw, _Ingress, INGRESS.kind)
    spec = ingress.spec or _IngressSpec()
    annotations = ingress.metadata.annotations or {}
    rules = spec.rules or []
    return msgspec.structs.replace(
        _subject(
            "ingress",
            ingress.metadata,
            options,
            spec.ingress_class_name or annotations.get(_CLASS_ANNOTATION, ""),
        ),
        rewritable=options.rewrite and bool(rules),
        hosts=_spelt(rule.host or "" for rule in rules) or ("",),
        services=tuple(_first_service(rule) for rule in rules),
        tls=tuple(_spelt(entry.hosts or ()) for entry in spec.tls or ()),
        addresses=_wanted_targets(annotations, options) or _addresses(ingress.status),
    )


def _read_route(raw: RawObject, options: GenerationOptions) -> Subject:
    route = _decode(raw, _Route, HTTPROUTE.kind)
    spec = route.spec or _RouteSpec()
    hosts = _spelt(spec.hostnames or ()) or ("",)
    backends = [backend.name for rule in spec.rules or () for backend in rule.backend_refs or ()]
    return msgspec.structs.replace(
        _subject("httproute", route.metadata, options),
        rewritable=options.rewrite,
        hosts=hosts,
        services=tuple(backends[:1] * len(hosts)),
        parents=tuple(
            ObjectRef("gateway", parent.namespace or route.metadata.namespace, parent.name)
            for parent in spec.parent_refs or ()
            if parent.kind == GATEWAY.kind
        ),
    )


def _read_service(raw: RawObject, options: GenerationOptions) -> Subject:
    service = _decode(raw, _Service, SERVICE.kind)
    balanced = service.spec is not None and service.spec.type == "LoadBalancer"
    return msgspec.structs.replace(
        _subject("service", service.metadata, options),
        hosts=("",) if balanced else (),
        services=(service.metadata.name,),
        addresses=_addresses(service.status),
    )


_READERS: dict[str, Callable[[RawObject, GenerationOptions], Subject]] = {
    "ingress": _read_ingress,
    "httproute": _read_route,
    "service": _read_service,
}


def _subject(kind: str, metadata: _Metadata, options: GenerationOptions, class_name: str = "") -> Subject:
    annotations = metadata.annotations or {}
    text = annotations.get(options.prefix + RECORD, "")
    record = decode_record(text)
    return Subject(
        ref=ObjectRef(kind, metadata.namespace, metadata.name),
        api_version=RESOURCES[kind].api_version,
        uid=metadata.uid,
        version=metadata.resource_version,
        created=metadata.creation_timestamp or "",
        deleting=metadata.deletion_timestamp is not None,
        annotated=bool(annotations),
        generate=options.wish_of(annotations),
        domain=options.domain_for(annotations, class_name),
        template=options.template_for(annotations),
        record=record,
        damaged=bool(text) and not record,
    )


def _spelt(hosts: Iterable[str]) -> tuple[str, ...]:
    """Hosts in one spelling. An API server takes no other; manifest files may have any."""
    return tuple(map(ascii_name, hosts))


def _first_service(rule: _Rule) -> str:
    paths = (rule.http and rule.http.paths) or []
    named = (path.backend.service.name for path in paths if path.backend and path.backend.service)
    return next(named, "")


def _wanted_targets(annotations: Mapping[str, str], options: GenerationOptions) -> tuple[str, ...]:
    """The targets that the owner put in the place of the status: clients shall reach those."""
    return _usable(Annotations(annotations, options.target_prefixes).targets().values)


def _addresses(status: _Status | None) -> tuple[str, ...]:
    points = status.points() if status else ()
    return _usable(text for point in points for text in (point.ip, point.hostname, point.value) if text)


def _usable(texts: Iterable[str]) -> tuple[str, ...]:
    """Canonical spellings, each once; without addresses that hold for one machine only, and what is none."""
    found = (_canonical(text) for text in texts)
    return tuple(dict.fromkeys(text for text in found if text))


def _canonical(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        name = ascii_name(text)
        # The last label of a name is no number (RFC 1123 §2.1): this is an address that is spelt wrong.
        return "" if host_problem(name) or name.rpartition(".")[2].isdigit() else name
    if getattr(address, "scope_id", None) or address.is_unspecified:
        return ""
    return str(address)


def _decode(raw: RawObject, kind: type[_T], word: str) -> _T:
    try:
        if isinstance(raw, Mapping):
            whole: Mapping[str, Any] = raw
            return msgspec.convert(whole, kind)
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{word} cannot be read: {error}") from error
