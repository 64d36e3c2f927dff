"""Public services that resolve names which carry an address, and how they read them. Pure.

They take the first address that they find anywhere in a name, four decimal numbers before eight hex digits,
and not the one that stands before their domain: part of a name can so lead to a stranger's host.
"""

import re
from ipaddress import IPv4Address, IPv6Address

from dnssync.names import is_within

DOMAINS = ("nip.io", "sslip.io", "xip.io")

_HEX = re.compile(r"[0-9a-f]{8}")


def is_public(domain: str) -> bool:
    """Whether a public service answers for the names below ``domain``."""
    return any(is_within(domain, service) for service in DOMAINS)


def finds_another(host: str, address: IPv4Address | IPv6Address) -> bool:
    """Whether a public service may find an address in ``host`` that is not ``address``."""
    pieces = re.split(r"[.-]", host)
    fours = (_decimal(pieces[start : start + 4]) for start in range(len(pieces) - 3))
    found = [each for each in fours if each]
    if not found:
        found = [IPv4Address(int(piece, 16)) for piece in pieces if _HEX.fullmatch(piece)]
    return any(each != address for each in found)


def _decimal(pieces: list[str]) -> IPv4Address | None:
    try:
        return IPv4Address(".".join(pieces))
    except ValueError:
        return None
