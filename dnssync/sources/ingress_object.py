"""The fields of an Ingress that are read, and how they come out of JSON; all else is never decoded."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from dnssync.errors import ConfigError
from dnssync.objects import ObjectRef
from dnssync.sources import RawObject

_T = TypeVar("_T")


class Metadata(msgspec.Struct, frozen=True):
    """What is read of ``metadata``."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    annotations: dict[str, str] | None = None
    labels: dict[str, str] | None = None


class Rule(msgspec.Struct, frozen=True):
    """An entry of ``spec.rules``."""

    host: str | None = None


class Tls(msgspec.Struct, frozen=True):
    """An entry of ``spec.tls``."""

    hosts: list[str] | None = None


class Spec(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of ``spec``."""

    ingress_class_name: str | None = None
    rules: list[Rule | None] | None = None
    tls: list[Tls | None] | None = None


class LoadBalancerIngress(msgspec.Struct, frozen=True):
    """An entry of ``status.loadBalancer.ingress``."""

    ip: str | None = None
    hostname: str | None = None


class LoadBalancer(msgspec.Struct, frozen=True):
    """What is read of ``status.loadBalancer``."""

    ingress: list[LoadBalancerIngress | None] | None = None


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """What is read of ``status``."""

    load_balancer: LoadBalancer | None = None


class Ingress(msgspec.Struct, frozen=True):
    """What is read of an Ingress; absent and null mean the same."""

    metadata: Metadata
    spec: Spec | None = None
    status: Status | None = None

    @property
    def ref(self) -> ObjectRef:
        """Its identity."""
        return ObjectRef("ingress", self.metadata.namespace, self.metadata.name)

    @property
    def annotations(self) -> Mapping[str, str]:
        """``metadata.annotations``, empty if unset."""
        return self.metadata.annotations or {}

    @property
    def labels(self) -> Mapping[str, str]:
        """``metadata.labels``, empty if unset."""
        return self.metadata.labels or {}

    @property
    def class_name(self) -> str:
        """``spec.ingressClassName``, empty if unset; the older annotation is not looked at here."""
        return (self.spec and self.spec.ingress_class_name) or ""

    def rule_hosts(self) -> Iterator[str]:
        """The hosts of the rules that have one."""
        for rule in (self.spec and self.spec.rules) or ():
            if rule and rule.host:
                yield rule.host

    def tls_hosts(self) -> Iterator[str]:
        """The hosts of all ``spec.tls`` entries."""
        for entry in (self.spec and self.spec.tls) or ():
            yield from filter(None, (entry and entry.hosts) or ())

    def addresses(self) -> Iterator[str]:
        """Address and host name of each entry of the load balancer's status, as far as they are set."""
        balancer = self.status and self.status.load_balancer
        for entry in (balancer and balancer.ingress) or ():
            if entry:
                yield from filter(None, (entry.ip, entry.hostname))


class _Name(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Named(msgspec.Struct):
    metadata: _Name


def decode(raw: RawObject) -> Ingress:
    """The Ingress in the JSON text or decoded document; ConfigError that names it if it is none."""
    try:
        return _convert(raw, Ingress)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"{_describe(raw)} cannot be read: {error}") from error


def _convert(raw: RawObject, kind: type[_T]) -> _T:
    return msgspec.convert(raw, kind) if isinstance(raw, Mapping) else msgspec.json.decode(raw, type=kind)


def _describe(raw: RawObject) -> str:
    try:
        name = _convert(raw, _Named).metadata
    except msgspec.MsgspecError:
        return "an Ingress without a readable name"
    return str(ObjectRef("ingress", name.namespace, name.name))
