"""Changes of manifest files are followed."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from dnssync.manifests import ManifestWatcher
from dnssync.objects import ObjectRef
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.manifests.files import Clock, Follow, text


def test_a_change_arrives_before_all_files_are_looked_at_again(
    folder: Path, sink: RecordingSink, follow: Follow, clock: Clock
) -> None:
    clock.hold()
    follow(folder)
    clock.wait_until_asked()
    (folder / "a.yaml").write_text(text("a", address="10.0.0.2"))
    sink.wait_for(lambda it: it.hosts()["a.example.test"] == ("10.0.0.2",))


def test_a_changed_file_is_read_alone(
    folder: Path, sink: RecordingSink, follow: Follow, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in range(20):
        (folder / f"b{index}.yaml").write_text(text(f"b{index}"))
    read: list[str] = []
    original = Path.read_text

    def counting(path: Path, *args: str) -> str:
        read.append(path.name)
        return original(path, *args)

    follow(folder)
    monkeypatch.setattr(Path, "read_text", counting)
    seen = sink.count("seen")
    (folder / "b7.yaml").write_text(text("b7", "new"))
    sink.wait_for(lambda it: "new" in it.names())
    assert set(read) == {"b7.yaml"}
    assert sink.count("seen") == seen + 1


def test_new_files_and_folders_and_deleted_ones_are_followed(
    folder: Path, sink: RecordingSink, follow: Follow
) -> None:
    follow(folder)
    (folder / "b.yaml").write_text(text("b"))
    sink.wait_for(lambda it: it.names() == {"a", "b"})
    (folder / "deep").mkdir()
    (folder / "deep" / "c.yaml").write_text(text("c"))
    sink.wait_for(lambda it: it.names() == {"a", "b", "c"})
    (folder / "deep" / "c.yaml").write_text(text("c", "d"))
    sink.wait_for(lambda it: it.names() == {"a", "b", "c", "d"})
    (folder / "b.yaml").unlink()
    sink.wait_for(lambda it: it.names() == {"a", "c", "d"})
    shutil.rmtree(folder / "deep")
    sink.wait_for(lambda it: it.names() == {"a"})
    moved = folder.parent / "elsewhere"
    moved.mkdir()
    (moved / "e.yaml").write_text(text("e"))
    moved.rename(folder / "moved")
    sink.wait_for(lambda it: it.names() == {"a", "e"})


def test_a_single_file_is_followed_through_a_replacement(
    folder: Path, sink: RecordingSink, follow: Follow
) -> None:
    follow(folder / "a.yaml")
    (folder / "other.yaml").write_text(text("other"))
    for address in ("10.0.0.2", "10.0.0.3"):
        (folder / "new").write_text(text("a", address=address))
        (folder / "new").rename(folder / "a.yaml")
        sink.wait_for(lambda it, wanted=address: it.hosts()["a.example.test"] == (wanted,))  # type: ignore[misc]
    assert sink.names() == {"a"}


def test_a_mounted_config_map_is_followed_through_its_links(
    tmp_path: Path, sink: RecordingSink, follow: Follow
) -> None:
    """The kubelet swaps a hidden link that all visible files lead through."""
    mount = tmp_path / "mount"
    for version in ("1", "2"):
        (mount / f"..{version}").mkdir(parents=True)
        (mount / f"..{version}" / "a.yaml").write_text(text("a", address=f"10.0.0.{version}"))
    (mount / "..data").symlink_to("..1")
    (mount / "a.yaml").symlink_to("..data/a.yaml")
    follow(mount)
    assert sink.hosts() == {"a.example.test": ("10.0.0.1",)}
    (mount / "..tmp").symlink_to("..2")
    (mount / "..tmp").rename(mount / "..data")
    sink.wait_for(lambda it: it.hosts() == {"a.example.test": ("10.0.0.2",)})


def test_of_two_files_with_one_object_the_last_path_counts(
    folder: Path, sink: RecordingSink, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "b.yaml").write_text(text("a", address="10.0.0.2"))
    follow(folder)
    assert sink.hosts() == {"a.example.test": ("10.0.0.2",)}
    assert any("ingress/default/a stands in" in record.getMessage() for record in caplog.records)
    (folder / "a.yaml").write_text(text("a", address="10.0.0.3"))
    (folder / "c.yaml").write_text(text("c"))
    sink.wait_for(lambda it: "c" in it.names())
    assert sink.hosts()["a.example.test"] == ("10.0.0.2",)
    (folder / "b.yaml").unlink()
    sink.wait_for(lambda it: it.hosts()["a.example.test"] == ("10.0.0.3",))


def test_a_change_while_the_watch_is_being_set_up_is_seen(folder: Path) -> None:
    class WritingSink(RecordingSink):
        def listed(self, source: str, refs: frozenset[ObjectRef]) -> None:
            super().listed(source, refs)
            (folder / "a.yaml").write_text(text("a", "late"))

    sink = WritingSink()
    stop = threading.Event()
    thread = threading.Thread(target=ManifestWatcher([folder], [PlainSource()], sink).run, args=(stop,))
    thread.start()
    sink.wait_for(lambda it: "late" in it.names(), seconds=3)
    stop.set()
    thread.join()


def test_a_folder_made_anew_is_watched(
    folder: Path, sink: RecordingSink, follow: Follow, clock: Clock
) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "b.yaml").write_text(text("b"))
    follow(folder)
    shutil.rmtree(folder / "deep")
    (folder / "deep").mkdir()
    (folder / "deep" / "c.yaml").write_text(text("c"))
    sink.wait_for(lambda it: it.names() == {"a", "c"})
    clock.hold()
    clock.wait_until_asked()
    (folder / "deep" / "d.yaml").write_text(text("d"))
    sink.wait_for(lambda it: "d" in it.names())


def test_a_filtered_object_is_gone(folder: Path, sink: RecordingSink, follow: Follow) -> None:
    follow(folder)
    item = json.loads(text("a"))
    item["metadata"]["labels"] = {"ignore": ""}
    (folder / "a.yaml").write_text(json.dumps(item))
    sink.wait_for(lambda it: it.names() == set())
