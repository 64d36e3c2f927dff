"""The form in which endpoints come back from the service, so that comparing finds only real differences."""

import msgspec

from dnssync.endpoints import Endpoint
from dnssync.providers.route53 import properties as p
from dnssync.providers.route53 import routing
from dnssync.providers.route53.rrsets import settle_alias_zone
from dnssync.providers.route53.spelling import txt_value


def settle(endpoint: Endpoint) -> tuple[Endpoint, list[str]]:
    """The adjusted endpoint as ``records`` would give it, and one line for each wish that is not met."""
    if endpoint.property_value(p.ALIAS) in ("A", "AAAA"):
        endpoint = endpoint.with_property(p.ALIAS, "true")
    if endpoint.record_type == "TXT":
        endpoint = msgspec.structs.replace(endpoint, targets=tuple(map(txt_value, endpoint.targets)))
    return routing.settle(settle_alias_zone(endpoint))
