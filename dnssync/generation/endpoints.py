"""What generated hostnames ask of DNS: the records of the hosts that stand in an object's record. Pure."""

from dnssync.endpoints import LABEL_RESOURCE, Endpoint, new_endpoint, suitable_type
from dnssync.generation.options import GenerationOptions
from dnssync.generation.reading import GATEWAY, RESOURCES, read_gateway, read_subject
from dnssync.generation.record import Entry, encoded_hosts
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.sources import RawObject, Resource


class HostnameSource:
    """HTTPRoutes or Services (``kind``), read for nothing but their generated hostnames."""

    def __init__(self, kind: str, options: GenerationOptions) -> None:
        self._kind = kind
        self._options = options
        self.name = f"{kind}-hostnames"
        self.resource: Resource = RESOURCES[kind]

    def ref(self, namespace: str, name: str) -> ObjectRef:
        """See ``Source``."""
        return ObjectRef(self._kind, namespace, name)

    def claims(self, raw: RawObject) -> ObjectClaims | None:
        """A record for each host that was made for the object; see ``Source``."""
        subject = read_subject(self._kind, raw, self._options)
        labels = {LABEL_RESOURCE: str(subject.ref)}
        unique = {entry.host: entry for entry in subject.record.values() if entry.address}
        return ObjectClaims(
            subject.ref,
            endpoints=tuple(_endpoint(entry, labels) for entry in unique.values()),
            uid=subject.uid,
            api_version=subject.api_version,
            encoded=encoded_hosts(subject.record),
        )


class GatewaySource:
    """Gateways, for the addresses of their routes; they claim no names."""

    name = "gateways"
    resource = GATEWAY

    def ref(self, namespace: str, name: str) -> ObjectRef:
        """See ``Source``."""
        return ObjectRef("gateway", namespace, name)

    def claims(self, raw: RawObject) -> ObjectClaims | None:
        """Nothing but that it is there; see ``Source``."""
        return ObjectClaims(read_gateway(raw).ref)


def _endpoint(entry: Entry, labels: dict[str, str]) -> Endpoint:
    return new_endpoint(entry.host, suitable_type(entry.address), (entry.address,), labels=labels)
