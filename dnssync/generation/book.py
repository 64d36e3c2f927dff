"""The book: what is known of all objects that have or want a generated hostname. Data without threads."""

from collections.abc import Iterable, Iterator

import msgspec

from dnssync.generation.claims import Claims
from dnssync.generation.deciding import Decision, decide
from dnssync.generation.naming import Covered
from dnssync.generation.options import GenerationOptions
from dnssync.generation.reading import Gateway
from dnssync.generation.subject import Subject
from dnssync.objects import ObjectRef


class Book:
    """The subjects, who has which host, and the addresses of Gateways.

    Of an object that is not concerned only its hosts are kept.
    """

    def __init__(self, options: GenerationOptions, covered: Covered) -> None:
        self.options = options
        self.covered = covered
        self.claims = Claims()
        self.domains: set[str] = set()
        """Every domain that an object has asked for."""
        self._subjects: dict[ObjectRef, Subject] = {}
        self._others: set[ObjectRef] = set()
        self._gateways: dict[ObjectRef, tuple[str, ...]] = {}
        self._routes: dict[ObjectRef, set[ObjectRef]] = {}

    def __len__(self) -> int:
        return len(self._subjects)

    def __iter__(self) -> Iterator[Subject]:
        return iter(self._subjects.values())

    def get(self, ref: ObjectRef) -> Subject | None:
        """The newest state of an object that is concerned, with the addresses of its Gateways."""
        subject = self._subjects.get(ref)
        if subject is None or not subject.parents:
            return subject
        addresses = [address for parent in subject.parents for address in self._gateways.get(parent, ())]
        return msgspec.structs.replace(subject, addresses=tuple(dict.fromkeys(addresses)))

    def see(self, subject: Subject) -> bool:
        """Take up the newest state of an object. Whether anything changed that a decision depends on."""
        before = self._subjects.get(subject.ref)
        self.claims.put(subject)
        if subject.deleting or not subject.concerned:
            self._forget(subject.ref)
            self._others.add(subject.ref)
            return before is not None
        self._others.discard(subject.ref)
        self.domains.add(subject.domain)
        if before is None or before.parents != subject.parents:
            self._forget(subject.ref)
            for parent in subject.parents:
                self._routes.setdefault(parent, set()).add(subject.ref)
        self._subjects[subject.ref] = subject
        return before is None or msgspec.structs.replace(before, version=subject.version) != subject

    def drop(self, ref: ObjectRef) -> None:
        """The object is gone, or is no longer ours to look at."""
        self._forget(ref)
        self._others.discard(ref)
        self.claims.drop(ref)

    def missing_from(self, kind: str, refs: frozenset[ObjectRef]) -> list[ObjectRef]:
        """A kind was read whole: the objects that are known but not among ``refs``, and so are gone."""
        known = [*self._subjects, *self._others, *self._gateways]
        return [ref for ref in known if ref.kind == kind and ref not in refs]

    def set_gateway(self, gateway: Gateway) -> Iterable[ObjectRef]:
        """Take up a Gateway's addresses (none: it is gone); the routes that this concerns."""
        if self._gateways.get(gateway.ref, ()) == gateway.addresses:
            return ()
        self._gateways[gateway.ref] = gateway.addresses
        if not gateway.addresses:
            del self._gateways[gateway.ref]
        return sorted(self._routes.get(gateway.ref, ()))

    def decide(self, ref: ObjectRef) -> tuple[Subject, Decision] | None:
        """What the object is and has to become; None if it is not concerned."""
        subject = self.get(ref)
        return None if subject is None else (subject, decide(subject, self.options, self))

    def taken(self, host: str, subject: Subject) -> bool:
        """See ``deciding.Surroundings``."""
        return self.claims.is_taken(host, subject)

    def _forget(self, ref: ObjectRef) -> None:
        subject = self._subjects.pop(ref, None)
        for parent in subject.parents if subject else ():
            routes = self._routes[parent]
            routes.discard(ref)
            if not routes:
                del self._routes[parent]
