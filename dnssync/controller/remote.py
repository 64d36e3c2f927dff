"""The provider as the loop sees it: asked in worker threads, which answer by messages in the inbox."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future

from dnssync.changes import Bundle
from dnssync.controller.inbox import BundlesApplied, Crashed, Inbox, Message, RecordsRead, ZonesRead
from dnssync.errors import DnssyncError
from dnssync.ownership import Registry
from dnssync.providers import Provider, Zone


class Remote:
    """Nothing here waits or raises; what a worker thread raises by a bug comes as ``Crashed``."""

    def __init__(self, inbox: Inbox, executor: Executor, provider: Provider, registry: Registry) -> None:
        self.inbox = inbox
        self.owner_id = registry.owner_id
        self._executor = executor
        self._provider = provider
        self._registry = registry

    def read_zones(self) -> None:
        """Have the list of zones read: ``ZonesRead``."""
        self._submit(self._read_zones)

    def read_records(self, zone: Zone) -> None:
        """Have a zone read and sorted out, which takes a while: ``RecordsRead``."""
        self._submit(lambda: self._read_records(zone))

    def apply(self, zone: Zone, bundles: Sequence[Bundle], asked_at: float | None) -> None:
        """Have the bundles applied: ``BundlesApplied``, with the time of the oldest event behind them."""
        self._submit(lambda: BundlesApplied(zone, self._provider.apply(zone, bundles), asked_at))

    def _submit(self, job: Callable[[], Message]) -> None:
        def deliver(future: Future[Message]) -> None:
            error = future.exception()
            self.inbox.put(Crashed(error) if error else future.result())

        self._executor.submit(job).add_done_callback(deliver)

    def _read_zones(self) -> Message:
        try:
            return ZonesRead(tuple(self._provider.zones()))
        except DnssyncError as error:
            return ZonesRead(error=str(error))

    def _read_records(self, zone: Zone) -> Message:
        try:
            records = self._provider.records(zone)
        except DnssyncError as error:
            return RecordsRead(zone, error=str(error))
        return RecordsRead(zone, self._registry.read(records, zone.name))
