"""Short forms for the endpoints and plans that tests speak of."""

import msgspec
from hypothesis import strategies as st

from dnssync.changes import Change
from dnssync.endpoints import Endpoint, Property
from dnssync.plan import Plan
from dnssync.rules import PlanRules

MINE = PlanRules(owner_id="me")
BOOKLESS = PlanRules()


def wanted(
    name: str, record_type: str, *targets: str, by: str = "ingress/d/web", **fields: object
) -> Endpoint:
    """An endpoint as a source gives it."""
    endpoint = Endpoint(name, record_type, targets, labels={"resource": by})
    return msgspec.structs.replace(endpoint, **fields)


def held(
    name: str, record_type: str, *targets: str, owner: str = "me", by: str = "ingress/d/web", **fields: object
) -> Endpoint:
    """A record as a registry reads it; ``owner`` empty means that no ownership record was found."""
    labels = {"owner": owner, "resource": by} if owner else {}
    endpoint = Endpoint(name, record_type, targets, ttl=300, labels=labels)
    return msgspec.structs.replace(endpoint, **fields)


def told(plan: Plan) -> list[str]:
    """The changes of a plan as short lines, in its order."""
    return [line(change) for change in plan.changes]


def line(change: Change) -> str:
    """One change as ``action name type targets``."""
    endpoint = change.endpoint
    parts = (change.action, endpoint.dns_name, endpoint.record_type, *sorted(endpoint.targets))
    return " ".join(parts)


def after(current: list[Endpoint], plan: Plan, owner_id: str) -> list[Endpoint]:
    """What a registry would read after the plan was carried out: all that was written is ours."""
    rest = list(current)
    for change in plan.changes:
        if change.old is not None:
            rest.remove(change.old)
        if change.new is not None:
            written = change.new.with_labels(owner=owner_id)
            rest.append(msgspec.structs.replace(written, ttl=written.ttl or 300))
    return rest


_names = st.sampled_from(
    ["a.example.com", "A.Example.com.", "b.example.com", "*.example.com", "bücher.example.com"]
)
_targets = {
    "A": st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.10"]),
    "AAAA": st.sampled_from(["2001:db8::1", "2001:DB8:0::1", "2001:db8::2"]),
    "CNAME": st.sampled_from(["lb.example.net", "LB.example.net", "other.example.net"]),
    "TXT": st.sampled_from(['"one"', '"two"']),
}
_settings = st.lists(
    st.sampled_from([Property("aws/weight", "1"), Property("aws/weight", "2"), Property("alias", "true")]),
    unique_by=lambda entry: entry.name,
    max_size=2,
).map(tuple)


@st.composite
def endpoints(draw: st.DrawFn, *, owners: tuple[str, ...] = ("",)) -> Endpoint:
    """Endpoints of a small world, so that they often meet."""
    record_type = draw(st.sampled_from(sorted(_targets)))
    owner = draw(st.sampled_from(owners))
    labels = {"owner": owner} if owner else {}
    resource = draw(st.sampled_from(["", "ingress/d/one", "ingress/d/two"]))
    return Endpoint(
        dns_name=draw(_names),
        record_type=record_type,
        targets=tuple(draw(st.lists(_targets[record_type], min_size=1, max_size=2, unique=True))),
        ttl=draw(st.sampled_from([0, 60, 300])),
        set_identifier=draw(st.sampled_from(["", "", "one"])),
        provider_specific=draw(_settings),
        labels=labels | ({"resource": resource} if resource else {}),
    )
