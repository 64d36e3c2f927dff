"""Zones as they change."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver import ResolverError
from resolver.config import ResolverConfig
from resolver.names import Labels
from resolver.records import Type
from resolver.zones.bases import zone_bases
from resolver.zones.zone import Update, Zone
from tests.resolver.zones import World, update

APEX: Labels = (b"xip", b"test")
NAMES = ["a", "b.a", "c.b.a", "x.y.z", "*.a", "a.*.w"]
CHANGES = st.tuples(st.booleans(), st.sampled_from(NAMES), st.sampled_from(["192.0.2.1", "192.0.2.2"]))


def test_the_serial_grows_with_each_change_and_only_then() -> None:
    zone = World().zone("xip.test")
    assert zone.apply(update(["a.xip.test 60 A 192.0.2.1"]), now=100)
    assert zone.serial == 100
    assert not zone.apply(update(["a.xip.test 60 A 192.0.2.1"]), now=200)
    assert not zone.apply(update(delete=[("b.xip.test", "A")]), now=200)
    assert zone.serial == 100
    assert zone.apply(update(["a.xip.test 60 A 192.0.2.2"]), now=100)
    assert zone.serial == 101
    assert zone.apply(update(delete=[("a.xip.test", "A")]), now=50)
    assert zone.serial == 102


def test_a_serial_that_goes_round_goes_on_from_there() -> None:
    base = msgspec.structs.replace(zone_bases(ResolverConfig(zones=("xip.test",)))[0], serial=2**32 - 1)
    zone = Zone(base, serial=100)
    serials = [zone.serial]
    for number in range(3):
        zone.apply(update([f"a.xip.test 60 A 192.0.2.{number}"]), now=100)
        serials.append(zone.serial)
    assert serials == [2**32 - 1, 0, 100, 101]
    assert not zone.rebase(base, now=100)
    assert zone.rebase(msgspec.structs.replace(base, serial=5000), now=100)
    assert zone.serial == 5000
    assert zone.advance(2**32 + 6000)
    assert zone.serial == 6000
    assert not zone.advance(5999)


@pytest.mark.parametrize(
    "bad",
    [
        update(["a.xip.test 60 A 192.0.2.1", "a.other.test 60 A 192.0.2.1"]),
        update(["a.xip.test 60 A 192.0.2.1", "b.xip.test 60 A 192.0.2.1", "b.xip.test 60 CNAME c.test"]),
        update(["xip.test 60 CNAME elsewhere.test"]),
        update(["kept.xip.test 60 CNAME elsewhere.test"]),
        update(["*.xip.test 60 NS elsewhere.test"]),
        update(["a.xip.test 60 NS elsewhere.test", "a.xip.test 60 DNAME elsewhere.test"]),
        update(delete=[("kept.xip.test", "A"), ("a.other.test", "A")]),
    ],
)
def test_a_bad_update_changes_nothing(bad: Update) -> None:
    world = World("kept.xip.test 60 A 192.0.2.9")
    zone = world.zone("xip.test")
    serial = zone.serial
    with pytest.raises(ResolverError):
        zone.apply(bad, now=100)
    assert zone.serial == serial
    assert world.addresses("kept.xip.test", "A") == ["192.0.2.9"]
    assert world.told("a.xip.test", "A").startswith("NXDOMAIN")


def test_an_address_may_become_an_alias_in_one_update() -> None:
    world = World("a.xip.test 60 A 192.0.2.1")
    both = update(["a.xip.test 60 CNAME b.test"], delete=[("a.xip.test", "A")])
    assert world.zone("xip.test").apply(both, now=5)
    assert world.addresses("a.xip.test", "A") == ["b.test."]


def test_replacing_keeps_what_the_zone_has_itself() -> None:
    world = World(
        "old.xip.test 60 A 192.0.2.1", "team.xip.test 60 NS ns.example", ns=("ns1.xip.test=192.0.2.53",)
    )
    zone = world.zone("xip.test")
    assert zone.apply(
        update(["xip.test 60 NS given.example", "new.xip.test 60 A 192.0.2.2"], replace=True), now=5
    )
    assert world.told("old.xip.test", "A").startswith("NXDOMAIN")
    assert world.told("x.team.xip.test", "A").startswith("NXDOMAIN")
    assert world.addresses("new.xip.test", "A") == ["192.0.2.2"]
    assert world.addresses("ns1.xip.test", "A") == ["192.0.2.53"]
    assert world.addresses("xip.test", "NS") == ["given.example."]
    assert zone.apply(update(replace=True), now=6)
    assert world.addresses("xip.test", "NS") == ["ns1.xip.test."]
    assert world.addresses("xip.test", "SOA")


def test_deleting_a_given_record_brings_the_zones_own_back() -> None:
    world = World("ns1.xip.test 60 A 192.0.2.1", ns=("ns1.xip.test=192.0.2.53",))
    assert world.addresses("ns1.xip.test", "A") == ["192.0.2.1"]
    world.zone("xip.test").apply(update(delete=[("ns1.xip.test", "A"), ("xip.test", "SOA")]), now=5)
    assert world.addresses("ns1.xip.test", "A") == ["192.0.2.53"]
    assert world.addresses("xip.test", "SOA")


@given(st.lists(CHANGES, max_size=30))
def test_any_order_of_changes_ends_as_a_fresh_zone_with_the_same_records(
    changes: list[tuple[bool, str, str]],
) -> None:
    changed, held = World(), dict[str, str]()
    for is_set, name, address in changes:
        if is_set:
            held[name] = address
            change = update([f"{name}.xip.test 60 A {address}"])
        else:
            held.pop(name, None)
            change = update(delete=[(f"{name}.xip.test", "A")])
        changed.zone("xip.test").apply(change, now=1)
    fresh = World(*(f"{name}.xip.test 60 A {address}" for name, address in held.items()))
    for name in {*NAMES, "y.z", "z", "w", "q.a", "q.b.a", "q", "q.*.w", "*.w"}:
        labels = (*(part.encode() for part in name.split(".")), *APEX)
        assert changed.zone("xip.test").node(labels) == fresh.zone("xip.test").node(labels)
        assert changed.told(f"{name}.xip.test", "A") == fresh.told(f"{name}.xip.test", "A")
    assert Type.SOA in (changed.zone("xip.test").node(APEX) or {})
