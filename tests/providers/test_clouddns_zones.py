"""Which managed zones take part, and which of them get a name."""

from dnssync.domains import DomainFilter
from dnssync.providers import Zone
from dnssync.providers.clouddns.zones import ManagedZone, ZoneRules, select, zones_of

_PUBLIC = ManagedZone("pub", "example.com.", "11")
_PRIVATE = ManagedZone("priv", "example.com.", "12", "private")
_INNER = ManagedZone("inner", "corp.example.com.", "13", "private")
_ALL = (_PUBLIC, _PRIVATE, _INNER)


def _ids(zones: list[Zone]) -> list[str]:
    return [zone.id for zone in zones]


def test_zones_without_records_of_their_own_do_not_take_part() -> None:
    peering = ManagedZone("peer", "example.com.", "1", "private", peering_config={})
    forwarding = ManagedZone("fwd", "example.com.", "2", "private", forwarding_config={})

    assert _ids(select([peering, _PUBLIC, forwarding], ZoneRules())) == ["pub"]


def test_zones_are_chosen_by_visibility_number_and_name() -> None:
    assert _ids(select(_ALL, ZoneRules(visibility="private"))) == ["inner", "priv"]
    assert _ids(select(_ALL, ZoneRules(ids=("12",)))) == ["priv"]
    assert _ids(select(_ALL, ZoneRules(ids=("inner",)))) == ["inner"]
    assert _ids(select(_ALL, ZoneRules(DomainFilter(include=("corp.example.com",))))) == ["inner"]


def test_split_horizon_writes_to_all_zones_of_the_longest_name_pain_12() -> None:
    zones = select(_ALL, ZoneRules())

    assert _ids(zones_of("www.example.com", zones, DomainFilter())) == ["priv", "pub"]
    assert _ids(zones_of("WWW.Example.com.", zones[::-1], DomainFilter())) == ["pub", "priv"]


def test_a_name_of_a_private_subdomain_never_reaches_the_public_parent() -> None:
    assert _ids(zones_of("db.corp.example.com", select(_ALL, ZoneRules()), DomainFilter())) == ["inner"]


def test_zones_hold_names_by_whole_labels() -> None:
    assert zones_of("notexample.com", select(_ALL, ZoneRules()), DomainFilter()) == []


def test_a_name_outside_the_domain_filter_has_no_zone() -> None:
    zones = select(_ALL, ZoneRules())

    assert zones_of("a.corp.example.com", zones, DomainFilter(exclude=("corp.example.com",))) == []
