"""Endpoints of several objects, joined where they mean one record."""

from collections.abc import Iterable

import msgspec

from dnssync.endpoints import Endpoint

# RFC 1034 §3.6.2, RFC 6672 §2.4: one target per name, so different targets cannot become one record.
_SINGLE_TARGET_TYPES = frozenset({"CNAME", "DNAME"})

_MergeKey = tuple[str, str, str, int, str]


def merge(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Join endpoints of equal name, type, set identifier and TTL; their targets are united and sorted.

    Labels and settings are those of the first one, so the caller decides by its order whose they are.
    CNAME and DNAME join only if their first targets are equal, and are dropped if they have none: which of
    several shall win is for the plan to say. (external-dns's rule.)
    """
    groups: dict[_MergeKey, list[Endpoint]] = {}
    for endpoint in endpoints:
        if endpoint.targets or endpoint.record_type not in _SINGLE_TARGET_TYPES:
            groups.setdefault(_merge_key(endpoint), []).append(endpoint)
    return [_joined(group) for group in groups.values()]


def with_one_target(endpoint: Endpoint) -> Endpoint:
    """The endpoint as a record can hold it: of several host names a CNAME or DNAME keeps the first in order.

    A load balancer behind another one shows both names in the status. As there can be one only, the same
    one has to be taken each time, or the record would never be as it is wanted.
    """
    if endpoint.record_type not in _SINGLE_TARGET_TYPES or len(endpoint.targets) < 2:
        return endpoint
    return msgspec.structs.replace(endpoint, targets=(min(endpoint.targets),))


def _merge_key(endpoint: Endpoint) -> _MergeKey:
    single = endpoint.targets[0] if endpoint.record_type in _SINGLE_TARGET_TYPES else ""
    return (endpoint.dns_name, endpoint.record_type, endpoint.set_identifier, endpoint.ttl, single)


def _joined(group: list[Endpoint]) -> Endpoint:
    targets = tuple(sorted({target for endpoint in group for target in endpoint.targets}))
    first = group[0]
    return first if targets == first.targets else msgspec.structs.replace(first, targets=targets)
