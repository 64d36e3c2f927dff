"""The subject: what matters of an object for its hostnames, whatever its kind. Pure."""

import msgspec

from dnssync.generation.record import Record, hosts_of, placeholders, unique
from dnssync.objects import ObjectRef


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """An Ingress, an HTTPRoute or a Service.

    ``hosts`` has the host of each rule, empty where the rule has none; of an HTTPRoute its hostnames. An
    object without rules counts as one rule without a host. ``services`` are the backends of the rules,
    ``tls`` the hosts of each ``spec.tls`` entry. All hosts are in the spelling of ``ascii_name``.
    ``addresses`` are those of the load balancer in its order: canonical IP addresses and host names.
    ``parents`` are the Gateways of an HTTPRoute.

    ``created`` is when the API server made the object (RFC 3339, UTC), which nobody can forge.

    ``generate`` is the opt-in annotation, ``domain`` and ``template`` are in effect for this object,
    ``record`` is what the object says is ours, ``damaged`` whether nothing of it can be believed.
    ``rewritable`` says whether hosts may be written into its
    spec, ``annotated`` whether it has annotations at all.
    """

    ref: ObjectRef
    api_version: str = ""
    uid: str = ""
    version: str = ""
    created: str = ""
    deleting: bool = False
    annotated: bool = False
    rewritable: bool = False
    generate: str = ""
    domain: str = ""
    template: str = ""
    record: Record = {}
    damaged: bool = False
    hosts: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    tls: tuple[tuple[str, ...], ...] = ()
    addresses: tuple[str, ...] = ()
    parents: tuple[ObjectRef, ...] = ()

    @property
    def concerned(self) -> bool:
        """Whether the object has, or asks for, a generated hostname."""
        return bool(self.record or self.generate) or self.domain in self.hosts

    def claimed(self) -> tuple[str, ...]:
        """Every host that the object has, written by a person or made by us."""
        placeholders = self.placeholders()
        named = (*self.hosts, *(host for entry in self.tls for host in entry), *hosts_of(self.record))
        return unique(host for host in named if host and host not in placeholders)

    def placeholders(self) -> frozenset[str]:
        """The bare domains that stand for a host to be made."""
        return placeholders(self.domain, self.record, self.generate)
