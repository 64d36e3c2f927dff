"""The state of one AWS account: hosted zones, tags, changes; and the operations on them as XML."""

import itertools
import threading
import time
from collections.abc import Mapping
from typing import NamedTuple
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.doubles.route53.records import (
    NAMESPACE,
    Key,
    RecordSet,
    canonical_name,
    children,
    parse,
    render,
    text_of,
)
from tests.doubles.route53.rules import Refused
from tests.doubles.route53.zone import MAX_PAGE, Change, HostedZone, start_key

MAX_TAGGED = 10
_MAX_ZONES = 100


class Attempt(NamedTuple):
    """One batch that arrived, for tests to look at."""

    zone_id: str
    changes: tuple[Change, ...]
    committed: bool


class Account:
    """Everything behind the HTTP face. Every operation takes the lock once."""

    def __init__(self, propagation: float) -> None:
        self.zones: dict[str, HostedZone] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.attempts: list[Attempt] = []
        self.lock = threading.RLock()
        self._propagation = propagation
        self._changes: dict[str, float] = {}
        self._references: set[str] = set()
        self._numbers = itertools.count(1)

    def add_zone(self, name: str, *, private: bool, zone_id: str = "") -> HostedZone:
        """A new zone with its NS and SOA."""
        with self.lock:
            zone = HostedZone(zone_id or f"Z{next(self._numbers):013}", name, private=private)
            self.zones[zone.id] = zone
            self.tags[zone.id] = {}
            return zone

    def zone(self, zone_id: str) -> HostedZone:
        try:
            return self.zones[zone_id]
        except KeyError:
            raise Refused("NoSuchHostedZone", f"No hosted zone found with ID: {zone_id}", 404) from None

    def list_zones(self, query: Mapping[str, str]) -> str:
        limit = min(int(query.get("maxitems", _MAX_ZONES)), _MAX_ZONES)
        zones = [self.zones[zone_id] for zone_id in sorted(self.zones)]
        if query.get("hostedzonetype") == "PrivateHostedZone":
            zones = [zone for zone in zones if zone.private]
        rest = [zone for zone in zones if zone.id >= query.get("marker", "")]
        page, more = rest[:limit], rest[limit:]
        following = f"<NextMarker>{more[0].id}</NextMarker>" if more else ""
        return _reply(
            "ListHostedZonesResponse",
            f"<HostedZones>{''.join(map(_zone_xml, page))}</HostedZones>{_truncated(bool(more))}"
            f"{following}<MaxItems>{limit}</MaxItems>",
        )

    def get_zone(self, zone_id: str) -> str:
        zone = self.zone(zone_id)
        servers = next(rrset for rrset in zone.sets() if rrset.key == Key(zone.name, "NS")).values
        names = "".join(f"<NameServer>{name}</NameServer>" for name in servers)
        delegation = (
            "" if zone.private else f"<DelegationSet><NameServers>{names}</NameServers></DelegationSet>"
        )
        return _reply("GetHostedZoneResponse", _zone_xml(zone) + delegation)

    def create_zone(self, body: ET.Element) -> str:
        reference = text_of(body, "CallerReference") or ""
        if reference in self._references:
            raise Refused(
                "HostedZoneAlreadyExists", f"A hosted zone with {reference} was already created", 409
            )
        private = text_of(body, "HostedZoneConfig/PrivateZone") == "true"
        if private and text_of(body, "VPC/VPCId") is None:
            raise Refused("InvalidInput", "A private hosted zone needs a VPC")
        name = canonical_name(text_of(body, "Name") or "")
        if ".." in name or name == ".":
            raise Refused("InvalidDomainName", f"{name} is not a valid domain name")
        self._references.add(reference)
        zone = self.add_zone(name, private=private)
        return _reply("CreateHostedZoneResponse", _zone_xml(zone) + self._change_info())

    def list_sets(self, zone_id: str, query: Mapping[str, str]) -> str:
        limit = min(int(query.get("maxitems", MAX_PAGE)), MAX_PAGE)
        start = start_key(query.get("name", ""), query.get("type", ""), query.get("identifier", ""))
        page, following = self.zone(zone_id).page(start, limit)
        return _reply(
            "ListResourceRecordSetsResponse",
            f"<ResourceRecordSets>{''.join(map(render, page))}</ResourceRecordSets>"
            f"{_truncated(following is not None)}<MaxItems>{limit}</MaxItems>{_next_xml(following)}",
        )

    def change_sets(self, zone_id: str, body: ET.Element) -> str:
        zone = self.zone(zone_id)
        batch = tuple(_parse_change(change) for change in children(_batch(body), "Change"))
        try:
            zone.commit(batch, self.zones)
        except Refused:
            self.attempts.append(Attempt(zone_id, batch, committed=False))
            raise
        self.attempts.append(Attempt(zone_id, batch, committed=True))
        return _reply("ChangeResourceRecordSetsResponse", self._change_info())

    def get_change(self, change_id: str) -> str:
        if change_id not in self._changes:
            raise Refused("NoSuchChange", f"Could not find resource with ID: {change_id}", 404)
        return _reply("GetChangeResponse", self._change_xml(change_id))

    def tags_of_many(self, body: ET.Element) -> str:
        ids = [one.text or "" for holder in children(body, "ResourceIds") for one in holder]
        if not 1 <= len(ids) <= MAX_TAGGED:
            raise Refused("InvalidInput", f"1 to {MAX_TAGGED} resource ids are allowed, not {len(ids)}")
        sets = "".join(self._tags_xml(zone_id) for zone_id in ids)
        return _reply("ListTagsForResourcesResponse", f"<ResourceTagSets>{sets}</ResourceTagSets>")

    def tags_of_one(self, zone_id: str) -> str:
        return _reply("ListTagsForResourceResponse", self._tags_xml(zone_id))

    def change_tags(self, zone_id: str, body: ET.Element) -> str:
        tags = self.tags[self.zone(zone_id).id]
        for holder in children(body, "RemoveTagKeys"):
            for key in holder:
                tags.pop(key.text or "", None)
        for holder in children(body, "AddTags"):
            tags.update({text_of(tag, "Key") or "": text_of(tag, "Value") or "" for tag in holder})
        return _reply("ChangeTagsForResourceResponse", "")

    def _tags_xml(self, zone_id: str) -> str:
        tags = self.tags[self.zone(zone_id).id].items()
        inner = "".join(
            f"<Tag><Key>{escape(key)}</Key><Value>{escape(value)}</Value></Tag>" for key, value in tags
        )
        head = f"<ResourceType>hostedzone</ResourceType><ResourceId>{zone_id}</ResourceId>"
        return f"<ResourceTagSet>{head}<Tags>{inner}</Tags></ResourceTagSet>"

    def _change_info(self) -> str:
        change_id = f"C{next(self._numbers):013}"
        self._changes[change_id] = time.monotonic()
        return self._change_xml(change_id)

    def _change_xml(self, change_id: str) -> str:
        insync = time.monotonic() - self._changes[change_id] >= self._propagation
        return (
            f"<ChangeInfo><Id>/change/{change_id}</Id><Status>{'INSYNC' if insync else 'PENDING'}</Status>"
            "<SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt></ChangeInfo>"
        )


