"""Changes of a zone as values: what is to be done, what must happen together, and what came of it."""

from enum import StrEnum

import msgspec

from dnssync.endpoints import Endpoint


class Action(StrEnum):
    """What is done with a record."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Change(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One RRset that is to be made, replaced or removed.

    ``old`` is the RRset as it was last read (None on CREATE), ``new`` as it shall be (None on DELETE).
    """

    action: Action
    old: Endpoint | None = None
    new: Endpoint | None = None

    @property
    def endpoint(self) -> Endpoint:
        """The side that names the RRset: the new one where there is one."""
        endpoint = self.new or self.old
        assert endpoint is not None, "a change has at least one side"
        return endpoint


class Bundle(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Changes that must be committed in one atomic request: a name's records and their ownership markers.

    ``name`` is the normalised owner name that the bundle is about (not that of a marker).
    """

    name: str
    changes: tuple[Change, ...]


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What came of one bundle. ``error`` is empty on success; ``doubtful`` says that the zone may or may
    not hold the change, so that it has to be read again before anything is planned on it."""

    bundle: Bundle
    error: str = ""
    retryable: bool = True
    doubtful: bool = False

    @property
    def ok(self) -> bool:
        """Whether the bundle stands."""
        return not self.error
