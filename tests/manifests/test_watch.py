"""Manifest files as a cluster."""

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dnssync.errors import ConfigError
from dnssync.manifests import ManifestWatcher
from dnssync.objects import ObjectRef
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.doubles.kube import ingress

Follow = Callable[..., ManifestWatcher]


def text(*names: str, address: str = "10.0.0.1", **fields: str) -> str:
    documents = []
    for name in names:
        item = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"} | ingress(name, addresses=[address])
        del item["metadata"]["namespace"]
        item["metadata"] |= fields
        documents.append(json.dumps(item, indent=1))
    return "\n---\n".join(documents) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "a.yaml").write_text(text("a"))
    return folder


@pytest.fixture
def sink() -> RecordingSink:
    return RecordingSink()


@pytest.fixture
def follow(sink: RecordingSink) -> Iterator[Follow]:
    """Start a watcher and wait until it watches; it must stop within a second at the end."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start(*paths: Path) -> ManifestWatcher:
        watcher = ManifestWatcher(paths, [PlainSource()], sink)
        thread = threading.Thread(target=watcher.run, args=(stop,), daemon=True)
        thread.start()
        threads.append(thread)
        sink.wait_for(lambda it: it.count("listed") + it.count("failed") >= 1)
        return watcher

    yield start
    stop.set()
    for thread in threads:
        thread.join(1.0)
        assert not thread.is_alive()


def once(sink: RecordingSink, *paths: Path) -> bool:
    """Read all of it once; whether that was possible."""
    try:
        ManifestWatcher(paths, [PlainSource()], sink).read_once()
    except ConfigError:
        return False
    return True


def test_folders_are_read_with_all_below_and_files_by_name(folder: Path, sink: RecordingSink) -> None:
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "b.yml").write_text(text("b1", "b2"))
    (folder / "deep" / "er" / "c.json").write_text(text("c"))
    (folder / "notes.txt").write_text("not: read")
    (folder / ".hidden.yaml").write_text(text("hidden"))
    (folder / ".git").mkdir()
    (folder / ".git" / "d.yaml").write_text(text("git"))
    single = folder.parent / "single.manifest"
    single.write_text(text("single"))
    assert once(sink, folder, single)
    assert sink.names() == {"a", "b1", "b2", "c", "single"}
    assert {ref.namespace for ref in sink.present} == {"default"}
    assert sink.calls[-1] == ("listed", frozenset(sink.present))


def test_objects_of_other_kinds_are_passed_over(folder: Path, sink: RecordingSink) -> None:
    (folder / "b.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: {name: s}\n")
    assert once(sink, folder)
    assert sink.names() == {"a"}


def test_an_old_version_or_a_missing_name_is_warned_of_with_its_line(
    folder: Path, sink: RecordingSink, caplog: pytest.LogCaptureFixture
) -> None:
    old = "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: old}\n"
    nameless = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: 7}\n"
    foreign = "apiVersion: config.example.test/v1\nkind: Ingress\nmetadata: {name: foreign}\n"
    (folder / "b.yaml").write_text(f"{old}---\n{nameless}---\n{foreign}")
    assert once(sink, folder)
    messages = [record.getMessage() for record in caplog.records]
    path = folder / "b.yaml"
    assert messages == [
        f"{path}:1: Ingress has extensions/v1beta1 and is passed over: it must be networking.k8s.io/v1",
        f"{path}:5: Ingress without a metadata.name is passed over",
    ]


def test_a_path_that_does_not_exist_is_the_users_mistake(sink: RecordingSink) -> None:
    with pytest.raises(ConfigError, match="manifest path /nowhere does not exist; check --manifests"):
        ManifestWatcher(["/nowhere"], [PlainSource()], sink)


def test_a_broken_file_at_the_start_is_no_whole_and_the_rest_is_read(
    folder: Path, sink: RecordingSink, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "b.yaml").write_text("kind: Ingress\nspec: [\n")
    (folder / "c.yaml").write_bytes(b"\xff\xfe\x00bad")
    assert not once(sink, folder)
    assert sink.names() == {"a"}
    assert sink.count("listed") == 0
    assert f"{folder / 'b.yaml'}:3: no valid YAML" in sink.errors()[0]
    assert sink.errors()[0].endswith("(and 1 more)")
    assert any("c.yaml cannot be read" in record.getMessage() for record in caplog.records)


def test_an_undecodable_object_is_named_and_the_rest_of_its_file_is_read(
    folder: Path, sink: RecordingSink, caplog: pytest.LogCaptureFixture
) -> None:
    bad = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: bad}\nspec: {rules: 7}\n"
    (folder / "b.yaml").write_text(f"{bad}---\n{text('b')}")
    assert once(sink, folder)
    assert sink.names() == {"a", "b"}
    (refs,) = [value for name, value in sink.calls if name == "listed"]
    assert {ref.name for ref in refs} == {"a", "b", "bad"}
    assert any("b.yaml:1: ingress/default/bad stays" in record.getMessage() for record in caplog.records)


def test_a_change_arrives_well_under_a_second(folder: Path, sink: RecordingSink, follow: Follow) -> None:
    follow(folder)
    time.sleep(0.2)
    before = time.monotonic()
    (folder / "a.yaml").write_text(text("a", address="10.0.0.2"))
    sink.wait_for(lambda it: it.hosts()["a.example.test"] == ("10.0.0.2",))
    assert time.monotonic() - before < 0.8


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
    folder: Path, sink: RecordingSink, follow: Follow
) -> None:
    follow(folder)
    path = folder / "a.yaml"
    temporary = folder / "4913"
    temporary.write_text(text("a", address="10.0.0.2"))
    path.rename(folder / "a.yaml~")
    temporary.rename(path)
    sink.wait_for(lambda it: it.hosts()["a.example.test"] == ("10.0.0.2",))
    path.write_text("")
    time.sleep(0.12)
    path.write_text(text("a", address="10.0.0.3"))
    sink.wait_for(lambda it: it.hosts().get("a.example.test") == ("10.0.0.3",))
    path.unlink()
    time.sleep(0.12)
    path.write_text(text("a", address="10.0.0.4"))
    sink.wait_for(lambda it: it.hosts().get("a.example.test") == ("10.0.0.4",))
    assert sink.count("gone") == 0
    path.write_text("")
    sink.wait_for(lambda it: it.names() == set())


def test_a_file_that_is_written_bit_by_bit_loses_nothing_meanwhile(
    folder: Path, sink: RecordingSink, follow: Follow, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = folder / "a.yaml"
    path.write_text(text("a", "b", "c"))
    follow(folder)
    with path.open("w") as file:
        wait_for_log(caplog, "a.yaml is empty: its 3 objects stay")
        for name in ("a", "b", "c"):
            file.write("---\n" + text(name, address="10.0.0.2"))
            file.flush()
            time.sleep(0.05)
    sink.wait_for(lambda it: it.hosts() == {f"{name}.example.test": ("10.0.0.2",) for name in "abc"})
    assert sink.count("gone") == 0


def wait_for_log(caplog: pytest.LogCaptureFixture, words: str) -> None:
    deadline = time.monotonic() + 20
    while words not in caplog.text:
        assert time.monotonic() < deadline, f"not logged: {words}"
        time.sleep(0.02)


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


def test_an_object_twice_in_one_file_counts_as_the_later(
    folder: Path, sink: RecordingSink, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "a.yaml").write_text(text("a") + "---\n" + text("a", address="10.0.0.9"))
    assert once(sink, folder)
    assert sink.hosts() == {"a.example.test": ("10.0.0.9",)}
    assert any("stands here again" in record.getMessage() for record in caplog.records)


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
    folder: Path, sink: RecordingSink, follow: Follow
) -> None:
    follow(folder)
    (folder / "b.yaml").write_text(text("b"))
    sink.wait_for(lambda it: "b" in it.names())
    time.sleep(0.6)
    shutil.rmtree(folder)
    sink.wait_for(lambda it: it.count("failed") >= 1)
    time.sleep(1.2)
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
    folder: Path, sink: RecordingSink, follow: Follow
) -> None:
    (folder / "deep").mkdir()
    follow(folder)
    time.sleep(0.6)
    (folder / "circle").symlink_to("b.yaml")
    (folder / "circle").rename(folder / "deep" / "b.yaml")
    sink.wait_for(lambda it: it.count("failed") == 1)
    (folder / "deep").rename(folder.parent / "away")
    sink.wait_for(lambda it: it.calls[-1][0] == "listed", seconds=3)


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


def test_a_folder_made_anew_is_watched(folder: Path, sink: RecordingSink, follow: Follow) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / "b.yaml").write_text(text("b"))
    follow(folder)
    shutil.rmtree(folder / "deep")
    (folder / "deep").mkdir()
    (folder / "deep" / "c.yaml").write_text(text("c"))
    sink.wait_for(lambda it: it.names() == {"a", "c"})
    time.sleep(0.2)
    (folder / "deep" / "d.yaml").write_text(text("d"))
    sink.wait_for(lambda it: "d" in it.names(), seconds=2)


def test_links_in_circles_are_read_once(folder: Path, sink: RecordingSink) -> None:
    (folder / "loop").symlink_to(folder)
    (folder / "dangling.yaml").symlink_to("nowhere")
    assert once(sink, folder)
    assert sink.names() == {"a"}
    assert sink.count("seen") == 1


def test_a_filtered_object_is_gone(folder: Path, sink: RecordingSink, follow: Follow) -> None:
    follow(folder)
    item = json.loads(text("a"))
    item["metadata"]["labels"] = {"ignore": ""}
    (folder / "a.yaml").write_text(json.dumps(item))
    sink.wait_for(lambda it: it.names() == set())


def test_many_files_are_read_in_little_time(tmp_path: Path, sink: RecordingSink) -> None:
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    for index in range(300):
        (tmp_path / f"{index}.yaml").write_text(text(f"app-{index}"))
    before = time.process_time()
    assert once(sink, tmp_path)
    assert time.process_time() - before < 3
    assert len(sink.names()) == 300
