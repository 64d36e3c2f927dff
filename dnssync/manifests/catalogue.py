"""Which file holds which object, and whose word counts where several do. Pure."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from dnssync.objects import ObjectClaims, ObjectRef

Key = tuple[str, ObjectRef]
"""A source's name and an object's identity."""

Objects = Mapping[Key, ObjectClaims | None]
"""What a file holds. None: the object is there, but could never be decoded."""

Place = tuple[int, Path]
"""A file: the position of the given path that it was found under, and its own path. They order files."""


class Catalogue:
    """The objects of all files. Where several files hold the same object, the last one wins."""

    def __init__(self) -> None:
        self._files: dict[Place, Objects] = {}
        self._holders: dict[Key, set[Place]] = {}

    def objects(self, place: Place) -> Objects:
        """What a file held when it was last read."""
        return self._files.get(place, {})

    def replace(self, place: Place, objects: Objects) -> set[Key]:
        """Take what a file holds now (nothing: it is gone); the objects that this changes."""
        touched = self.objects(place).keys() | objects.keys()
        before = {key: self.find(key) for key in touched}
        self._files[place] = objects
        if not objects:
            del self._files[place]
        for key in touched:
            holders = self._holders.setdefault(key, set())
            (holders.add if key in objects else holders.discard)(place)
            if not holders:
                del self._holders[key]
        return {key for key in touched if self.find(key) != before[key]}

    def find(self, key: Key) -> tuple[bool, ObjectClaims | None]:
        """Whether any file holds the object, and what the last one of them says."""
        holders = self._holders.get(key)
        if not holders:
            return False, None
        return True, self._files[max(holders)][key]

    def rivals(self, keys: Iterable[Key]) -> dict[Key, list[Place]]:
        """Those of ``keys`` that several files hold, with the files in order; the last one wins."""
        return {key: sorted(places) for key in keys if len(places := self._holders.get(key, set())) > 1}

    def refs(self, source: str) -> frozenset[ObjectRef]:
        """All objects of a source."""
        return frozenset(ref for name, ref in self._holders if name == source)
