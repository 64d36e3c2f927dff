"""Objects for automatic hostnames, and what becomes of them without an API server."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from dnssync.generation.book import Book
from dnssync.generation.deciding import Decision
from dnssync.generation.options import GenerationOptions
from dnssync.generation.patching import apply_patch, make_patch
from dnssync.generation.reading import read_gateway, read_subject
from dnssync.generation.record import decode_record

DOMAIN = "xip.test"
HOST = "web-default-10-0-0-5.xip.test"
"""What the Ingress ``web`` gets for 10.0.0.5."""

ASKED = {"dnssync.io/generate-hostname": "true"}
RECORD = "dnssync.io/generated-hostnames"

Object = Mapping[str, Any]


def ingress(
    name: str = "web",
    *hosts: str,
    ips: Sequence[str] = (),
    names: Sequence[str] = (),
    namespace: str = "default",
    annotations: Mapping[str, str] | None = None,
    tls: Sequence[Sequence[str]] = (),
    services: Sequence[str] = (),
    class_name: str = "nginx",
) -> dict[str, Any]:
    """An Ingress with a rule for each host (one without a host if there is none)."""
    rules = [
        {
            **({"host": host} if host else {}),
            "http": {"paths": [{"backend": {"service": {"name": service}}}]},
        }
        for host, service in zip(hosts or ("",), services or ["web"] * 9, strict=False)
    ]
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            **({"annotations": dict(annotations)} if annotations else {}),
        },
        "spec": {
            "ingressClassName": class_name,
            "rules": rules,
            **({"tls": [{"hosts": list(entry), "secretName": "s"} for entry in tls]} if tls else {}),
        },
        "status": _status(ips, names),
    }


def _status(ips: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    entries = [*({"ip": ip} for ip in ips), *({"hostname": name} for name in names)]
    return {"loadBalancer": {"ingress": entries}}


def with_status(document: Object, *ips: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """The object after its controller has written another status."""
    return {**document, "status": _status(ips, names)}


def with_annotations(document: Object, **changes: str | None) -> dict[str, Any]:
    """The object with dnssync's annotations set (``_`` for ``-``), or removed where None."""
    annotations = dict(document["metadata"].get("annotations", {}))
    for key, value in changes.items():
        full = "dnssync.io/" + key.replace("_", "-")
        annotations.pop(full, None)
        if value is not None:
            annotations[full] = value
    return {**document, "metadata": {**document["metadata"], "annotations": annotations}}


def hosts(document: Object) -> list[str]:
    """The host of each rule, empty where it has none."""
    return [rule.get("host", "") for rule in document["spec"]["rules"]]


def tls_hosts(document: Object) -> list[list[str]]:
    return [entry["hosts"] for entry in document["spec"]["tls"]]


def recorded(document: Object) -> list[str]:
    """The hosts that the annotation says are ours, in the order of the rules."""
    return [
        entry.host
        for _, entry in sorted(
            decode_record(document["metadata"].get("annotations", {}).get(RECORD, "")).items()
        )
    ]


class Cluster:
    """A book over objects in memory: what is put is decided and patched at once."""

    def __init__(self, *, zones: Sequence[str] | None = (), **options: Any) -> None:
        self.zones = zones
        self.configure(**options)
        self.objects: dict[Any, dict[str, Any]] = {}

    def configure(self, **options: Any) -> None:
        """A new process with these options, which knows nothing."""
        self.options = GenerationOptions(**{"domain": DOMAIN, **options})
        self.book = Book(self.options, self._covered)

    def _covered(self, name: str) -> bool | None:
        if self.zones is None:
            return None
        return any(name == zone or name.endswith("." + zone) for zone in self.zones)

    def gateway(self, document: Object) -> None:
        self.book.set_gateway(read_gateway(document))

    def see(self, document: Object, kind: str = "ingress") -> None:
        """Only show an object."""
        self.book.see(read_subject(kind, document, self.options))

    def decide(self, document: Object, kind: str = "ingress") -> Decision | None:
        """Show an object and decide on it."""
        subject = read_subject(kind, document, self.options)
        self.book.see(subject)
        decided = self.book.decide(subject.ref)
        return decided[1] if decided else None

    def put(self, document: Object, kind: str = "ingress") -> dict[str, Any]:
        """Show an object; what it is after the generator has written to it, which must be final."""
        decision = self.decide(document, kind)
        if decision is None:
            return dict(document)
        subject = self.book.get(read_subject(kind, document, self.options).ref)
        assert subject is not None
        changed = apply_patch(document, make_patch(subject, decision, self.options.prefix))
        again = self.decide(changed, kind)
        assert again is None or not again.changes(read_with_addresses(self.book, changed, kind, self.options))
        return changed


def read_with_addresses(book: Book, document: Object, kind: str, options: GenerationOptions) -> Any:
    subject = read_subject(kind, document, options)
    return book.get(subject.ref) or subject


def spec_text(document: Object) -> bytes:
    """The spec, to the byte."""
    return msgspec.json.encode(document["spec"])


Change = Callable[[Object], Object]
