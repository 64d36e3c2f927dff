"""Whatever stands in a template or an object: names, or one of the two errors, and nothing else."""

import contextlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnssync.errors import ConfigError
from dnssync.gotemplate import TemplateError, parse
from dnssync.gotemplate.functions import FUNCTIONS

_SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
_PIECES = r"""
if else end range with define template block break continue nil true false {{ }} {{- -}} ( ) | := = , . $ $x
$y .Name .Labels .Spec .Spec.Rules .Host .Metadata .Object /* */ "a" "%d" "%[1]*v" "%5.2f" `r` 'x' 0 1 -1 3.5
1e999 0x1p9999 08 1i "\xff" "\ud800" "[{}]" "a.b"
"""
_WORDS = [
    *FUNCTIONS,
    *_PIECES.split(),
    " ",
    " ",
    "\n",
    "{{end}}",
    "{{else}}",
    "{{if .Name}}",
    "{{range .Spec.Rules}}",
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "apiVersion": st.sampled_from(["v1", "networking.k8s.io/v1", "x/v1"]),
        "kind": st.sampled_from(["Ingress", "Service", "Other"]),
        "metadata": _JSON | st.fixed_dictionaries({"name": st.text(), "labels": _JSON}),
        "spec": _JSON | st.fixed_dictionaries({"rules": _JSON, "tls": _JSON}),
        "status": _JSON,
    },
)
_INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "n", "labels": {"a": "b"}},
    "spec": {"rules": [{"host": "h.example.org"}]},
}


def _render(text: str, obj: Any) -> None:
    with contextlib.suppress(ConfigError, TemplateError):
        hosts = parse(text).hosts(obj, source="ingress")
        assert hosts.names == sorted(set(hosts.names))
        assert not any("<no value>" in name or ".." in name or not name for name in hosts.names)


@_SETTINGS
@given(st.text())
def test_any_text(text: str) -> None:
    _render(text, _INGRESS)
    _render("{{" + text + "}}", _INGRESS)


@_SETTINGS
@given(st.lists(st.sampled_from(_WORDS), max_size=25))
def test_any_words(words: list[str]) -> None:
    _render("".join(words), _INGRESS)
    _render("{{" + " ".join(words) + "}}", _INGRESS)


@_SETTINGS
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(_JSON, max_size=4), st.booleans())
def test_any_arguments(name: str, values: list[Any], piped: bool) -> None:
    arguments = " ".join(f"(index .Spec.values {n})" for n in range(len(values)))
    text = f"{{{{.Name | {name} {arguments}}}}}" if piped else f"{{{{{name} {arguments}}}}}"
    _render(text, {"kind": "X", "metadata": {"name": "n"}, "spec": {"values": values}})


@_SETTINGS
@given(st.text(alphabet="%[]0123456789*.+-# vdsqxXoObcUeEfFgGtT!", max_size=12), st.lists(_JSON, max_size=3))
def test_any_format(text: str, values: list[Any]) -> None:
    arguments = " ".join(f"(index .Spec.values {n})" for n in range(len(values)))
    _render(f"{{{{printf `{text}` {arguments}}}}}", {"kind": "X", "spec": {"values": values}})


@_SETTINGS
@given(_OBJECTS)
@pytest.mark.parametrize(
    "text",
    [
        "{{.Name}}.{{.Labels.a}}.{{range .Spec.Rules}}{{.Host}}{{end}}",
        "{{.Metadata.name}}{{range .Spec.rules}}{{.host}}{{end}}{{.Object}}",
        "{{range $k, $v := .Spec.TLS}}{{$k}}{{$v}}{{end}}{{printf `%d %s` .Status .Spec}}",
    ],
)
def test_any_object(text: str, obj: Any) -> None:
    _render(text, obj)
