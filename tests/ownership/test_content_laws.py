"""Laws of whole passes over a zone, for whatever stands in it and whatever is wanted."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.changes import Action, Bundle, Change
from dnssync.endpoints import Endpoint
from dnssync.names import normalise
from dnssync.ownership import NoopRegistry, TxtOptions, TxtRegistry
from dnssync.plan import PlanRules, plan
from dnssync.policy import Policy
from tests.ownership.cases import marker, record
from tests.ownership.zone import StrictZone

_NAMES = (
    "app.example.com",
    "*.example.com",
    "a-app.example.com",
    "sub.app.example.com",
    "bücher.example.com",
)
_TARGETS = {
    "A": ("10.0.0.1", "10.0.0.2"),
    "AAAA": ("2001:db8::1", "2001:db8::2"),
    "CNAME": ("lb.example.net", "lb2.example.net"),
    "TXT": ('"hello"', '"v=spf1 -all"'),
}
_KEY = "0123456789abcdef0123456789abcdef"

_options = st.builds(
    TxtOptions,
    owner_id=st.just("me"),
    prefix=st.sampled_from(["", "txt.", "%{record_type}-owner."]),
    wildcard_replacement=st.sampled_from(["", "any"]),
    aes_key=st.sampled_from(["", _KEY]),
    encrypt=st.just(False),
    migrate_from=st.sampled_from(["", "old"]),
).flatmap(
    lambda options: st.sampled_from(
        [options, msgspec.structs.replace(options, encrypt=bool(options.aes_key))]
    )
)
_rules = st.builds(PlanRules, policy=st.sampled_from(list(Policy)), owner_id=st.just("me"))


@st.composite
def _records(draw: st.DrawFn) -> Endpoint:
    record_type = draw(st.sampled_from(sorted(_TARGETS)))
    target = draw(st.sampled_from(_TARGETS[record_type]))
    return record(draw(st.sampled_from(_NAMES)), record_type, target, set_identifier=draw(_set_identifiers))


@st.composite
def _markers(draw: st.DrawFn) -> Endpoint:
    """Markers in every format, of every owner, some of them of records that are not there."""
    prefix = draw(st.sampled_from(["", "txt.", "a-owner.", "aaaa-owner."]))
    word = draw(st.sampled_from(["", "a-", "aaaa-", "cname-"]))
    subject = draw(st.sampled_from(["app.example.com", "any.example.com", "xn--bcher-kva.example.com"]))
    owner = draw(st.sampled_from(["me", "me", "other", "old"]))
    return marker(prefix + word + subject, owner, set_identifier=draw(_set_identifiers))


_set_identifiers = st.sampled_from(["", "", "one"])
_wanted = _records().map(
    lambda entry: msgspec.structs.replace(entry, ttl=0, labels={"resource": "ingress/d/web"})
)


def _key(endpoint: Endpoint) -> tuple[str, str, str]:
    return normalise(endpoint.dns_name), endpoint.record_type, endpoint.set_identifier


_raw = st.lists(st.one_of(_records(), _markers()), max_size=8, unique_by=_key)
_desired = st.lists(_wanted, max_size=5)


@given(_raw, _desired, _options, _rules)
def test_content_kept_true_by_bundles_equals_content_read_afresh(
    raw: list[Endpoint], desired: list[Endpoint], options: TxtOptions, rules: PlanRules
) -> None:
    zone, registry = StrictZone(raw), TxtRegistry(options)
    content = registry.read(zone.raw())
    bundles = registry.bundle(plan(content.records(), desired, rules).changes, content)
    zone.commit(bundles)
    for bundle in bundles:
        content.apply(bundle)
    fresh = registry.read(zone.raw())
    assert content == fresh
    assert content.owned_count("me") == fresh.owned_count("me")
    assert set(content.names()) == set(fresh.names())


@given(_raw, _desired, _options, _rules)
def test_a_second_pass_has_nothing_to_do(
    raw: list[Endpoint], desired: list[Endpoint], options: TxtOptions, rules: PlanRules
) -> None:
    zone, registry = StrictZone(raw), TxtRegistry(options)
    for _ in range(2):
        content = registry.read(zone.raw())
        bundles = registry.bundle(plan(content.records(), desired, rules).changes, content)
        zone.commit(bundles)
    content = registry.read(zone.raw())
    assert registry.bundle(plan(content.records(), desired, rules).changes, content) == []


@given(_raw, _desired, _options, _rules)
def test_what_is_not_ours_stays_as_it_is(
    raw: list[Endpoint], desired: list[Endpoint], options: TxtOptions, rules: PlanRules
) -> None:
    zone, registry = StrictZone(raw), TxtRegistry(options)
    content = registry.read(zone.raw())
    foreign = {_key(entry): entry for entry in content.records() if entry.labels.get("owner") != "me"}
    ours = ("external-dns/owner=me", "external-dns/owner=old" if options.migrate_from else "owner=me")
    foreign_markers = {
        _key(entry): entry
        for entry in raw
        if "heritage" in entry.targets[0] and not any(owner in entry.targets[0] for owner in ours)
    }
    zone.commit(registry.bundle(plan(content.records(), desired, rules).changes, content))
    for key, entry in (foreign | foreign_markers).items():
        assert zone.rrsets[key].targets == entry.targets


@given(_raw, _desired, _options, _rules)
def test_whatever_is_created_is_recognised_as_ours(
    raw: list[Endpoint], desired: list[Endpoint], options: TxtOptions, rules: PlanRules
) -> None:
    zone, registry = StrictZone(raw), TxtRegistry(options)
    content = registry.read(zone.raw())
    bundles = registry.bundle(plan(content.records(), desired, rules).changes, content)
    zone.commit(bundles)
    fresh = registry.read(zone.raw())
    for bundle in bundles:
        for change in bundle.changes:
            if change.new is not None and change.new.labels.get("owner"):
                found = fresh.find(change.new)
                assert found is not None and found.labels["owner"] == "me"


@given(_raw, _desired)
def test_without_books_the_zone_becomes_what_is_wanted(raw: list[Endpoint], desired: list[Endpoint]) -> None:
    zone, registry = StrictZone(raw), NoopRegistry()
    content = registry.read(zone.raw())
    assert content.owned_count("") == len(raw)
    bundles = registry.bundle(plan(content.records(), desired, PlanRules()).changes, content)
    zone.commit(bundles)
    for bundle in bundles:
        content.apply(bundle)
    assert content == registry.read(zone.raw())
    assert not plan(content.records(), desired, PlanRules())


@pytest.mark.parametrize("survive", [False, True])
def test_labels_stay_where_the_service_gives_them_back(survive: bool) -> None:
    new = Endpoint("a.x.test", "A", ("10.0.0.1",), labels={"resource": "ingress/d/web"})
    content = NoopRegistry(labels_survive=survive).read([])
    content.apply(Bundle("a.x.test.", (Change(Action.CREATE, new=new),)))
    (held,) = content.records()
    assert held.labels == (new.labels if survive else {})
