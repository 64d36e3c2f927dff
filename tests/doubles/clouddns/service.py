"""The methods of the Cloud DNS API over the store: a decoded request in, a JSON value out. No HTTP here."""

import base64
import json
import threading
import time
from collections import Counter
from typing import Any, NamedTuple

from tests.doubles.clouddns.rules import Refusal, invalid
from tests.doubles.clouddns.schema import Method, problems
from tests.doubles.clouddns.store import QUOTA, ManagedZone, Refused, new_zone

Json = dict[str, Any]

_LARGEST_PAGE = 1000


class Call(NamedTuple):
    """One decoded request; ``path`` and ``query`` are decoded parameters, ``body`` is None without one."""

    method: Method
    path: dict[str, str]
    query: dict[str, str]
    body: Json | None


class Service:
    """One project. ``requests`` counts calls by method, ``changes_received`` keeps each body of a change.

    A change stays pending for ``pending_seconds``; ``page_size`` is the page of a client that names none.
    """

    def __init__(self, project: str, quota: dict[str, int], *, page_size: int = 100) -> None:
        self.project = project
        self.quota = QUOTA | quota
        self.page_size = page_size
        self.pending_seconds = 0.0
        self.zones: dict[str, ManagedZone] = {}
        self.requests: Counter[str] = Counter()
        self.changes_received: list[Json] = []
        self.violations: list[str] = []
        self.lock = threading.RLock()
        self._done_at: dict[tuple[str, str], float] = {}

    def add_zone(self, dns_name: str, *, name: str = "", **resource: Any) -> ManagedZone:
        """A new zone; further keywords are fields of the managed zone, such as ``visibility="private"``."""
        with self.lock:
            dotted = dns_name.removesuffix(".") + "."
            body = {"name": name or dotted[:-1].replace(".", "-"), "dnsName": dotted, "description": dns_name}
            return self._create_zone(body | resource)

    def answer(self, call: Call) -> Json:
        """The reply to the call; raises Refused. What is read or written must fit the discovery document."""
        with self.lock:
            self._check_request(call)
            handlers = {
                "dns.projects.get": self._get_project,
                "dns.managedZones.list": self._list_zones,
                "dns.managedZones.get": lambda call: self._zone(call).resource,
                "dns.managedZones.create": lambda call: self._create_zone(call.body or {}).resource,
                "dns.managedZones.delete": self._delete_zone,
                "dns.resourceRecordSets.list": self._list_rrsets,
                "dns.resourceRecordSets.get": self._get_rrset,
                "dns.changes.create": self._create_change,
                "dns.changes.get": self._get_change,
                "dns.changes.list": self._list_changes,
            }
            if call.method.id not in handlers:
                raise Refused(Refusal(501, "notImplemented", f"{call.method.id} is not part of this double"))
            reply = handlers[call.method.id](call)
            if call.method.response:
                self.violations += problems(call.method.response, reply, call.method.id)
            return reply

    def _check_request(self, call: Call) -> None:
        if call.path.get("project") != self.project:
            raise Refused(_missing("parameters.project", call.path.get("project", "")))
        unknown = call.query.keys() - call.method.query
        found = [f'Unknown query parameter "{name}"' for name in sorted(unknown)]
        if call.method.request:
            found += problems(call.method.request, call.body or {})
        if found:
            raise Refused(*(Refusal(400, "badRequest", text) for text in found))

    def _zone(self, call: Call) -> ManagedZone:
        wanted = call.path["managedZone"]
        for zone in self.zones.values():
            if wanted in (zone.resource["name"], zone.resource["id"]):
                return zone
        raise Refused(_missing("parameters.managedZone", wanted))

    def _get_project(self, call: Call) -> Json:
        quota = {"kind": "dns#quota", **self.quota}
        return {"kind": "dns#project", "id": self.project, "number": "1", "quota": quota}

    def _list_zones(self, call: Call) -> Json:
        names = sorted(self.zones)
        start = int(_token(call, "0"))
        limit = self._limit(call)
        wanted = call.query.get("dnsName", "")
        zones = [self.zones[name].resource for name in names[start : start + limit]]
        reply: Json = {
            "kind": "dns#managedZonesListResponse",
            "managedZones": [zone for zone in zones if wanted in ("", zone["dnsName"])],
        }
        return reply | _next(str(start + limit) if start + limit < len(names) else None)

    def _create_zone(self, body: Json) -> ManagedZone:
        zone = new_zone(body, 1000 + len(self.zones))
        if zone.resource["name"] in self.zones:
            message = f"The resource 'entity.managedZone' named '{zone.resource['name']}' already exists"
            raise Refused(Refusal(409, "alreadyExists", message))
        self.zones[zone.resource["name"]] = zone
        return zone

    def _delete_zone(self, call: Call) -> Json:
        zone = self._zone(call)
        if len(zone) > 2:
            message = (
                f"The resource named '{zone.resource['name']}' cannot be deleted because it is not empty"
            )
            raise Refused(Refusal(400, "containerNotEmpty", message))
        del self.zones[zone.resource["name"]]
        return {}

    def _list_rrsets(self, call: Call) -> Json:
        query = call.query
        if "type" in query and "name" not in query:
            raise Refused(invalid("parameters.type", query["type"]))
        first, kind = json.loads(_token(call, '["", ""]'))
        rrsets, last = self._zone(call).page(
            name=query.get("name", "").lower(),
            kind=query.get("type", ""),
            after=(first, kind),
            limit=self._limit(call),
        )
        reply: Json = {"kind": "dns#resourceRecordSetsListResponse", "rrsets": rrsets}
        return reply | _next(json.dumps(last) if last else None)

    def _get_rrset(self, call: Call) -> Json:
        name, kind = call.path["name"], call.path["type"]
        rrset = self._zone(call).get((name.lower(), kind))
        if rrset is None:
            raise Refused(_missing("parameters.name", f"{name} ({kind})"))
        return rrset

    def _create_change(self, call: Call) -> Json:
        body = call.body or {}
        self.changes_received.append(body)
        zone = self._zone(call)
        change = zone.commit(body, self.quota)
        self._done_at[zone.resource["name"], change["id"]] = time.monotonic() + self.pending_seconds
        return change | {"status": "pending"}

    def _get_change(self, call: Call) -> Json:
        zone, number = self._zone(call), call.path["changeId"]
        if not (number.isdecimal() and int(number) < len(zone.changes)):
            raise Refused(_missing("parameters.changeId", number))
        done = time.monotonic() >= self._done_at[zone.resource["name"], number]
        return zone.changes[int(number)] | {"status": "done" if done else "pending"}

    def _list_changes(self, call: Call) -> Json:
        return {
            "kind": "dns#changesListResponse",
            "changes": [change | {"status": "done"} for change in self._zone(call).changes],
        }

    def _limit(self, call: Call) -> int:
        return min(int(call.query.get("maxResults", self.page_size)), _LARGEST_PAGE)


def _missing(where: str, name: str) -> Refusal:
    return Refusal(404, "notFound", f"The '{where}' resource named '{name}' does not exist.")


def _token(call: Call, first: str) -> str:
    """Where the page begins, from its opaque token; ``first`` for the first page."""
    token = call.query.get("pageToken")
    if token is None:
        return first
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError:
        raise Refused(invalid("parameters.pageToken", token)) from None


def _next(position: str | None) -> Json:
    if position is None:
        return {}
    return {"nextPageToken": base64.urlsafe_b64encode(position.encode()).decode()}
