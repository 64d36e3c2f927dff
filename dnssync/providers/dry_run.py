"""A provider that reads from another one and writes nothing: for ``--dry-run`` with any provider."""

import logging
from collections.abc import Sequence

from dnssync.changes import Bundle, Outcome
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.providers import Provider, Zone

log = logging.getLogger(__name__)


class DryRunProvider:
    """Says of each change that it would be made, and reports success, so that all else runs as it would."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
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
            for change in bundle.changes:
                log.info(
                    "dry run: would %s %s %s",
                    change.action,
                    change.endpoint.record_type,
                    " ".join(change.endpoint.targets),
                    extra={"record": change.endpoint.dns_name, "zone": zone.name},
                )
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
