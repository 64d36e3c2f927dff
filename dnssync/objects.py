"""What a source makes of one Kubernetes object: the names that it claims.

The object itself is not kept; ``ObjectClaims`` is all that the rest of the program knows of it.
"""

from typing import Literal

import msgspec

from dnssync.endpoints import Endpoint


class ObjectRef(msgspec.Struct, frozen=True, gc=False, order=True):
    """The identity of a Kubernetes object; ``kind`` is the word of external-dns's resource label."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """``ingress/namespace/name``, as it stands in the ``resource`` label of an ownership record."""
        return f"{self.kind}/{self.namespace}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "ObjectRef":
        """The object that a ``resource`` label names; any text names one."""
        kind, _, rest = text.partition("/")
        namespace, _, name = rest.rpartition("/")
        return cls(kind, namespace, name)


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Something about an object that its owner should hear: a bad annotation, a name that cannot exist."""

    reason: str
    message: str
    severity: Literal["warning", "info"] = "warning"


class ObjectClaims(msgspec.Struct, frozen=True, gc=False):
    """Everything that one object asks of DNS.

    ``waiting`` are the hosts that it asks for but has no target for yet: the flap guard must know them
    apart from hosts that nobody asks for any more. ``uid`` and ``api_version`` are for Events. ``encoded``
    are those of the hosts that carry their address: a wildcard resolver answers them without a record.
    """

    ref: ObjectRef
    endpoints: tuple[Endpoint, ...] = ()
    waiting: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    uid: str = ""
    api_version: str = ""
    encoded: tuple[str, ...] = ()
