"""When a changed file is believed."""

from pathlib import Path

from dnssync.manifests.folders import Signature
from dnssync.manifests.settling import EMPTY_SECONDS, MISSING_SECONDS, QUIET_SECONDS, Settling

PLACE = (0, Path("a.yaml"))
BEFORE = Signature(1, 1000, 7)


def look(size: int, *, modified: int = 2, inode: int = 7) -> Signature:
    return Signature(modified, size, inode)


def test_a_file_that_grew_or_was_replaced_is_believed_at_once() -> None:
    settling = Settling()
    assert settling.is_settled(PLACE, BEFORE, look(1000), 0.0)
    assert settling.is_settled(PLACE, BEFORE, look(10, inode=8), 0.0)
    assert settling.places() == set()


def test_a_file_that_became_shorter_is_believed_once_it_stays_as_it_is() -> None:
    settling = Settling()
    assert not settling.is_settled(PLACE, BEFORE, look(100), 0.0)
    assert not settling.is_settled(PLACE, BEFORE, look(2000, modified=3), QUIET_SECONDS)
    assert not settling.is_settled(PLACE, BEFORE, look(2000, modified=3), QUIET_SECONDS * 1.5)
    assert settling.places() == {PLACE}
    assert settling.is_settled(PLACE, BEFORE, look(2000, modified=3), QUIET_SECONDS * 2)
    assert settling.places() == set()


def test_an_empty_or_missing_file_is_believed_after_its_time() -> None:
    settling = Settling()
    assert not settling.is_settled(PLACE, BEFORE, look(0), 0.0)
    assert not settling.is_settled(PLACE, BEFORE, look(0), EMPTY_SECONDS - 0.1)
    assert settling.is_settled(PLACE, BEFORE, look(0), EMPTY_SECONDS)
    assert not settling.is_settled(PLACE, BEFORE, None, 10.0)
    assert settling.is_settled(PLACE, BEFORE, None, 11.0 + MISSING_SECONDS)
