"""Whose word counts where several files hold an object."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dnssync.manifests.catalogue import Catalogue, Key, Place
from dnssync.objects import ObjectClaims, ObjectRef

FIRST, SECOND = (0, Path("/a.yaml")), (0, Path("/b.yaml"))


def key(name: str) -> Key:
    return "ingress", ObjectRef("ingress", "default", name)


def claims(name: str, uid: str) -> ObjectClaims:
    return ObjectClaims(key(name)[1], uid=uid)


def test_the_last_file_wins_and_leaves_to_the_one_before() -> None:
    catalogue = Catalogue()
    assert catalogue.replace(SECOND, {key("x"): claims("x", "2")}) == {key("x")}
    assert catalogue.replace(FIRST, {key("x"): claims("x", "1")}) == set()
    assert catalogue.find(key("x")) == (True, claims("x", "2"))
    assert catalogue.rivals([key("x")]) == {key("x"): [FIRST, SECOND]}
    assert catalogue.replace(SECOND, {}) == {key("x")}
    assert catalogue.find(key("x")) == (True, claims("x", "1"))


def test_an_unchanged_object_is_not_among_the_changed() -> None:
    catalogue = Catalogue()
    catalogue.replace(FIRST, {key("x"): claims("x", "1"), key("y"): claims("y", "1")})
    assert catalogue.replace(FIRST, {key("x"): claims("x", "1"), key("y"): claims("y", "2")}) == {key("y")}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([FIRST, SECOND, (1, Path("/a.yaml"))]),
            st.dictionaries(st.sampled_from("xyz"), st.sampled_from("123")),
        )
    )
)
def test_any_order_of_changes_ends_in_the_same_state(steps: list[tuple[Place, dict[str, str]]]) -> None:
    catalogue = Catalogue()
    last: dict[Place, dict[str, str]] = {}
    for place, content in steps:
        catalogue.replace(place, {key(name): claims(name, uid) for name, uid in content.items()})
        last[place] = content
    expected = {name: uid for place in sorted(last) for name, uid in last[place].items()}
    assert catalogue.refs("ingress") == {key(name)[1] for name in expected}
    for name in "xyz":
        wanted = (True, claims(name, expected[name])) if name in expected else (False, None)
        assert catalogue.find(key(name)) == wanted
