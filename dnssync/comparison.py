"""Comparing RRsets: whether what stands differs from what is wanted, and which of two goes first."""

import ipaddress
from collections.abc import Sequence

from dnssync.endpoints import LABEL_RESOURCE, Endpoint
from dnssync.names import ascii_name

# These say where a record goes and not what it is: no service gives them back.
_PLACING = frozenset({"aws/hosted-zone-id"})


def differ(held: Endpoint, wanted: Endpoint) -> bool:
    """Whether ``held`` has to be replaced for ``wanted`` to be true.

    An unset TTL (0) wants nothing. The order, case and spelling of targets (addresses, A-labels) do not
    count, nor does the order of provider-specific settings. Labels are not compared.
    """
    if wanted.ttl > 0 and wanted.ttl != held.ttl:
        return True
    if held.targets != wanted.targets and not _same(held.targets, wanted.targets):
        return True
    return held.provider_specific != wanted.provider_specific and _settings(held) != _settings(wanted)


def rank(endpoint: Endpoint) -> tuple[object, ...]:
    """A sort key: the least is the candidate to take. No two different endpoints of one type rank the same.

    Fewest targets first; then the sorted targets one by one, addresses before names, addresses by value.
    The rest only settles ties: by object, then with a wished TTL before without, then by what is left.
    """
    return (
        len(endpoint.targets),
        [_target_rank(target) for target in sorted(endpoint.targets)],
        endpoint.labels.get(LABEL_RESOURCE, ""),
        -endpoint.ttl,
        sorted(endpoint.provider_specific),
        endpoint.dns_name,
        sorted(endpoint.labels.items()),
        endpoint.targets,
        endpoint.provider_specific,
    )


def _target_rank(target: str) -> tuple[int, int, int, str]:
    try:
        address = ipaddress.ip_address(target)
    except ValueError:
        return (1, 0, 0, target)
    return (0, address.version, int(address), "")


def _same(held: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether these are the same targets in other words or in another order."""
    return len(held) == len(wanted) and sorted(map(_canonical, held)) == sorted(map(_canonical, wanted))


def _canonical(target: str) -> str:
    if not target.isascii():
        return ascii_name(target)  # The service gives back the A-labels that were written.
    lowered = target.lower()
    if ":" not in lowered:
        return lowered
    try:
        return str(ipaddress.ip_address(lowered))
    except ValueError:
        return lowered


def _settings(endpoint: Endpoint) -> dict[str, str]:
    return {entry.name: entry.value for entry in endpoint.provider_specific if entry.name not in _PLACING}
