"""Checks of the wildcard resolver: the one address that a name encodes, by the grammar and over the wire."""

from ipaddress import ip_address

from resolver import decode
from tests.conformance.registry import CaseData
from tests.resolver.zones import World

_ZONE = "xip.test"


def _name(case: CaseData) -> None:
    expected = ip_address(case["address"]) if case["address"] else None
    name = f"{case['prefix']}.{_ZONE}"
    assert decode(name, _ZONE) == expected
    world = World(zones=(_ZONE,))
    answers = [answer for rtype in ("A", "AAAA") for answer in world.addresses(name, rtype)]
    assert answers == ([str(expected)] if expected else [])


CHECKS = {"names.json": _name}
