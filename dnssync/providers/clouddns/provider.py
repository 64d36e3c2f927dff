"""Cloud DNS as a provider: joins the pure parts of this package with its client."""

import logging
import threading
from collections.abc import Sequence

import msgspec

from dnssync.changes import Bundle, Outcome
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError, DnssyncError, RefusedError
from dnssync.providers import Zone
from dnssync.providers.clouddns.batches import Limits
from dnssync.providers.clouddns.client import CloudDnsClient
from dnssync.providers.clouddns.commits import Commit, Pace
from dnssync.providers.clouddns.rrsets import adjust, to_endpoint
from dnssync.providers.clouddns.transport import Access, Transport
from dnssync.providers.clouddns.zones import ZoneRules, select, zones_of

log = logging.getLogger(__name__)


class CloudDnsOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says about Cloud DNS. Durations are seconds.

    ``project``: "" finds it out from the credentials. ``endpoint``: URL of another server that speaks the
    API, asked without credentials if it is plain ``http://``. ``zone_ids``: suffixes of the zone's number or
    name. ``batch_size``: additions and deletions of one request, 0 for as many as the project's quota
    allows. ``batch_interval``: pause between two requests for one zone. ``pending_deadline``: how long a
    change may take to be served. ``attempts`` and ``first_pause`` rule how a failed call is repeated.
    """

    project: str = ""
    endpoint: str = ""
    domain_filter: DomainFilter = DomainFilter()
    zone_ids: tuple[str, ...] = ()
    zone_visibility: str = ""
    batch_size: int = 1000
    batch_interval: float = 1.0
    pending_deadline: float = 120.0
    attempts: int = 5
    first_pause: float = 0.5


class CloudDnsProvider:
    """The zones of one project. Nothing is asked, nor any credential looked for, before the first call."""

    name = "google"

    def __init__(self, options: CloudDnsOptions) -> None:
        self._options = options
        self._stop = threading.Event()
        self._limits: Limits | None = None
        self._rules = ZoneRules(options.domain_filter, options.zone_ids, options.zone_visibility)
        access = Access(options.project, options.endpoint, options.attempts, options.first_pause)
        self._client = CloudDnsClient(Transport(access, self._stop))

    def zones(self) -> list[Zone]:
        """The managed zones that the filters let through. Raises ConfigError or RetryableError."""
        try:
            zones = select(self._client.zones(), self._rules)
        except RefusedError as refusal:
            raise ConfigError(f"{refusal}; check --google-project") from refusal
        if not zones:
            log.debug("Cloud DNS: no zone passes the filters", extra={"reason": "no zone"})
        return zones

    def records(self, zone: Zone) -> list[Endpoint]:
        """Every RRset but the SOA; one with a routing policy has no targets."""
        try:
            rrsets = self._client.rrsets(zone.id)
        except RefusedError as refusal:
            raise ConfigError(str(refusal)) from refusal
        return [endpoint for rrset in rrsets if (endpoint := to_endpoint(rrset)) is not None]

    def apply(self, zone: Zone, bundles: Sequence[Bundle]) -> list[Outcome]:
        """Commit the bundles in as few requests as the limits allow, and wait until they are served."""
        if not bundles:
            return []
        pace = Pace(self._options.batch_interval, self._options.pending_deadline)
        return Commit(self._client, zone, self._stop).run(bundles, self._known_limits(), pace)

    def adjust(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """TXT data quoted, and without what Cloud DNS would not give back."""
        return [adjust(endpoint) for endpoint in endpoints]

    def zones_for(self, endpoint: Endpoint, zones: Sequence[Zone]) -> list[Zone]:
        """All zones of the longest fitting name, public and private alike."""
        return zones_of(endpoint.dns_name, zones, self._options.domain_filter)

    def domain_filter(self, zones: Sequence[Zone]) -> DomainFilter:
        """No restriction beyond that of the options, which is in ``zones_for``."""
        return DomainFilter()

    def close(self) -> None:
        """End all waiting; what is under way ends with a doubtful outcome."""
        self._stop.set()

    def _known_limits(self) -> Limits:
        """The project's quotas, asked for once; who may not read them works with the usual ones."""
        if self._limits is None:
            try:
                self._limits = self._client.limits(self._options.batch_size)
            except DnssyncError as error:
                log.info("Cloud DNS: taking the usual quotas", extra={"reason": str(error)})
                self._limits = Limits(changes=self._options.batch_size)
        return self._limits
