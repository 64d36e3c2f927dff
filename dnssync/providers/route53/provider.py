"""The Route 53 provider: the contract of ``dnssync.providers``, put together from the parts beside it."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from dnssync import zones as zone_rules
from dnssync.changes import Bundle, Outcome
from dnssync.domains import DomainFilter
from dnssync.endpoints import LABEL_RESOURCE, Endpoint
from dnssync.errors import ConfigError, DnssyncError
from dnssync.providers import Zone
from dnssync.providers.route53 import aliases, placing
from dnssync.providers.route53.batches import fits, pack
from dnssync.providers.route53.client import Account
from dnssync.providers.route53.commit import Commit
from dnssync.providers.route53.options import Route53Options
from dnssync.providers.route53.rrsets import to_endpoint
from dnssync.providers.route53.settling import settle
from dnssync.providers.route53.writes import Prepared, prepare

logger = logging.getLogger(__name__)


class Route53Provider:
    """Amazon Route 53 in one account or several (one per profile). Safe to call from several threads.

    ``sleep`` and ``clock`` (monotonic seconds) are there for tests.
    """

    name = "aws"

    def __init__(
        self,
        options: Route53Options,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options, self._sleep, self._clock = options, sleep, clock
        self._accounts = [Account(options, profile) for profile in options.profiles or ("",)]
        self._lock = threading.Lock()
        self._homes: dict[str, Account] = {}
        self._cached: tuple[float, list[Zone]] | None = None

    def zones(self) -> list[Zone]:
        """The zones of all accounts that pass the filters; kept for ``zones_cache_duration``."""
        with self._lock:
            if self._cached and self._clock() - self._cached[0] < self._options.zones_cache_duration:
                return self._cached[1]
            homes: dict[str, Account] = {}
            kept: list[Zone] = []
            for account in self._accounts:
                for zone in self._zones_of(account):
                    if zone.id not in homes:
                        homes[zone.id] = account
                        kept.append(zone)
            self._homes, self._cached = homes, (self._clock(), kept)
            return kept

    def _zones_of(self, account: Account) -> list[Zone]:
        found = account.zones()
        kept = [zone for zone in found if placing.passes(zone, self._options)]
        if kept and self._options.zone_tags:
            tags = account.tags(zone.id for zone in kept)
            wanted = self._options.zone_tags
            kept = [zone for zone in kept if zone_rules.tags_pass(tags.get(zone.id, {}), wanted)]
        if not kept:
            logger.warning(
                "no hosted zone to work on: of the account's %d zones the filters let none pass "
                "(--domain-filter, --zone-id-filter, --aws-zone-type, --aws-zone-tags)",
                len(found),
                extra={"reason": "no zone"},
            )
        return kept

    def records(self, zone: Zone) -> list[Endpoint]:
        """Every set of the zone that can be an endpoint; 300 to a request."""
        sets = self._home(zone).sets(zone.id)
        return [endpoint for rrset in sets if (endpoint := to_endpoint(rrset, zone.id)) is not None]

    def apply(self, zone: Zone, bundles: Sequence[Bundle]) -> list[Outcome]:
        """Commit the bundles in as few requests as the limits allow; see ``commit`` for what may go wrong."""
        health = self._options.evaluate_target_health
        prepared = [
            prepare(index, bundle, zone.id, evaluate_target_health=health)
            for index, bundle in enumerate(bundles)
        ]
        outcomes = {one.index: self._too_large(one) for one in prepared if not fits((one,), self._options)}
        outcomes |= {one.index: Outcome(one.bundle) for one in prepared if not one.writes}
        waiting = [one for one in prepared if one.index not in outcomes]
        outcomes |= self._commit_all(zone, waiting)
        return [outcomes[one.index] for one in prepared]

    def _commit_all(self, zone: Zone, prepared: Sequence[Prepared]) -> dict[int, Outcome]:
        try:
            work = Commit(self._home(zone), zone.id)
        except DnssyncError as error:
            return {one.index: Outcome(one.bundle, str(error)) for one in prepared}
        for number, batch in enumerate(pack(prepared, self._options)):
            if number and not work.stopped:
                self._sleep(self._options.batch_interval)
            work.run(batch)
        return work.outcomes

    def adjust(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """Aliases decided, and every setting as it would be read back; what cannot be met is logged."""
        settled = [settle(endpoint) for endpoint in aliases.adjust(endpoints, self._options)]
        # The two families of an alias have the same problems, which are said once.
        said: set[tuple[str, str]] = set()
        for endpoint, problems in settled:
            for problem in problems:
                if (endpoint.dns_name, problem) not in said:
                    said.add((endpoint.dns_name, problem))
                    _warn(endpoint, problem)
        return [endpoint for endpoint, _ in settled]

    def zones_for(self, endpoint: Endpoint, zones: Sequence[Zone]) -> list[Zone]:
        """Every fitting private zone and the longest public one, within ``aws/hosted-zone-id``."""
        return placing.zones_for(endpoint, zones)

    def domain_filter(self, zones: Sequence[Zone]) -> DomainFilter:
        """The names that lie in ``zones``."""
        return placing.domain_filter(zones)

    def close(self) -> None:
        """Close the connections."""
        for account in self._accounts:
            account.close()

    def _home(self, zone: Zone) -> Account:
        """The account that holds ``zone``. Raises ConfigError if none does, or what ``zones`` raises."""
        if len(self._accounts) == 1:
            return self._accounts[0]
        if zone.id not in self._homes:
            self.zones()
        try:
            return self._homes[zone.id]
        except KeyError:
            raise ConfigError(f"Route 53: zone {zone} is in none of the accounts of --aws-profile") from None

    def _too_large(self, one: Prepared) -> Outcome:
        characters, values = sum(w.characters for w in one.writes), sum(w.values for w in one.writes)
        error = (
            f"Route 53: the records of {one.bundle.name} need one request; its {len(one.writes)} changes, "
            f"{characters} characters and {values} values exceed --aws-batch-change-size "
            f"({self._options.batch_size}), -size-bytes ({self._options.batch_characters}) or "
            f"-size-values ({self._options.batch_values})"
        )
        return Outcome(one.bundle, error, retryable=False)


def _warn(endpoint: Endpoint, problem: str) -> None:
    where = {"record": endpoint.dns_name, "object": endpoint.labels.get(LABEL_RESOURCE, "")}
    logger.warning("%s: %s", endpoint.dns_name, problem, extra=where | {"reason": problem})
