"""Short forms for records, markers and whole passes over a zone."""

from collections.abc import Sequence

from dnssync.endpoints import Endpoint
from dnssync.ownership import TxtOptions, TxtRegistry, ZoneContent
from dnssync.plan import Plan, PlanRules, plan
from tests.ownership.zone import StrictZone

ME = TxtOptions(owner_id="me")
RULES = PlanRules(owner_id="me")


def record(name: str, record_type: str, *targets: str, set_identifier: str = "") -> Endpoint:
    """A record as a provider reads it."""
    return Endpoint(name, record_type, targets, ttl=300, set_identifier=set_identifier)


def marker(
    name: str, owner: str = "me", resource: str = "ingress/d/web", set_identifier: str = ""
) -> Endpoint:
    """A TXT record with the content of a marker."""
    text = f'"heritage=external-dns,external-dns/owner={owner},external-dns/resource={resource}"'
    return record(name, "TXT", text, set_identifier=set_identifier)


def wanted(name: str, record_type: str, *targets: str, set_identifier: str = "") -> Endpoint:
    """An endpoint as a source gives it."""
    labels = {"resource": "ingress/d/web"}
    return Endpoint(name, record_type, targets, set_identifier=set_identifier, labels=labels)


def run(
    zone: StrictZone, desired: Sequence[Endpoint], options: TxtOptions = ME, rules: PlanRules = RULES
) -> tuple[Plan, ZoneContent]:
    """One pass: read, plan, bundle, commit; the plan, and the content kept true without reading again."""
    registry = TxtRegistry(options)
    content = registry.read(zone.raw())
    result = plan(content.records(), desired, rules)
    bundles = registry.bundle(result.changes, content)
    zone.commit(bundles)
    for bundle in bundles:
        content.apply(bundle)
    return result, content


def reread(zone: StrictZone, options: TxtOptions = ME) -> ZoneContent:
    """The zone read afresh."""
    return TxtRegistry(options).read(zone.raw())
