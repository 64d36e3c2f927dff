"""Who has which host: so that no two objects get one generated name. Plain data without threads."""

from dnssync.generation.record import hosts_of
from dnssync.generation.subject import Subject
from dnssync.objects import ObjectRef


class Claims:
    """Host → the objects that have it, and whether it was generated for them."""

    def __init__(self) -> None:
        self._owners: dict[str, dict[ObjectRef, bool]] = {}
        self._hosts: dict[ObjectRef, tuple[str, ...]] = {}

    def put(self, subject: Subject) -> None:
        """Take up what an object has now."""
        hosts = subject.claimed()
        if hosts or subject.ref in self._hosts:
            generated = frozenset(hosts_of(subject.record))
            self.drop(subject.ref)
            if hosts:
                self._hosts[subject.ref] = hosts
            for host in hosts:
                self._owners.setdefault(host, {})[subject.ref] = host in generated

    def drop(self, ref: ObjectRef) -> None:
        """The object is gone."""
        for host in self._hosts.pop(ref, ()):
            owners = self._owners[host]
            owners.pop(ref, None)
            if not owners:
                del self._owners[host]

    def owners(self, host: str) -> list[ObjectRef]:
        """The objects that have ``host``, in order."""
        return sorted(self._owners.get(host, ()))

    def is_taken(self, host: str, subject: Subject) -> bool:
        """Whether ``subject`` has to take another name. Of two that have it already by generation, the first
        in order keeps it; one that has it keeps it also when a person writes it elsewhere."""
        owners = self._owners.get(host, {})
        if owners.keys() <= {subject.ref}:
            return False
        if not any(entry.host == host for entry in subject.record.values()):
            return True
        return any(generated and ref < subject.ref for ref, generated in owners.items())
