"""A provider that reads from another one and writes nothing: for ``--dry-run`` with any provider."""

import logging
from collections.abc import Sequence

from dnssync.changes import Bundle, Change, Outcome
from dnssync.domains import DomainFilter
from dnssync.endpoints import LABEL_RESOURCE, Endpoint
from dnssync.providers import Provider, Zone

log = logging.getLogger(__name__)


class DryRunProvider:
    """Says of each change that it would be made, and reports success, so that all else runs as it would.

    Since nothing is written, each resync finds the same changes again: they are said once.
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._said: dict[tuple[str, str], Bundle] = {}
        self.name = provider.name

    def zones(self) -> list[Zone]:
        """See ``Provider``."""
        return self._provider.zones()

    def records(self, zone: Zone) -> list[Endpoint]:
        """See ``Provider``."""
        return self._provider.records(zone)

    def apply(self, zone: Zone, bundles: Sequence[Bundle]) -> list[Outcome]:
        """Log the changes and make none."""
        for bundle in bundles:
            before = self._said.get((zone.id, bundle.name))
            self._said[zone.id, bundle.name] = bundle
            if bundle != before:
                for change in bundle.changes:
                    _say(zone, change)
        return [Outcome(bundle) for bundle in bundles]

    def adjust(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """See ``Provider``."""
        return self._provider.adjust(endpoints)

    def zones_for(self, endpoint: Endpoint, zones: Sequence[Zone]) -> list[Zone]:
        """See ``Provider``."""
        return self._provider.zones_for(endpoint, zones)

    def domain_filter(self, zones: Sequence[Zone]) -> DomainFilter:
        """See ``Provider``."""
        return self._provider.domain_filter(zones)

    def close(self) -> None:
        """See ``Provider``."""
        self._provider.close()


def _say(zone: Zone, change: Change) -> None:
    endpoint = change.endpoint
    log.info(
        "dry run: would %s %s %s",
        change.action,
        endpoint.record_type,
        " ".join(endpoint.targets),
        extra={
            "object": endpoint.labels.get(LABEL_RESOURCE),
            "record": endpoint.dns_name,
            "zone": zone.name,
        },
    )
