"""A template is a user's input: whatever it says, it ends soon, in bounded memory, with one clear line."""

import time
from typing import Any

import pytest

from dnssync.errors import ConfigError
from dnssync.gotemplate import TemplateError, parse
from dnssync.gotemplate.limits import MAX_TEXT

OBJECT: dict[str, Any] = {"metadata": {"name": "x", "labels": {str(n): "y" * 60 for n in range(500)}}}


@pytest.mark.parametrize(
    "template",
    [
        "{{range 1000000000}}{{end}}",
        "{{range 100000}}{{range 100000}}{{.}}{{end}}{{end}}",
        '{{define "t"}}{{template "t" .}}{{end}}{{template "t" .}}',
        '{{template "endpoint" .}}',
        '{{define "a"}}{{template "b"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}'
        '{{template "a"}}',
        '{{$x := "xx"}}{{range 100}}{{$x = print $x $x}}{{end}}{{$x}}',
        '{{$x := "xx"}}{{range 100}}{{$x = replace "x" "xx" $x}}{{end}}',
        '{{$x := "xx"}}{{range 100}}{{$x = printf "%s%[1]s" $x}}{{end}}',
        '{{$x := "\\x01"}}{{range 100}}{{$x = printf "%q" $x}}{{end}}',
        '{{$x := "<"}}{{range 100}}{{$x = html $x $x}}{{end}}',
        '{{$x := "<"}}{{range 100}}{{$x = js $x $x}}{{end}}',
        '{{printf "%1000000s%1000000s" 1 1}}',
        '{{printf "%1000000v" .Labels}}',
        '{{printf "%.1000000d%.1000000d" 1 1}}',
        '{{replace "" (printf "%500000s" "") (printf "%500000s" "")}}',
        '{{range 300000}}{{printf "%1000s" ""}}{{end}}',
    ],
)
def test_a_runaway_template_is_stopped(template: str) -> None:
    parsed = parse(template)
    start = time.process_time()
    with pytest.raises(TemplateError):
        parsed.render(OBJECT)
    assert time.process_time() - start < 10


@pytest.mark.parametrize("depth", [10, 500, 5000])
@pytest.mark.parametrize(
    ("opening", "middle", "closing"),
    [
        ("{{if 1}}", "1", "{{end}}"),
        ("(", "1", ")"),
        ("{{if 0}}{{else if 1}}", "1", "{{end}}"),
        ("{{range 1}}", "", "{{end}}"),
    ],
)
def test_nesting_is_read_or_refused(opening: str, middle: str, closing: str, depth: int) -> None:
    text = opening * depth + middle + closing * depth
    if opening == "(":
        text = "{{" + text + "}}"
    try:
        assert parse(text).render(OBJECT) == [middle] * bool(middle)
        assert depth == 10
    except ConfigError as error:
        assert "nested deeper" in str(error)
        assert depth > 10


def test_a_long_chain_of_else_if_is_refused() -> None:
    with pytest.raises(ConfigError, match="nested deeper"):
        parse("{{if 0}}" + "{{else if 0}}" * 1000 + "{{end}}")


@pytest.mark.parametrize(
    "template", ['{{template "endpoint" .}}', '{{define "t"}}{{template "t" .}}{{end}}{{template "t"}}']
)
def test_a_template_that_calls_itself_is_told_the_reason(template: str) -> None:
    with pytest.raises(TemplateError, match="the template nests deeper than"):
        parse(template).render(OBJECT)


def test_a_value_nested_deeper_than_the_stack_is_an_error_of_that_object() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(TemplateError, match="nested too deeply"):
        parse("{{.Spec.deep}}").render({**OBJECT, "spec": {"deep": deep}})
    nested = {**OBJECT, "metadata": {"name": "x", "annotations": {"j": "[" * 50_000}}}
    assert parse('{{with index .Annotations "j" | fromJson}}x{{else}}none{{end}}').render(nested) == ["none"]


def test_ordinary_work_is_far_from_the_limits() -> None:
    rules = [{"host": f"h{n}.example.org"} for n in range(2000)]
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": rules}}
    template = parse('{{range .Spec.Rules}}{{if contains .Host "h1"}}{{.Host | toLower}},{{end}}{{end}}')
    assert len(template.render(ingress)) == 1111
    assert MAX_TEXT > 1_000_000
