"""Updates on disk: nothing that was acknowledged is lost, whatever ends the process or fills the disk."""

import errno
import os
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolver import ResolverError
from resolver.primary.dynamic import fold_entries
from resolver.primary.journal import _MAGIC, Entry, Journal, _frame, read_frames
from resolver.records import RRset
from resolver.zones.history import is_newer
from resolver.zones.zone import Update
from tests.resolver.owner import Owner, changing
from tests.resolver.zones import update

ZONE = (b"xip", b"test")


def entry(number: int) -> Entry:
    rrset = RRset((b"n%d" % number, *ZONE), 16, 60, (b"\1x",))
    return Entry(ZONE, number, Update(set=(rrset,)), (b"acme",), 1000 + number, bytes([number % 256]))


def journal_with(path: Path, numbers: Sequence[int]) -> None:
    journal = Journal(path)
    for number in numbers:
        journal.append(entry(number))
    journal.close()


def entries_in(path: Path) -> list[Entry]:
    journal = Journal(path)
    journal.close()
    return journal.entries


def put(owner: Owner, name: str, text: str = "x", *, by: str = "acme") -> int:
    message = changing(by)
    message.add(f"{name}.xip.test.", 60, "TXT", text)
    return owner.send(message).rcode()


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal_with(path, range(5))
    journal_with(path, range(5, 8))
    assert entries_in(path) == [entry(number) for number in range(8)]
    assert path.stat().st_mode & 0o077 == 0


@given(st.integers(0, 400))
def test_a_torn_end_costs_only_what_was_being_written(cut: int) -> None:
    frames = [_frame(entry(number)) for number in range(3)]
    data = _MAGIC + b"".join(frames)
    end = min(cut, len(data) - len(_MAGIC)) + len(_MAGIC)
    found, kept = read_frames(data[:end], len(_MAGIC), "here")
    whole = 0
    while sum(map(len, frames[: whole + 1])) + len(_MAGIC) <= end and whole < 3:
        whole += 1
    assert found == [entry(number) for number in range(whole)]
    assert kept == len(_MAGIC) + sum(map(len, frames[:whole]))
    # A file system may have made room for the rest and not written it.
    zeros, _ = read_frames(data[:end] + bytes(1000), len(_MAGIC), "here")
    assert zeros[:whole] == found


def test_a_torn_file_goes_on_where_it_was_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal_with(path, range(3))
    with path.open("ab") as file:
        file.write(_frame(entry(99))[:-1])
    journal_with(path, [3])
    assert entries_in(path) == [entry(number) for number in range(4)]
    path.write_bytes(_MAGIC[:5])
    assert entries_in(path) == []


