"""Who has which host: so that no two objects get one generated name. Plain data without threads."""

from dnssync.generation.record import hosts_of
from dnssync.generation.subject import Subject
from dnssync.objects import ObjectRef


class Claims:
    """Host → the objects that have it, and, of those for which it was generated, since when they exist."""

    def __init__(self) -> None:
        self._owners: dict[str, dict[ObjectRef, str | None]] = {}
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
                since = subject.created if host in generated else None
                self._owners.setdefault(host, {})[subject.ref] = since

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
        """Whether ``subject`` has to take another name. One that has it already keeps it, also when a person
        writes it elsewhere. Of two that have it by generation the older object keeps it: an annotation that
        was copied, or written by hand, takes the name from nobody."""
        owners = self._owners.get(host, {})
        if owners.keys() <= {subject.ref}:
            return False
        if not any(entry.host == host for entry in subject.record.values()):
            return True
        own = (subject.created, subject.ref)
        return any(since is not None and (since, ref) < own for ref, since in owners.items())
