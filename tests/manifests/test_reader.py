"""Objects in a file's text: slips that would lose an object in silence are told."""

from pathlib import Path

import pytest

from dnssync.manifests.reader import read_objects
from dnssync.sources.ingress import IngressOptions, IngressSource

SOURCE = IngressSource(IngressOptions())
PATH = Path("web.yaml")


def _warnings(text: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    assert read_objects(text, PATH, [SOURCE], known={}) == {}
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("kind", ["Ingres", "ingress", "Ingresss", "Igress"])
def test_a_mistyped_kind_is_told(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    text = f"apiVersion: networking.k8s.io/v1\nkind: {kind}\nmetadata: {{name: web}}\n"
    assert _warnings(text, caplog) == [f"web.yaml:1: kind {kind!r} is passed over; is it Ingress?"]


def test_an_object_without_a_kind_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert _warnings("metadata: {name: web}\n", caplog) == [
        "web.yaml:1: an object without a kind is passed over"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "resources: [web.yaml]\n",
        *(f"kind: {kind}\nmetadata: {{name: web}}\n" for kind in ("IngressClass", "IngressRoute", "Service")),
    ],
)
def test_what_is_meant_for_others_is_passed_over_in_silence(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert _warnings(text, caplog) == []
