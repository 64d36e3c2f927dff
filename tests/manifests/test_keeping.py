"""What objects keep while their files are broken, half written, or away."""

import logging
import shutil
from pathlib import Path

import pytest

from tests.doubles.feeds import RecordingSink
from tests.manifests.files import Clock, Follow, text
from tests.waiting import wait_for


def test_a_broken_file_keeps_its_last_good_state_until_it_is_mended(
    folder: Path, sink: RecordingSink, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = follow(folder)
    (folder / "a.yaml").write_text(text("a", "b")[:-40])
    sink.wait_for(lambda it: it.count("failed") == 1)
    assert sink.names() == {"a"}
    assert watcher.problems[0].startswith(f"{folder / 'a.yaml'}:")
    assert any("stays as it was" in record.getMessage() for record in caplog.records)
    (folder / "b.yaml").write_text(text("c"))
    sink.wait_for(lambda it: it.names() == {"a", "c"})
    (folder / "a.yaml").write_text(text("b"))
    sink.wait_for(lambda it: it.count("listed") == 2)
    assert sink.names() == {"b", "c"}
    assert watcher.problems == ()


def test_a_broken_file_that_is_deleted_is_forgotten(
    folder: Path, sink: RecordingSink, follow: Follow
) -> None:
    follow(folder)
    (folder / "b.yaml").write_text("a: [")
    sink.wait_for(lambda it: it.count("failed") == 1)
    (folder / "b.yaml").unlink()
    sink.wait_for(lambda it: it.calls[-1][0] == "listed")


def test_saving_by_rename_or_with_a_moment_of_emptiness_is_one_change(
    folder: Path, sink: RecordingSink, follow: Follow, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    follow(folder)
    path = folder / "a.yaml"
    temporary = folder / "4913"
    temporary.write_text(text("a", address="10.0.0.2"))
    path.rename(folder / "a.yaml~")
    temporary.rename(path)
    sink.wait_for(lambda it: it.hosts()["a.example.test"] == ("10.0.0.2",))
    clock.hold()
    path.write_text("")
    wait_for(lambda: "a.yaml is empty: its 1 objects stay" in caplog.text, "the empty file in the log")
    path.write_text(text("a", address="10.0.0.3"))
    clock.go_on()
    sink.wait_for(lambda it: it.hosts().get("a.example.test") == ("10.0.0.3",))
    clock.hold()
    path.unlink()
    clock.wait_until_asked()
    path.write_text(text("a", address="10.0.0.4"))
    clock.go_on()
    sink.wait_for(lambda it: it.hosts().get("a.example.test") == ("10.0.0.4",))
    assert sink.count("gone") == 0
    path.write_text("")
    sink.wait_for(lambda it: it.names() == set())


def test_a_file_that_is_written_bit_by_bit_loses_nothing_meanwhile(
    folder: Path, sink: RecordingSink, follow: Follow, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = folder / "a.yaml"
    path.write_text(text("a", "b", "c"))
    follow(folder)
    clock.hold()
    with path.open("w") as file:
        wait_for(lambda: "a.yaml is empty: its 3 objects stay" in caplog.text, "the empty file in the log")
        for name in ("a", "b", "c"):
            file.write("---\n" + text(name, address="10.0.0.2"))
            file.flush()
            clock.wait_until_asked()
            assert sink.names() == {"a", "b", "c"}
    clock.go_on()
    sink.wait_for(lambda it: it.hosts() == {f"{name}.example.test": ("10.0.0.2",) for name in "abc"})
    assert sink.count("gone") == 0


def test_a_folder_that_disappears_keeps_everything(folder: Path, sink: RecordingSink, follow: Follow) -> None:
    follow(folder)
    folder.rename(folder.parent / "away")
    sink.wait_for(lambda it: it.count("failed") == 1)
    assert sink.names() == {"a"}
    (folder.parent / "away" / "a.yaml").write_text(text("a", "b"))
    (folder.parent / "away").rename(folder)
    sink.wait_for(lambda it: it.names() == {"a", "b"})
    assert sink.count("gone") == 0
    (folder / "c.yaml").write_text(text("c"))
    sink.wait_for(lambda it: "c" in it.names())


def test_a_folder_that_is_deleted_with_its_files_keeps_them(
    folder: Path, sink: RecordingSink, follow: Follow, clock: Clock
) -> None:
    follow(folder)
    (folder / "b.yaml").write_text(text("b"))
    sink.wait_for(lambda it: "b" in it.names())
    clock.wait_until_asked()
    shutil.rmtree(folder)
    sink.wait_for(lambda it: it.count("failed") >= 1)
    clock.wait_until_asked(10)
    assert sink.names() == {"a", "b"}
    assert sink.count("gone") == 0


def test_a_file_that_cannot_be_opened_keeps_its_state(
    folder: Path, sink: RecordingSink, follow: Follow
) -> None:
    follow(folder)
    (folder / "circle").symlink_to("a.yaml")
    (folder / "circle").rename(folder / "a.yaml")
    sink.wait_for(lambda it: it.count("failed") == 1)
    assert "Too many levels of symbolic links" in sink.errors()[0]
    assert sink.names() == {"a"}
    (folder / "a.yaml").unlink()
    sink.wait_for(lambda it: it.names() == set() and it.calls[-1][0] == "listed", seconds=3)


def test_an_unopenable_file_is_forgotten_with_its_folder(
    folder: Path, sink: RecordingSink, follow: Follow, clock: Clock
) -> None:
    (folder / "deep").mkdir()
    follow(folder)
    clock.wait_until_asked()
    (folder / "circle").symlink_to("b.yaml")
    (folder / "circle").rename(folder / "deep" / "b.yaml")
    sink.wait_for(lambda it: it.count("failed") == 1)
    (folder / "deep").rename(folder.parent / "away")
    sink.wait_for(lambda it: it.calls[-1][0] == "listed", seconds=3)
