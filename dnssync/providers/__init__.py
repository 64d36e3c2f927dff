"""Providers: the services that hold zones, each behind one small protocol.

A provider owns its SDK (imported lazily inside its package), its limits and its retries. It is handed
plain values, never Settings, and it is called from worker threads: one call per zone at a time, several
zones at once.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from dnssync.changes import Bundle, Outcome
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint


class Zone(msgspec.Struct, frozen=True, gc=False):
    """One hosted zone. ``name`` is lower-case A-labels without the trailing dot; ``id`` is the provider's."""

    id: str
    name: str
    private: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.id != self.name else self.name


class Provider(Protocol):
    """The contract between the controller and a DNS service."""

    name: str

    def zones(self) -> list[Zone]:
        """The zones that this provider may touch, after its filters (one remote read).

        Raises ConfigError (credentials, project, permissions) or RetryableError.
        """

    def records(self, zone: Zone) -> list[Endpoint]:
        """Every RRset of the zone, ownership TXT records included, or an error; never a part of them.

        Raises RetryableError or ConfigError.
        """

    def apply(self, zone: Zone, bundles: Sequence[Bundle]) -> list[Outcome]:
        """Commit the bundles, each one atomically, and say what came of each (same order, same length).

        Never raises for a remote failure: that is an Outcome.
        """

    def adjust(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """The endpoints in the form in which ``records`` would give them back (aliases, properties). Pure."""

    def zones_for(self, endpoint: Endpoint, zones: Sequence[Zone]) -> list[Zone]:
        """Those of ``zones`` that shall hold the endpoint; empty if none is fit. Pure."""

    def domain_filter(self, zones: Sequence[Zone]) -> DomainFilter:
        """The names that this provider can hold at all, for the plan. Pure."""

    def close(self) -> None:
        """Release what is held (processes, connections). Safe to call twice."""