@given(st.data())
def test_damage_in_the_middle_is_told_and_nothing_of_it_believed(data: st.DataObject) -> None:
    frames = [_frame(entry(number)) for number in range(3)]
    raw = bytearray(b"".join(frames))
    # Not in a length: that looks as a torn end does, and a file can have only one of those.
    place = data.draw(st.integers(4, len(frames[0]) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ResolverError, match="damaged at byte 0"):
        read_frames(bytes(raw), 0, "here")


@given(st.binary(max_size=200))
def test_no_bytes_are_taken_for_entries_that_they_are_not(junk: bytes) -> None:
    try:
        found, end = read_frames(junk, 0, "here")
    except ResolverError:
        return
    assert b"".join(map(_frame, found)) == junk[:end]


def test_a_strange_file_and_a_second_process_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    with pytest.raises(ResolverError, match="in use by another process"):
        Journal(path)
    journal.close()
    strange = tmp_path / "notes.txt"
    strange.write_text("remember the milk")
    with pytest.raises(ResolverError, match="is no journal"):
        Journal(strange)
    assert strange.read_text() == "remember the milk"
    with pytest.raises(ResolverError, match="cannot use the journal"):
        Journal(tmp_path / "missing" / "journal")


def test_a_rewritten_file_says_the_same_in_less(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    owner = Owner("given.xip.test 60 TXT given", journal=path)
    for number in range(50):
        assert put(owner, "_acme-challenge", str(number)) == dns.rcode.NOERROR
        gone = changing()
        gone.delete("_acme-challenge", "TXT")
        assert owner.send(gone).rcode() == dns.rcode.NOERROR
    assert put(owner, "_acme-challenge.a") == dns.rcode.NOERROR
    hidden = changing("admin")
    hidden.delete("given", "TXT")
    assert owner.send(hidden).rcode() == dns.rcode.NOERROR
    before, serial = path.stat().st_size, owner.serial()
    assert owner.journal
    owner.journal.rewrite(owner.authority._updates._snapshot())
    assert path.stat().st_size < before / 10
    assert put(owner, "_acme-challenge.b") == dns.rcode.NOERROR
    owner.close()
    again = Owner("given.xip.test 60 TXT given", journal=path)
    assert again.serial() > serial
    for name, expected in (
        ("_acme-challenge", []),
        ("_acme-challenge.a", ['"x"']),
        ("_acme-challenge.b", ['"x"']),
        ("given", []),
    ):
        assert again.answers(f"{name}.xip.test", "TXT") == expected
    again.close()


def test_a_file_that_grows_is_rewritten_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolver.primary.journal._SMALL", 5000)
    path = tmp_path / "journal"
    owner = Owner(journal=path)
    for number in range(100):
        assert put(owner, "_acme-challenge", "y" * 20 + str(number % 3)) == dns.rcode.NOERROR
        gone = changing()
        gone.delete("_acme-challenge", "TXT")
        assert owner.send(gone).rcode() == dns.rcode.NOERROR
        assert path.stat().st_size < 6000
    owner.close()


def test_the_zones_own_records_that_came_since_leave_the_rest_in_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "journal"
    owner = Owner(journal=path)
    for name in ("a", "b"):
        assert put(owner, name, by="admin") == dns.rcode.NOERROR
    owner.close()
    # Given first, as static records are: now the name is an alias.
    again = Owner("a.xip.test 60 CNAME elsewhere.test", journal=path)
    assert again.answers("a.xip.test", "CNAME") == ["elsewhere.test."]
    assert again.answers("b.xip.test", "TXT") == ['"x"']
    assert "a.xip.test" in caplog.text
    again.close()


def test_a_zone_that_is_not_served_for_a_while_has_its_records_again_later(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    both = ("xip.test", "other.test")
    owner = Owner(zones=both, journal=path)
    message = changing("admin", zone="other.test")
    message.add("kept", 60, "TXT", "x")
    assert owner.send(message).rcode() == dns.rcode.NOERROR
    owner.close()
    without = Owner(journal=path)
    assert without.journal
    without.journal.rewrite(without.authority._updates._snapshot())
    without.close()
    again = Owner(zones=both, journal=path)
    assert again.answers("kept.other.test", "TXT") == ['"x"']
    again.close()


def live_fast(owner: Owner, *, rewritten: bool) -> int:
    """Change far more often than once a second, as feeds and files may, and end; the last serial."""
    for number in range(1500):
        owner.truth.apply("xip.test", update([f"a.xip.test 60 TXT {number}"]), now=0)
    if rewritten:
        assert owner.journal
        owner.journal.rewrite(owner.authority._updates._snapshot())
    serial = owner.serial()
    owner.close()
    return serial


@pytest.mark.parametrize("rewritten", [False, True])
def test_serials_go_on_above_those_that_were_seen_whoever_changed_the_zone(
    tmp_path: Path, rewritten: bool
) -> None:
    path = tmp_path / "journal"
    seen = 0
    for _ in range(3):
        owner = Owner(journal=path)
        assert owner.serial() > seen
        seen = live_fast(owner, rewritten=rewritten)


@pytest.mark.parametrize("rewritten", [False, True])
def test_a_serial_that_has_gone_round_does_not_fall_by_a_restart(tmp_path: Path, rewritten: bool) -> None:
    path = tmp_path / "journal"
    owner = Owner(journal=path)
    for serial in (3_500_000_000, 2**32 - 3):
        owner.truth.renew(now=serial)
    for number in range(5):
        assert put(owner, "_acme-challenge", str(number)) == dns.rcode.NOERROR
    seen = live_fast(owner, rewritten=rewritten)
    again = Owner(journal=path)
    assert is_newer(again.serial(), seen)
    assert '"4"' in again.answers("_acme-challenge.xip.test", "TXT")
    again.close()


def test_folding_is_the_same_as_taking_one_after_the_other() -> None:
    name = (b"n1", *ZONE)
    entries = [
        entry(1),
        Entry(ZONE, 2, Update(delete=((name, 16),))),
        entry(2),
        Entry(ZONE, 4, Update(hide=((name, 1),))),
    ]
    folded = fold_entries(entries)
    assert folded[ZONE].serial == 4
    assert folded[ZONE].update == Update(set=entry(2).update.set, hide=((name, 1),), replace=True)


def test_a_full_disk_refuses_the_update_and_changes_nothing(tmp_path: Path) -> None:
    """In a process of its own, whose files may not grow beyond a size (the disk is as full for it)."""
    program = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from tests.resolver.test_journal import put
        from tests.resolver.owner import Owner

        path = Path(sys.argv[1])
        owner = Owner(journal=path)
        done = 0
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
        while (code := put(owner, f"_acme-challenge.n{done}")) == 0:
            done += 1
        assert code == 2, code
        # Not even what is there would fit now, if it were written anew.
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        serial = owner.serial()
        assert put(owner, "_acme-challenge.late") == 2
        assert owner.answers("_acme-challenge.late.xip.test", "TXT") == []
        assert owner.answers(f"_acme-challenge.n{done}.xip.test", "TXT") == []
        assert owner.serial() == serial
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert put(owner, "_acme-challenge.again") == 0
        print(done)
        """
    )
    path = tmp_path / "journal"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    taken = int(done.stdout)
    assert taken > 5
    again = Owner(journal=path)
    for number in range(taken):
        assert again.answers(f"_acme-challenge.n{number}.xip.test", "TXT") == ['"x"']
    assert again.answers("_acme-challenge.again.xip.test", "TXT") == ['"x"']
    assert again.answers(f"_acme-challenge.n{taken}.xip.test", "TXT") == []
    assert again.answers("_acme-challenge.late.xip.test", "TXT") == []
    again.close()


def test_a_failed_sync_is_no_acknowledgement_and_the_file_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    owner = Owner(journal=path)
    assert put(owner, "_acme-challenge.a") == dns.rcode.NOERROR

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "no disk")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        assert put(owner, "_acme-challenge.b") == dns.rcode.SERVFAIL
        assert put(owner, "_acme-challenge.c") == dns.rcode.SERVFAIL
    assert owner.answers("_acme-challenge.b.xip.test", "TXT") == []
    inode = path.stat().st_ino
    assert put(owner, "_acme-challenge.d") == dns.rcode.NOERROR
    assert path.stat().st_ino != inode
    owner.close()
    again = Owner(journal=path)
    held = [bool(again.answers(f"_acme-challenge.{name}.xip.test", "TXT")) for name in "abcd"]
    assert held == [True, False, False, True]
    again.close()
