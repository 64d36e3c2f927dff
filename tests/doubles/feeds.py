"""The two ends of a watcher in tests: a plain source that decodes Ingresses, and a sink that remembers."""

import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from dnssync.endpoints import new_endpoint
from dnssync.errors import ConfigError
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.sources import RawObject, Resource

INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")


class _Metadata(msgspec.Struct, frozen=True):
    name: str
    namespace: str = ""
    labels: dict[str, str] | None = None


class _Rule(msgspec.Struct, frozen=True):
    host: str = ""


class _Spec(msgspec.Struct, frozen=True):
    rules: list[_Rule] | None = None


class _Address(msgspec.Struct, frozen=True):
    ip: str = ""


class _LoadBalancer(msgspec.Struct, frozen=True):
    ingress: list[_Address] | None = None


class _Status(msgspec.Struct, frozen=True):
    loadBalancer: _LoadBalancer = _LoadBalancer()


class _Ingress(msgspec.Struct, frozen=True):
    metadata: _Metadata
    spec: _Spec = _Spec()
    status: _Status = _Status()


_decoder = msgspec.json.Decoder(_Ingress)


class PlainSource:
    """Every rule's host, with the addresses of the status; passes over what is labelled ``ignore``."""

    name = "ingress"
    resource = INGRESSES

    def ref(self, namespace: str, name: str) -> ObjectRef:
        return ObjectRef("ingress", namespace, name)

    def claims(self, raw: RawObject) -> ObjectClaims | None:
        try:
            if isinstance(raw, bytes | msgspec.Raw):
                item = _decoder.decode(raw)
            else:
                item = msgspec.convert(raw, _Ingress)
        except msgspec.ValidationError as error:
            raise ConfigError(f"no Ingress: {error}") from None
        if "ignore" in (item.metadata.labels or {}):
            return None
        targets = tuple(address.ip for address in item.status.loadBalancer.ingress or [])
        endpoints = tuple(new_endpoint(rule.host, "A", targets) for rule in item.spec.rules or [])
        return ObjectClaims(self.ref(item.metadata.namespace, item.metadata.name), endpoints)


class RecordingSink:
    """Holds what it was told: ``calls`` in order, and ``present``, the state that follows from them."""

    def __init__(self) -> None:
        self._told = threading.Condition(threading.RLock())
        self.calls: list[tuple[str, Any]] = []
        self.present: dict[ObjectRef, ObjectClaims] = {}

    def seen(self, source: str, claims: ObjectClaims) -> None:
        with self._told:
            self.present[claims.ref] = claims
            self._note("seen", claims.ref)

    def gone(self, source: str, ref: ObjectRef) -> None:
        with self._told:
            self.present.pop(ref, None)
            self._note("gone", ref)

    def listed(self, source: str, refs: frozenset[ObjectRef]) -> None:
        with self._told:
            self.present = {ref: claims for ref, claims in self.present.items() if ref in refs}
            self._note("listed", refs)

    def failed(self, source: str, error: str) -> None:
        with self._told:
            self._note("failed", error)

    def _note(self, what: str, value: Any) -> None:
        self.calls.append((what, value))
        self._told.notify_all()

    def count(self, what: str) -> int:
        """How often one of the four was called."""
        with self._told:
            return sum(1 for name, _ in self.calls if name == what)

    def errors(self) -> list[str]:
        """The texts of all failures."""
        with self._told:
            return [value for name, value in self.calls if name == "failed"]

    def names(self) -> set[str]:
        """The names of the objects that are present."""
        with self._told:
            return {ref.name for ref in self.present}

    def hosts(self) -> dict[str, tuple[str, ...]]:
        """Host to targets, of all objects that are present."""
        with self._told:
            return {
                endpoint.dns_name: endpoint.targets
                for claims in self.present.values()
                for endpoint in claims.endpoints
            }

    def wait_for(self, condition: Callable[["RecordingSink"], bool], *, seconds: float = 10.0) -> None:
        """Wait until ``condition`` holds; AssertionError if it does not in time."""
        deadline = time.monotonic() + seconds
        with self._told:
            while not condition(self):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not within {seconds}s; last calls: {self.calls[-6:]}")
                self._told.wait(left)
