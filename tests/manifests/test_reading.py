"""What is read of manifest files, and what is said of the rest."""

import logging
import time
from pathlib import Path

import pytest

from dnssync.errors import ConfigError
from dnssync.manifests import ManifestWatcher
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.manifests.files import once, text


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


def test_an_object_twice_in_one_file_counts_as_the_later(
    folder: Path, sink: RecordingSink, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "a.yaml").write_text(text("a") + "---\n" + text("a", address="10.0.0.9"))
    assert once(sink, folder)
    assert sink.hosts() == {"a.example.test": ("10.0.0.9",)}
    assert any("stands here again" in record.getMessage() for record in caplog.records)


def test_links_in_circles_are_read_once(folder: Path, sink: RecordingSink) -> None:
    (folder / "loop").symlink_to(folder)
    (folder / "dangling.yaml").symlink_to("nowhere")
    assert once(sink, folder)
    assert sink.names() == {"a"}
    assert sink.count("seen") == 1


def test_many_files_are_read_in_little_time(tmp_path: Path, sink: RecordingSink) -> None:
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    for index in range(300):
        (tmp_path / f"{index}.yaml").write_text(text(f"app-{index}"))
    before = time.process_time()
    assert once(sink, tmp_path)
    assert time.process_time() - before < 3
    assert len(sink.names()) == 300