def _batch(body: ET.Element) -> ET.Element:
    for batch in children(body, "ChangeBatch"):
        for changes in children(batch, "Changes"):
            return changes
    raise Refused("InvalidInput", "Invalid request: Missing field 'Changes' in ChangeBatch")


def _parse_change(element: ET.Element) -> Change:
    action = text_of(element, "Action") or ""
    rrset: list[RecordSet] = [parse(one) for one in children(element, "ResourceRecordSet")]
    if action not in ("CREATE", "DELETE", "UPSERT") or len(rrset) != 1:
        raise Refused("InvalidInput", f"Invalid request: bad change with action {action!r}")
    return Change(action, rrset[0])


def _zone_xml(zone: HostedZone) -> str:
    return (
        f"<HostedZone><Id>/hostedzone/{zone.id}</Id><Name>{escape(zone.name)}</Name>"
        f"<CallerReference>{zone.id}</CallerReference>"
        f"<Config><PrivateZone>{'true' if zone.private else 'false'}</PrivateZone></Config>"
        f"<ResourceRecordSetCount>{len(zone)}</ResourceRecordSetCount></HostedZone>"
    )


def _next_xml(following: Key | None) -> str:
    if following is None:
        return ""
    name = f"<NextRecordName>{escape(following.name)}</NextRecordName>"
    identifier = following.set_identifier
    tail = f"<NextRecordIdentifier>{escape(identifier)}</NextRecordIdentifier>" if identifier else ""
    return f"{name}<NextRecordType>{following.type}</NextRecordType>{tail}"


def _truncated(more: bool) -> str:
    return f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>"


def _reply(name: str, inner: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name} xmlns="{NAMESPACE}">{inner}</{name}>'
