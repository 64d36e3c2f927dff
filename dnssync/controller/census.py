"""The census of the zones: what they hold, as metrics. A series for each zone, and sums by type over all."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dnssync.endpoints import LABEL_OWNER
from dnssync.metrics import Metrics
from dnssync.ownership import ZoneContent
from dnssync.providers import Zone
from dnssync.zones import distinct_names

if TYPE_CHECKING:
    from prometheus_client import Gauge


class Census:
    """``owner_id`` says which records count as ours; empty: all."""

    def __init__(self, metrics: Metrics, owner_id: str) -> None:
        self._metrics = metrics
        self._owner_id = owner_id
        self._names: dict[str, str] = {}
        self._types: dict[str, Counter[str]] = {}
        self._our_types: dict[str, Counter[str]] = {}

    def name(self, zone: Zone) -> str:
        """What to call the zone in logs and metrics: its name, if it is the only one that has it."""
        return self._names.get(zone.id, zone.name)

    def take(self, zones: Sequence[Zone]) -> None:
        """These are the zones now: those that are gone, or are called otherwise, lose their series."""
        before, self._names = self._names, distinct_names((zone.id, zone.name) for zone in zones)
        for zone_id, name in before.items():
            if self._names.get(zone_id) != name:
                self._end_series(name)
        for zone_id in before.keys() - self._names.keys():
            self._types.pop(zone_id, None)
            self._our_types.pop(zone_id, None)
        self._sum_up()

    def read(self, zone: Zone, content: ZoneContent) -> None:
        """A zone was read whole."""
        records = content.records()
        self._types[zone.id] = Counter(record.record_type for record in records)
        self._our_types[zone.id] = Counter(
            record.record_type
            for record in records
            if not self._owner_id or record.labels.get(LABEL_OWNER) == self._owner_id
        )
        self._metrics.zone_up.labels(self.name(zone)).set(1)
        self.counted(zone, content)
        self._sum_up()

    def unreadable(self, zone: Zone) -> None:
        """A zone could not be read."""
        self._metrics.zone_up.labels(self.name(zone)).set(0)
        self._metrics.registry_errors.inc()

    def counted(self, zone: Zone, content: ZoneContent) -> None:
        """A zone has more or fewer records than before."""
        name = self.name(zone)
        self._metrics.zone_records.labels(name).set(content.owned_count(""))
        self._metrics.zone_owned_records.labels(name).set(content.owned_count(self._owner_id))

    def _end_series(self, name: str) -> None:
        metrics = self._metrics
        for gauge in (metrics.zone_up, metrics.zone_records, metrics.zone_owned_records):
            gauge.labels(name)  # older libraries cannot remove what is not there
            gauge.remove(name)

    def _sum_up(self) -> None:
        metrics = self._metrics
        metrics.registry_endpoints.set(sum(types.total() for types in self._types.values()))
        _set_by_type(metrics.registry_records, self._types)
        _set_by_type(metrics.verified_records, self._our_types)


def _set_by_type(gauge: "Gauge", types: Mapping[str, Counter[str]]) -> None:
    gauge.clear()
    for record_type, count in sum(types.values(), Counter[str]()).items():
        gauge.labels(record_type).set(count)
