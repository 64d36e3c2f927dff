"""How recorded values are compared: endpoints as multisets, and what inside them has no order."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from dnssync.endpoints import Endpoint, Property

_TARGET_SETS = frozenset({"A", "AAAA", "CNAME"})


def endpoint_from(data: dict[str, Any]) -> Endpoint:
    """The Endpoint that a recorded one describes (``ttl`` there is seconds, 0 = unset)."""
    return Endpoint(
        dns_name=data["dnsName"],
        record_type=data["recordType"],
        targets=tuple(data["targets"] or ()),
        ttl=data["ttl"],
        set_identifier=data["setIdentifier"],
        provider_specific=tuple(
            Property(entry.get("name", ""), entry.get("value", ""))
            for entry in data["providerSpecific"] or ()
        ),
        labels=dict(data["labels"] or {}),
    )


def endpoints_from(data: Iterable[dict[str, Any]] | None) -> list[Endpoint]:
    """The Endpoints of a recorded list; null is an empty one."""
    return [endpoint_from(entry) for entry in data or ()]


def comparable(endpoint: Endpoint, *, ignore: Iterable[str] = ()) -> str:
    """A text that is equal for two endpoints that count as the same.

    ``ignore`` names fields to leave out, as in a case's ``nondeterministic``: ``ttl``, ``labels.resource`` …
    """
    unordered = endpoint.record_type in _TARGET_SETS
    value: dict[str, Any] = {
        "dnsName": endpoint.dns_name,
        "recordType": endpoint.record_type,
        "targets": sorted(set(endpoint.targets)) if unordered else list(endpoint.targets),
        "ttl": endpoint.ttl,
        "setIdentifier": endpoint.set_identifier,
        "providerSpecific": sorted(set(endpoint.provider_specific)),
        "labels": dict(sorted(endpoint.labels.items())),
    }
    for path in ignore:
        _drop(value, path)
    return msgspec.json.encode(value).decode()


def assert_endpoints(
    actual: Iterable[Endpoint], expected: Iterable[dict[str, Any]] | None, *, ignore: Iterable[str] = ()
) -> None:
    """Assert that both are the same multiset of endpoints; the message lists what differs."""
    ignored = tuple(ignore)
    ours = Counter(comparable(endpoint, ignore=ignored) for endpoint in actual)
    theirs = Counter(comparable(endpoint, ignore=ignored) for endpoint in endpoints_from(expected))
    missing, surplus = list((theirs - ours).elements()), list((ours - theirs).elements())
    assert not missing and not surplus, "\n".join(
        [f"expected, not given: {text}" for text in missing]
        + [f"given, not expected: {text}" for text in surplus]
    )


def _drop(value: dict[str, Any], path: str) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        value = value.get(parent, {})
    value.pop(last, None)
