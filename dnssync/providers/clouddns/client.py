"""The calls of the Cloud DNS API that dnssync makes, with values in and out."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from dnssync.providers.clouddns.batches import Limits
from dnssync.providers.clouddns.failures import Task, foreign_reply
from dnssync.providers.clouddns.rrsets import Key, RRset
from dnssync.providers.clouddns.transport import Transport
from dnssync.providers.clouddns.zones import ManagedZone

_Item = TypeVar("_Item")

_PAGE = 1000
# Beyond this many names one listing of the zone, a thousand sets a page, is cheaper than asking for each.
_FEW_NAMES = 20


class ChangeState(msgspec.Struct, frozen=True):
    """How to ask for a Change, and how far it is: ``pending`` until all name servers have it."""

    id: str
    status: str = "pending"

    @property
    def is_done(self) -> bool:
        """Whether all name servers have it."""
        return self.status == "done"


class CloudDnsClient:
    """Each method raises ConfigError, ServiceRefusal or Silence, as ``Transport.call`` does."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def zones(self) -> list[ManagedZone]:
        """All managed zones of the project."""
        task = Task(f"list the zones of project {self._transport.project}", "dns.managedZones.list")
        return self._list(task, "/managedZones", "managedZones", list[ManagedZone])

    def limits(self, changes: int) -> Limits:
        """The project's quotas for one Change, beside our own limit of ``changes``."""
        task = Task(f"read the quotas of project {self._transport.project}", "dns.projects.get")
        quota: Mapping[str, int] = self._transport.call(task, "GET", "").get("quota", {})
        usual = Limits()
        return Limits(
            changes=changes,
            additions=quota.get("rrsetAdditionsPerChange", usual.additions),
            deletions=quota.get("rrsetDeletionsPerChange", usual.deletions),
            data=quota.get("totalRrdataSizePerChange", usual.data),
        )

    def rrsets(self, zone: str) -> list[RRset]:
        """Every record set of the zone, or an error; never a part of them."""
        return self._rrsets(zone)

    def rrsets_at(self, zone: str, names: Collection[str]) -> dict[Key, RRset]:
        """The record sets at these absolute names."""
        if len(names) > _FEW_NAMES:
            found: Iterable[RRset] = self._rrsets(zone)
        else:
            found = (rrset for name in sorted(names) for rrset in self._rrsets(zone, {"name": name}))
        return {rrset.key: rrset for rrset in found if rrset.name in names}

    def create_change(self, zone: str, body: Mapping[str, Any]) -> ChangeState:
        """Commit a Change, whole or not at all; what is left is that the name servers get it."""
        task = Task(f"change zone {zone}", "dns.changes.create")
        reply = self._transport.call(task, "POST", f"/managedZones/{zone}/changes", data=body)
        return _decode(reply, ChangeState, task)

    def change(self, zone: str, change: str) -> ChangeState:
        """How far a Change is by now."""
        task = Task(f"ask for change {change} of zone {zone}", "dns.changes.get")
        reply = self._transport.call(task, "GET", f"/managedZones/{zone}/changes/{change}")
        return _decode(reply, ChangeState, task)

    def _rrsets(self, zone: str, query: Mapping[str, str] | None = None) -> list[RRset]:
        task = Task(f"list the records of zone {zone}", "dns.resourceRecordSets.list")
        return self._list(task, f"/managedZones/{zone}/rrsets", "rrsets", list[RRset], query)

    def _list(
        self,
        task: Task,
        path: str,
        key: str,
        items: type[list[_Item]],
        query: Mapping[str, str] | None = None,
    ) -> list[_Item]:
        from google.api_core import page_iterator

        iterator: Any = page_iterator.HTTPIterator  # untyped in the library

        def request(*, method: str, path: str, query_params: dict[str, Any]) -> dict[str, Any]:
            page = self._transport.call(task, method, path, query=query_params)
            return page | {key: _decode(page.get(key, []), items, task)}

        pages: Iterable[_Item] = iterator(
            client=None,
            api_request=request,
            path=path,
            item_to_value=lambda _iterator, value: value,
            items_key=key,
            page_size=_PAGE,
            extra_params=dict(query or {}),
        )
        return list(pages)


def _decode(value: Any, shape: type[_Item], task: Task) -> _Item:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise foreign_reply(task, str(error)) from error
