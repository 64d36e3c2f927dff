"""Bundles as atomic Changes: nothing is torn apart, no limit is broken, a refusal is judged by the zone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.changes import Action, Bundle, Change
from dnssync.endpoints import Endpoint
from dnssync.providers.clouddns.batches import (
    Edit,
    Limits,
    Load,
    Verdict,
    body_of,
    edit_of,
    judge,
    obstacle,
    pack,
    rebase,
)
from dnssync.providers.clouddns.rrsets import RRset

_OLD = Endpoint("a.example.com", "A", ("192.0.2.1",), 60)
_NEW = Endpoint("a.example.com", "A", ("192.0.2.2",), 60)
_MARK = Endpoint("a-a.example.com", "TXT", ('"heritage=external-dns"',))

_OLD_SET = RRset("a.example.com.", "A", 60, ("192.0.2.1",))
_NEW_SET = RRset("a.example.com.", "A", 60, ("192.0.2.2",))
_MARK_SET = RRset("a-a.example.com.", "TXT", 300, ('"heritage=external-dns"',))


def _edit(*changes: Change) -> Edit:
    return edit_of(Bundle("a.example.com.", changes))


_CREATE = _edit(Change(Action.CREATE, new=_OLD), Change(Action.CREATE, new=_MARK))
_UPDATE = _edit(Change(Action.UPDATE, old=_OLD, new=_NEW))
_DELETE = _edit(Change(Action.DELETE, old=_OLD), Change(Action.DELETE, old=_MARK))


def _live(*rrsets: RRset) -> dict[tuple[str, str], RRset]:
    return {rrset.key: rrset for rrset in rrsets}


def test_an_update_deletes_the_old_set_and_adds_the_new_one() -> None:
    assert body_of([_UPDATE]) == {
        "kind": "dns#change",
        "additions": [{"name": "a.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.2"]}],
        "deletions": [{"name": "a.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}],
    }


@pytest.mark.parametrize(
    ("edit", "live", "verdict"),
    [
        (_CREATE, _live(_OLD_SET, _MARK_SET), Verdict.DONE),
        (_CREATE, _live(), Verdict.UNTOUCHED),
        (_CREATE, _live(_NEW_SET, _MARK_SET), Verdict.CHANGED),
        (_UPDATE, _live(_NEW_SET), Verdict.DONE),
        (_UPDATE, _live(_OLD_SET), Verdict.UNTOUCHED),
        (_UPDATE, _live(), Verdict.CHANGED),
        (_DELETE, _live(), Verdict.DONE),
        (_DELETE, _live(_OLD_SET, _MARK_SET), Verdict.UNTOUCHED),
        (_DELETE, _live(_NEW_SET, _MARK_SET), Verdict.CHANGED),
    ],
)
def test_a_refused_edit_is_judged_by_what_the_zone_holds(
    edit: Edit, live: dict[tuple[str, str], RRset], verdict: Verdict
) -> None:
    assert judge(edit, live) is verdict


def test_a_foreign_record_with_our_data_is_not_taken_over_by_adding_our_mark() -> None:
    assert judge(_CREATE, _live(_OLD_SET)) is Verdict.CHANGED


def test_an_open_ttl_is_deleted_as_the_zone_has_it() -> None:
    stored = RRset("a-a.example.com.", "TXT", 77, ('"heritage=external-dns"',))
    edit = _edit(Change(Action.DELETE, old=_MARK))

    assert judge(edit, _live(stored)) is Verdict.UNTOUCHED
    assert rebase(edit, _live(stored)).deletions == (stored,)


def test_a_set_with_a_routing_policy_is_never_touched() -> None:
    routed = Endpoint("a.example.com", "A", (), 300)

    assert "routing policy" in obstacle(_edit(Change(Action.DELETE, old=routed)), Limits())
    assert obstacle(_UPDATE, Limits()) == ""


def test_a_bundle_over_a_limit_cannot_be_sent_and_says_which() -> None:
    assert "2 additions, 1 are allowed" in obstacle(_CREATE, Limits(additions=1))
    assert "2 deletions, 1 are allowed" in obstacle(_DELETE, Limits(deletions=1))
    assert "2 changes, 1 are allowed" in obstacle(_UPDATE, Limits(changes=1))
    assert "18 octets of data, 17 are allowed" in obstacle(_UPDATE, Limits(data=17))
    assert obstacle(_CREATE, Limits(changes=0)) == ""


_EDITS = st.lists(st.sampled_from([_CREATE, _UPDATE, _DELETE]), max_size=30)
_LIMITS = st.builds(
    Limits,
    changes=st.sampled_from([0, 2, 3, 7, 1000]),
    additions=st.integers(2, 12),
    deletions=st.integers(2, 12),
    data=st.integers(40, 300),
)


@given(_EDITS, _LIMITS)
def test_batches_keep_bundles_whole_in_order_and_within_every_limit(
    edits: list[Edit], limits: Limits
) -> None:
    batches = list(pack(edits, limits))

    assert [edit for batch in batches for edit in batch] == edits
    for batch in batches:
        load = Load()
        for edit in batch:
            load = load.plus(edit.load)
        assert limits.excess(load) == ""


@given(_EDITS, _LIMITS)
def test_no_two_neighbouring_batches_could_have_been_one(edits: list[Edit], limits: Limits) -> None:
    batches = list(pack(edits, limits))

    for batch, following in itertools.pairwise(batches):
        load = following[0].load
        for edit in batch:
            load = load.plus(edit.load)
        assert limits.excess(load) != ""
