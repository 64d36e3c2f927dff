"""The TXT registry: what is read as ours, and what travels with a change."""

import msgspec
import pytest

from dnssync.changes import Action, Change
from dnssync.endpoints import Endpoint, Property
from dnssync.errors import ConfigError
from dnssync.ownership import TxtOptions, TxtRegistry
from dnssync.ownership.books import FORCE_UPDATE
from dnssync.plan import SkipReason, plan
from tests.ownership.cases import ME, RULES, marker, record, reread, run, wanted
from tests.ownership.zone import StrictZone

KEY = "0123456789abcdef0123456789abcdef"
ALIAS = (Property("alias", "true"),)


def owner_of(options: TxtOptions, *raw: Endpoint) -> str | None:
    """The owner that the first record is read to have."""
    return TxtRegistry(options).read(raw).at(raw[0].dns_name + ".")[0].labels.get("owner")


@pytest.mark.parametrize(
    "options",
    [
        {"owner_id": ""},
        {"owner_id": "me,you"},
        {"owner_id": 'm"e'},
        {"owner_id": "me\\"},
        {"owner_id": "me\n"},
        {"owner_id": "\udcff"},
        {"owner_id": "me", "encrypt": True},
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        TxtRegistry(msgspec.convert(options, TxtOptions))


@pytest.mark.parametrize("name", ["a-app.x", "app.x"])
def test_typed_and_untyped_markers_are_read(name: str) -> None:
    assert owner_of(ME, record("app.x", "A", "10.0.0.1"), marker(name)) == "me"


def test_an_untyped_marker_does_not_speak_for_aaaa() -> None:
    assert owner_of(ME, record("app.x", "AAAA", "::1"), marker("app.x")) is None


def test_a_cname_marker_speaks_for_an_a_alias_only() -> None:
    alias = msgspec.structs.replace(record("app.x", "A", "lb.y"), provider_specific=ALIAS)
    assert owner_of(ME, alias, marker("cname-app.x")) == "me"
    assert owner_of(ME, record("app.x", "A", "10.0.0.1"), marker("cname-app.x")) is None


def test_a_typed_marker_goes_before_an_untyped_one() -> None:
    raw = [record("app.x", "A", "10.0.0.1"), marker("app.x"), marker("a-app.x", owner="other")]
    assert owner_of(ME, *raw) == "other"


def test_a_marker_speaks_for_its_own_set_identifier_only() -> None:
    raw = [record("app.x", "A", "10.0.0.1", set_identifier="one"), marker("a-app.x", set_identifier="two")]
    assert owner_of(ME, *raw) is None


def test_of_two_markers_that_read_as_one_the_one_under_todays_name_counts() -> None:
    options = TxtOptions(owner_id="me", suffix="-%{record_type}")
    # The affix without its template is read too, so "mx-.x" is another marker of the MX record at mx.x.
    for order in (1, -1):
        markers = [marker("mx-mx.x", owner="other"), marker("mx-.x")][::order]
        assert owner_of(options, record("mx.x", "MX", "1 mail.x"), *markers) == "other"


def test_a_marker_of_another_set_identifier_does_not_stand_in_for_a_missing_one() -> None:
    raw = [
        record("a.x", "A", "10.0.0.1"),
        marker("a.x"),
        record("a.x", "A", "10.0.0.2", set_identifier="one"),
        marker("a-a.x", set_identifier="one"),
    ]
    plain, routed = TxtRegistry(ME).read(raw).at("a.x.")
    assert plain.property_value(FORCE_UPDATE) == "true"
    assert routed.property_value(FORCE_UPDATE) is None


def test_markers_are_found_whatever_case_the_service_gives_back() -> None:
    assert owner_of(ME, record("app.x", "A", "10.0.0.1"), marker("A-App.X")) == "me"
    options = TxtOptions(owner_id="me", wildcard_replacement="ANY")
    assert owner_of(options, record("*.x", "A", "10.0.0.1"), marker("a-any.x")) == "me"


def test_a_record_and_its_marker_travel_in_one_bundle() -> None:
    registry = TxtRegistry(ME)
    content = registry.read([])
    desired = [wanted("b.x", "A", "10.0.0.1"), wanted("a.x", "A", "10.0.0.1"), wanted("a.x", "AAAA", "::1")]
    bundles = registry.bundle(plan([], desired, RULES).changes, content)
    assert [(bundle.name, [change.endpoint.dns_name for change in bundle.changes]) for bundle in bundles] == [
        ("a.x.", ["a.x", "a.x", "a-a.x", "aaaa-a.x"]),
        ("b.x.", ["b.x", "a-b.x"]),
    ]
    assert {change.action for bundle in bundles for change in bundle.changes} == {Action.CREATE}
    assert all(bundle.changes[0].endpoint.labels["owner"] == "me" for bundle in bundles)


def test_a_marker_shares_set_identifier_and_routing_of_its_record() -> None:
    new = msgspec.structs.replace(
        wanted("a.x", "A", "10.0.0.1", set_identifier="one"), provider_specific=(Property("aws/weight", "1"),)
    )
    zone = StrictZone()
    run(zone, [new])
    sides = [(side.set_identifier, side.provider_specific) for side in zone.raw()]
    assert sides == [("one", (Property("aws/weight", "1"),))] * 2


def test_an_update_asserts_the_marker_again() -> None:
    zone = StrictZone([record("a.x", "A", "10.0.0.1"), marker("a-a.x", resource="ingress/d/old")])
    registry = TxtRegistry(ME)
    content = registry.read(zone.raw())
    (bundle,) = registry.bundle(
        plan(content.records(), [wanted("a.x", "A", "10.0.0.2")], RULES).changes, content
    )
    assert [change.action for change in bundle.changes] == [Action.UPDATE, Action.UPDATE]
    zone.commit([bundle])
    assert zone.texts()["a-a.x"].endswith('external-dns/resource=ingress/d/web"')


def test_each_owner_is_counted() -> None:
    theirs = [record("b.x", "A", "10.0.0.1"), marker("a-b.x", owner="other")]
    content = TxtRegistry(ME).read([record("a.x", "A", "10.0.0.1"), marker("a-a.x"), *theirs])
    assert content.at("a.x.")[0].labels == {"owner": "me", "resource": "ingress/d/web"}
    assert (content.owned_count("me"), content.owned_count("other"), content.owned_count("")) == (1, 1, 2)


def test_a_marker_is_deleted_as_it_stands_in_the_zone() -> None:
    odd = msgspec.structs.replace(
        marker("a-a.x"), targets=('"heritage=external-dns,x=y,external-dns/owner=me"',)
    )
    zone = StrictZone([record("a.x", "A", "10.0.0.1"), msgspec.structs.replace(odd, ttl=17)])
    run(zone, [])
    assert zone.raw() == []


def test_deleting_one_type_leaves_a_shared_untyped_marker_to_the_others() -> None:
    zone = StrictZone([record("a.x", "A", "10.0.0.1"), record("a.x", "MX", "1 mail.x"), marker("a.x")])
    run(zone, [])
    assert sorted(side.record_type for side in zone.raw()) == ["MX", "TXT"]


def test_strings_that_someone_put_beside_a_marker_stay() -> None:
    shared = msgspec.structs.replace(marker("a.x"), targets=(*marker("a.x").targets, '"site=1"'))
    zone = StrictZone([record("a.x", "A", "10.0.0.1"), shared])
    _, content = run(zone, [])
    assert [side.targets for side in zone.raw()] == [('"site=1"',)]
    assert content == reread(zone)
    zone = StrictZone([record("a.x", "A", "10.0.0.1"), msgspec.structs.replace(shared, dns_name="a-a.x")])
    run(zone, [wanted("a.x", "A", "10.0.0.2")])
    assert zone.rrsets["a-a.x.", "TXT", ""].targets[1:] == ('"site=1"',)


def test_an_older_marker_moves_to_todays_form_with_its_record() -> None:
    zone = StrictZone([record("a.x", "A", "10.0.0.1"), marker("a.x")])
    assert reread(zone).at("a.x.")[0].property_value(FORCE_UPDATE) == "true"
    registry, before = TxtRegistry(ME), reread(zone)
    (bundle,) = registry.bundle(
        plan(before.records(), [wanted("a.x", "A", "10.0.0.1")], RULES).changes, before
    )
    result, content = run(zone, [wanted("a.x", "A", "10.0.0.1")])
    assert [change.action for change in result.changes] == [Action.UPDATE]
    assert set(zone.texts()) == {"a-a.x"}
    assert all(side.provider_specific == () for side in zone.raw())
    assert all(change.old.provider_specific == () for change in bundle.changes if change.old)
    assert not run(zone, [wanted("a.x", "A", "10.0.0.1")])[0]
    assert content == reread(zone)


def test_a_record_whose_marker_cannot_be_named_is_not_created() -> None:
    long = "x" * 62
    registry = TxtRegistry(ME)
    change = Change(Action.CREATE, new=wanted(f"{long}.example.com", "A", "10.0.0.1"))
    assert registry.bundle([change], registry.read([])) == []
    (refusal,) = registry.refusals([change], registry.read([]))
    assert refusal.reason is SkipReason.NO_MARKER
    assert "is 64 octets long" in refusal.message


def test_an_apex_record_whose_marker_would_leave_the_zone_is_not_created() -> None:
    registry = TxtRegistry(ME)
    change = Change(Action.CREATE, new=wanted("example.com", "A", "10.0.0.1"))
    content = registry.read([], "example.com")
    assert registry.bundle([change], content) == []
    (refusal,) = registry.refusals([change], content)
    assert "would lie outside the zone example.com" in refusal.message
    inside = TxtRegistry(TxtOptions(owner_id="me", prefix="%{record_type}-owner."))
    assert len(inside.bundle([change], inside.read([], "example.com"))) == 1


def test_an_apex_record_of_ours_by_an_older_marker_is_updated_without_churn() -> None:
    registry = TxtRegistry(ME)
    zone = StrictZone([record("example.com", "A", "10.0.0.1"), marker("example.com")])
    content = registry.read(zone.raw(), "example.com")
    assert not plan(content.records(), [wanted("example.com", "A", "10.0.0.1")], RULES)
    changes = plan(content.records(), [wanted("example.com", "A", "10.0.0.2")], RULES).changes
    zone.commit(registry.bundle(changes, content))
    assert owner_of(ME, *zone.raw()) == "me" and len(zone.raw()) == 2


@pytest.mark.parametrize("record_type", ["TXT", "CNAME"])
def test_a_record_whose_markers_place_is_taken_is_not_created(record_type: str) -> None:
    zone = StrictZone([record("a-app.x", record_type, "elsewhere.y")])
    registry = TxtRegistry(ME)
    change = Change(Action.CREATE, new=wanted("app.x", "A", "10.0.0.1"))
    content = registry.read(zone.raw())
    assert registry.bundle([change], content) == []
    assert f"taken by a {record_type} record" in registry.refusals([change], content)[0].message


def test_what_became_foreign_since_the_plan_was_made_is_not_touched() -> None:
    registry = TxtRegistry(ME)
    mine = registry.read([record("a.x", "A", "10.0.0.1"), marker("a-a.x")])
    changes = plan(mine.records(), [wanted("a.x", "A", "10.0.0.2")], RULES).changes
    theirs = registry.read([record("a.x", "A", "10.0.0.1"), marker("a-a.x", owner="other")])
    assert len(registry.bundle(changes, mine)) == 1
    assert registry.bundle(changes, theirs) == []
    assert registry.refusals(changes, theirs)[0].reason is SkipReason.FOREIGN_OWNER
    deletes = plan(mine.records(), [], RULES).changes
    assert len(registry.bundle(deletes, mine)) == 1
    assert registry.bundle(deletes, theirs) == []


def test_a_unicode_name_is_marked_under_its_a_label_and_found_again() -> None:
    zone = StrictZone()
    run(zone, [wanted("bücher.example.com", "A", "10.0.0.1")])
    assert set(zone.texts()) == {"a-xn--bcher-kva.example.com"}
    assert reread(zone).at("xn--bcher-kva.example.com.")[0].labels["owner"] == "me"


def test_sealed_markers_keep_a_secret_and_do_not_churn() -> None:
    options = TxtOptions(owner_id="me", encrypt=True, aes_key=KEY)
    zone = StrictZone()
    run(zone, [wanted("a.x", "A", "10.0.0.1")], options)
    (sealed,) = zone.texts().values()
    assert "heritage" not in sealed and "ingress" not in sealed
    result, content = run(zone, [wanted("a.x", "A", "10.0.0.2")], options)
    assert result and list(zone.texts().values()) == [sealed]
    assert content.at("a.x.")[0].labels == {"owner": "me", "resource": "ingress/d/web"}


def test_without_the_key_a_sealed_record_is_foreign_and_a_key_alone_still_reads() -> None:
    zone = StrictZone()
    run(zone, [wanted("a.x", "A", "10.0.0.1")], TxtOptions(owner_id="me", encrypt=True, aes_key=KEY))
    assert not run(zone, [])[0]
    reading = TxtOptions(owner_id="me", aes_key=KEY)
    run(zone, [wanted("a.x", "A", "10.0.0.2")], reading)
    assert zone.texts()["a-a.x"].startswith('"heritage=external-dns')
