"""The types that the API double serves, and how its paths are read."""

from typing import NamedTuple
from urllib.parse import unquote


class Kind(NamedTuple):
    """A served type. ``builtin`` is False for custom resources, which behave differently in small ways."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    builtin: bool = True
    generation: bool = False
    needs_version: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """``ingresses.networking.k8s.io``, as messages name it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


INGRESS = Kind("networking.k8s.io", "v1", "ingresses", "Ingress", generation=True)

BUILTIN_KINDS = (
    INGRESS,
    Kind("networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False, generation=True),
    Kind("coordination.k8s.io", "v1", "leases", "Lease", needs_version=True),
    Kind("events.k8s.io", "v1", "events", "Event"),
    Kind("", "v1", "services", "Service"),
    Kind("", "v1", "pods", "Pod"),
    Kind("", "v1", "nodes", "Node", namespaced=False),
    Kind("", "v1", "configmaps", "ConfigMap"),
    Kind("", "v1", "namespaces", "Namespace", namespaced=False),
)


class Target(NamedTuple):
    """What a path is about; ``name`` is empty for a collection."""

    kind: Kind
    namespace: str
    name: str
    subresource: str


class UnknownGroupError(Exception):
    """The group and version are not served at all: 404 as plain text."""


class UnknownResourceError(Exception):
    """The group is served but has no such resource: 404 as a Status."""


def parse_path(path: str, kinds: tuple[Kind, ...]) -> Target:
    """The target of ``/api/v1/…`` or ``/apis/GROUP/VERSION/[namespaces/NS/]PLURAL[/NAME[/SUB]]``."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise UnknownGroupError
    served = [kind for kind in kinds if (kind.group, kind.version) == (group, version)]
    if not served:
        raise UnknownGroupError
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    matching = [kind for kind in served if kind.plural == rest[0]]
    if not matching or len(rest) > 3 or rest[2:] not in ([], ["status"]):
        raise UnknownResourceError
    return Target(matching[0], namespace, *[*rest[1:], "", ""][:2])
