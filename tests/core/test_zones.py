"""Zones: which take part, and which one holds a name."""

from dnssync import zones


def test_a_zone_is_found_by_whole_labels_and_the_longest_wins() -> None:
    held = {"parent": "example.com", "child": "sub.example.com"}
    assert zones.find_zone("a.sub.example.com", held) == ("child", "sub.example.com")
    assert zones.find_zone("badexample.com", held) == ("", "")


def test_of_two_zones_with_one_name_the_same_is_found_always() -> None:
    assert zones.find_zone("a.example.com", {"Z2": "example.com", "Z1": "example.com"})[0] == "Z1"
    assert zones.find_zone("a.example.com", {"Z1": "example.com", "Z2": "example.com"})[0] == "Z1"


def test_every_wished_tag_must_be_there() -> None:
    tags = {"team": "dns", "env": "prod"}
    assert zones.tags_pass(tags, ["team", "env=prod"])
    assert zones.tags_pass(tags, [" team = dns "])
    assert not zones.tags_pass(tags, ["team", "env=test"])
    assert zones.tags_pass({}, [])


def test_an_unknown_zone_type_fits_no_zone() -> None:
    assert zones.type_passes("private", "")
    assert not zones.type_passes("bogus", "bogus")
