"""Sources: Kubernetes objects in, claims out. All pure; the bytes come from ``kube`` or ``manifests``."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from dnssync.objects import ObjectClaims, ObjectRef

RawObject = msgspec.Raw | bytes | Mapping[str, Any]
"""One Kubernetes object: JSON text as it came off the wire, or already decoded (from a YAML file)."""


class Resource(NamedTuple):
    """Where a kind lives in the Kubernetes API: ``networking.k8s.io``, ``v1``, ``ingresses``, ``Ingress``."""

    group: str
    version: str
    plural: str
    kind: str

    @property
    def api_version(self) -> str:
        """``apiVersion`` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version


class Source(Protocol):
    """One kind of object that asks for names."""

    name: str
    """external-dns's word for it, as in ``--source ingress``."""
    resource: Resource

    def ref(self, namespace: str, name: str) -> ObjectRef:
        """The identity of an object of this kind."""

    def claims(self, raw: RawObject) -> ObjectClaims | None:
        """What the object asks for; None if a filter says that it is not ours to look at.

        Decodes only the fields that it needs. What is wrong with the object's content becomes a Problem;
        ConfigError is raised only for something that is no such object at all (the caller then keeps
        what it knew of it).
        """


class Sink(Protocol):
    """Where watchers (Kubernetes, manifest files) put what they learn. Thread-safe, never blocks."""

    def seen(self, source: str, claims: ObjectClaims) -> None:
        """An object is there, new or changed."""

    def gone(self, source: str, ref: ObjectRef) -> None:
        """An object was deleted, or a filter no longer lets it through."""

    def listed(self, source: str, refs: frozenset[ObjectRef]) -> None:
        """The source was read whole, after ``seen`` for each of ``refs``: whatever else it had is gone."""

    def failed(self, source: str, error: str) -> None:
        """The source cannot be read at the moment; what is known of it stays as it was."""
