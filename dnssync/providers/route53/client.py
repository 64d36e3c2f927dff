"""The edge: one account's Route 53 through boto3."""

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dnssync.errors import ConfigError
from dnssync.names import ascii_name
from dnssync.providers import Zone
from dnssync.providers.route53.errors import CHANGE, translated
from dnssync.providers.route53.options import Route53Options
from dnssync.providers.route53.placing import ID_PREFIX
from dnssync.providers.route53.routing import RRset
from dnssync.providers.route53.spelling import order_key, read_name, stored_name

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client

PAGE = 300
"""The most sets that ListResourceRecordSets gives at once (API reference)."""

_TAGGED_AT_ONCE = 10
_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_DEFAULT_REGION = "us-east-1"


class Account:
    """Route 53 of one account. Thread-safe: the boto3 client is made once, under a lock, and then shared.

    Every method raises ConfigError, RetryableError or RejectedError, and nothing of boto3's.
    """

    def __init__(self, options: Route53Options, profile: str = "") -> None:
        self._options, self._profile = options, profile
        self._lock = threading.Lock()
        self._client: Route53Client | None = None

    def zones(self) -> list[Zone]:
        """Every hosted zone of the account."""
        with translated("route53:ListHostedZones", self._subject()):
            pages = self._connected().get_paginator("list_hosted_zones").paginate()
            return [_zone(found) for page in pages for found in page["HostedZones"]]

    def tags(self, zone_ids: Iterable[str]) -> dict[str, dict[str, str]]:
        """The tags of zones, asked for ten at a time (the API's limit)."""
        ids, found = list(zone_ids), {}
        for start in range(0, len(ids), _TAGGED_AT_ONCE):
            with translated("route53:ListTagsForResources", self._subject()):
                answer = self._connected().list_tags_for_resources(
                    ResourceType="hostedzone", ResourceIds=ids[start : start + _TAGGED_AT_ONCE]
                )
            for one in answer["ResourceTagSets"]:
                found[one["ResourceId"]] = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        return found

    def sets(self, zone_id: str) -> Iterator[RRset]:
        """Every set of a zone; an error in the middle is raised, never taken for the end."""
        start: dict[str, Any] = {}
        while True:
            page = self._page(zone_id, start)
            yield from page["ResourceRecordSets"]
            if not page["IsTruncated"]:
                return
            start = _next(page)

    def sets_at(self, zone_id: str, names: Iterable[str]) -> list[RRset]:
        """The sets at ``names`` (as stored), reading no page that holds none of them.

        A page starts at the first name not yet covered and covers all up to the next page's start.
        """
        waiting = sorted(set(names), key=order_key)
        wanted, found = frozenset(waiting), []
        start: dict[str, Any] = {}
        while waiting:
            page = self._page(zone_id, start or {"StartRecordName": waiting[0]})
            found += [one for one in page["ResourceRecordSets"] if stored_name(one["Name"]) in wanted]
            if not page["IsTruncated"]:
                break
            end = stored_name(page["NextRecordName"])
            waiting = [name for name in waiting if order_key(name) >= order_key(end)]
            start = _next(page) if waiting and waiting[0] == end else {}
        return found

    def change(self, zone_id: str, changes: list[dict[str, Any]]) -> None:
        """Commit ``changes`` in one request, all or none."""
        with translated(CHANGE, f"zone {zone_id}"):
            batch: Any = {"Changes": changes}
            self._connected().change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)

    def close(self) -> None:
        """End all connections; safe to call twice."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def _page(self, zone_id: str, start: dict[str, Any]) -> Any:
        with translated("route53:ListResourceRecordSets", f"zone {zone_id}"):
            return self._connected().list_resource_record_sets(
                HostedZoneId=zone_id, MaxItems=str(PAGE), **start
            )

    def _subject(self) -> str:
        return f"profile {self._profile}" if self._profile else ""

    def _connected(self) -> "Route53Client":
        """The client. Making one reads files and is not thread-safe in boto3, hence the lock."""
        with self._lock:
            if self._client is None:
                self._client = _connect(self._options, self._profile)
            return self._client


def _connect(options: Route53Options, profile: str) -> "Route53Client":
    import boto3
    from botocore.config import Config
    from botocore.session import Session as CoreSession

    from dnssync.providers.route53.roles import assume

    core = CoreSession(profile=profile or None)
    region = options.region or core.get_config_variable("region") or _DEFAULT_REGION
    if options.assume_role:
        core = assume(core, options.assume_role, external_id=options.assume_role_external_id, region=region)
    session = boto3.session.Session(botocore_session=core, region_name=region)
    config = Config(
        retries={"mode": "standard", "total_max_attempts": max(1, options.attempts)},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS,
        user_agent_extra="dnssync",
    )
    try:
        return session.client("route53", endpoint_url=options.endpoint_url or None, config=config)
    except ValueError as error:
        raise ConfigError(f"Route 53: the service's address cannot be used: {error}") from error


def _zone(found: Any) -> Zone:
    name = ascii_name(read_name(found["Name"]))
    private = bool(found.get("Config", {}).get("PrivateZone"))
    return Zone(found["Id"].removeprefix(ID_PREFIX), name, private)


def _next(page: Any) -> dict[str, Any]:
    """Where the next page starts. The identifier is given only where the page ends inside a group of sets."""
    start = {"StartRecordName": page["NextRecordName"], "StartRecordType": page["NextRecordType"]}
    if "NextRecordIdentifier" in page:
        start["StartRecordIdentifier"] = page["NextRecordIdentifier"]
    return start
