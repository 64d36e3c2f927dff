"""Text of manifest files, parsed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnssync.manifests.documents import TextError, parse_text

INGRESS = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\n"


def test_each_document_knows_its_line() -> None:
    text = f"# a comment\n{INGRESS}---\n---\n# nothing but a comment\n---\n{INGRESS}"
    documents = parse_text(text, is_json=False)
    assert [(document.kind, document.line) for document in documents] == [("Ingress", 2), ("Ingress", 9)]


def test_lists_are_taken_apart() -> None:
    member = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "a"}}
    plain = {
        "apiVersion": "v1",
        "kind": "List",
        "items": [member, {"apiVersion": "v1", "kind": "List", "items": []}],
    }
    typed = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressList",
        "items": [{"metadata": {"name": "b"}}],
    }
    for is_json in (True, False):
        assert [document.content for document in parse_text(json.dumps(plain), is_json=is_json)] == [member]
    (found,) = parse_text(json.dumps(typed), is_json=True)
    assert (found.kind, found.api_version) == ("Ingress", "networking.k8s.io/v1")


def test_timestamps_stay_text() -> None:
    (document,) = parse_text("kind: X\nwhen: 2026-01-01T00:00:00Z\nday: 2026-01-01\n", is_json=False)
    assert document.content["when"] == "2026-01-01T00:00:00Z"
    assert document.content["day"] == "2026-01-01"


@pytest.mark.parametrize(
    ("text", "is_json", "line", "why"),
    [
        (INGRESS + "spec: [\n", False, 5, "no valid YAML"),
        (INGRESS + "a: b: c\n", False, 4, "no valid YAML"),
        ("kind: {{ .Values.kind }}\n", False, 1, "no valid YAML"),
        ("a: 1\nb: \x01\n", False, 2, "no valid YAML"),
        (INGRESS + "---\n- a\n- b\n", False, 5, "a Kubernetes object is a map, and this is a list"),
        ("kind: *nothing\n", False, 1, "no valid YAML"),
        ("x: !!python/object:os.system {}\n", False, 1, "no valid YAML"),
        ('{\n"a": 1,\n}', True, 3, "no valid JSON"),
        ("[1]", True, 1, "this is a list"),
        ("[" * 100_000, True, 0, "nested too deeply"),
    ],
)
def test_what_is_no_manifest_says_where(text: str, is_json: bool, line: int, why: str) -> None:
    with pytest.raises(TextError, match=why) as caught:
        parse_text(text, is_json=is_json)
    assert caught.value.line == line


@pytest.mark.parametrize("text", ["", " \n", "---\n---\n", "# nothing\n"])
def test_an_empty_file_holds_nothing(text: str) -> None:
    assert parse_text(text, is_json=False) == []
    assert parse_text("", is_json=True) == []


@given(st.text(max_size=80), st.booleans())
def test_strange_text_is_refused_and_never_a_crash(text: str, is_json: bool) -> None:
    try:
        parse_text(text, is_json=is_json)
    except TextError as error:
        assert "\n" not in str(error)
