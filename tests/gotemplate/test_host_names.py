"""From an object to host names: splitting, holes in names, the second try, and what is said of failures."""

from typing import Any

import pytest

from dnssync.errors import ConfigError
from dnssync.gotemplate import TemplateError, parse

INGRESS: dict[str, Any] = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "web", "namespace": "shop", "labels": {"env": "prod"}},
    "spec": {"rules": [{"host": "a.example.org"}, {"host": "b.example.org"}]},
    "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
}
WIDGET: dict[str, Any] = {
    "apiVersion": "acme.example/v1",
    "kind": "Widget",
    "metadata": {"name": "w", "labels": {"a": "b"}},
    "spec": {"dnsNames": ["one.example.org"], "httpPort": 80, "nested": {"hostName": "n.example.org"}},
}


def test_names_are_split_trimmed_unique_and_sorted() -> None:
    template = parse(" {{.Name}}.b.org. ,\n{{.Name}}.a.org,, {{.Name}}.b.org\u00a0, .")
    assert template.render(INGRESS) == ["web.a.org", "web.b.org"]


def test_several_flag_values_are_joined_by_commas() -> None:
    assert parse(["{{.Name}}.b.org", "a.org"]).render(INGRESS) == ["a.org", "web.b.org"]
    assert parse(["{{if true}}a", "b{{end}}.org"]).render(INGRESS) == ["a", "b.org"]


def test_an_empty_template_gives_no_names() -> None:
    assert parse("").render(INGRESS) == []
    assert parse([]).render(INGRESS) == []


@pytest.mark.parametrize(
    ("template", "left_out"),
    [
        ("{{.Labels.missing}}.example.org", "<no value>.example.org"),
        ('{{index .Labels "missing"}}.example.org', ".example.org"),
        ("a.{{.Labels.missing | print}}.org", "a.<nil>.org"),
        ("{{.Spec.IngressClassName}}.example.org", "<nil>.example.org"),
        ("a.{{.Spec.ingressClassName}}.org", "a.<no value>.org"),
        ('a{{index .Labels "missing"}}..org', "a..org"),
    ],
)
def test_a_name_with_a_hole_is_left_out_and_told_while_the_rest_stays(template: str, left_out: str) -> None:
    hosts = parse([template, "{{.Name}}.example.org"]).hosts(INGRESS)
    assert hosts.names == ["web.example.org"]
    (problem,) = hosts.problems
    assert repr(left_out) in problem


def test_go_names_are_tried_first_and_json_keys_next() -> None:
    assert parse("{{range .Spec.Rules}}{{.Host}},{{end}}").render(INGRESS) == [
        "a.example.org",
        "b.example.org",
    ]
    assert parse("{{range .Spec.rules}}{{.host}},{{end}}").render(INGRESS) == [
        "a.example.org",
        "b.example.org",
    ]
    assert parse("{{.Metadata.name}}.{{.Object.metadata.namespace}}").render(INGRESS) == ["web.shop"]


def test_optional_keys_that_are_absent_are_empty_on_the_second_try_and_unknown_ones_an_error() -> None:
    assert parse("{{range .Spec.tls}}{{range .hosts}}{{.}},{{end}}{{end}}").render(INGRESS) == []
    assert parse("{{range .Status.loadBalancer.ingress}}x{{.hostname}}{{end}}").render(INGRESS) == ["x"]
    with pytest.raises(TemplateError, match="no entry for key 'tlss'"):
        parse("{{range .Spec.tlss}}{{end}}").render(INGRESS)


def test_a_failure_names_the_object_the_place_and_both_reasons() -> None:
    with pytest.raises(TemplateError) as raised:
        parse("a.org,\n{{.Name}}.{{.Calibre.x}}.org").render(INGRESS)
    text = str(raised.value)
    assert "Ingress shop/web" in text
    assert "line 2, column 13, at '.Calibre.x': can't evaluate field Calibre in type Ingress" in text
    assert "(by JSON keys: line 2" in text


@pytest.mark.parametrize(
    "template", ["{{.Name", "{{nosuch}}", "{{if}}{{end}}", "{{break}}", "{{1i}}", "{{$x}}"]
)
def test_a_template_that_cannot_be_read_is_a_mistake_of_the_configuration(template: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(["a.org", f"b.org,\n{template}", "c.org"])
    assert str(raised.value).startswith(
        f"--fqdn-template {'b.org,' + chr(10) + template!r} is no template: line 2, "
    )


def test_is_source_knows_where_the_object_comes_from() -> None:
    template = parse('{{if isSource "Ingress"}}yes{{else}}no{{end}}.org')
    assert template.render(INGRESS, source="ingress") == ["yes.org"]
    assert template.render(INGRESS, source="service") == ["no.org"]
    assert template.render(INGRESS) == ["no.org"]
    with pytest.raises(TemplateError, match=r"unknown source 'servics'; known are .*service"):
        parse('{{isSource "servics"}}').render(INGRESS, source="service")


def test_an_object_of_a_list_has_the_kind_of_its_source() -> None:
    bare = {key: value for key, value in INGRESS.items() if key not in ("kind", "apiVersion")}
    template = parse("{{.Kind | toLower}}.{{.Name}}.org")
    assert template.render(bare, source="ingress") == ["ingress.web.org"]
    assert template.render({"metadata": {"name": "n1"}}, source="node") == ["node.n1.org"]


def test_an_object_of_unknown_kind_is_read_by_either_spelling() -> None:
    for template in (
        "{{index .Spec.DNSNames 0}}",
        "{{index .Spec.dnsNames 0}}",
        "{{range .Spec.dnsNames}}{{.}},{{end}}",
    ):
        assert parse(template).render(WIDGET) == ["one.example.org"]
    assert parse("{{.Spec.Nested.HostName}}").render(WIDGET) == ["n.example.org"]
    assert parse("{{.Spec.HTTPPort}}.{{.Kind}}.{{.Labels.a}}").render(WIDGET) == ["80.Widget.b"]
    assert parse("{{range .Spec.absent}}{{.}}{{end}}").render(WIDGET) == []
    with pytest.raises(TemplateError, match="can't evaluate field Absent"):
        parse("{{.Absent}}").render(WIDGET)


def test_the_unstructured_source_sees_plain_json_with_go_names_beside_the_top_keys() -> None:
    def render(template: str) -> list[str]:
        return parse(template).render(WIDGET, source="unstructured")

    assert render("{{index .Spec.DNSNames 0}}.{{index .Object.spec.dnsNames 0}}") == [
        "one.example.org.one.example.org"
    ]
    assert render("{{.Spec.Nested.hostName}}.{{.Metadata.name}}.{{.APIVersion}}") == [
        "n.example.org.w.acme.example/v1"
    ]
    assert render("{{.Spec.missing}}.org") == []


@pytest.mark.parametrize(
    "broken",
    [
        {"metadata": "x"},
        {"metadata": {"name": 5}},
        {"spec": []},
        {"spec": {"rules": {}}},
        {"spec": {"rules": [1]}},
        {"metadata": {"labels": {"env": 1}}},
    ],
)
def test_an_object_with_the_wrong_types_fails_alone_and_says_so(broken: dict[str, Any]) -> None:
    template = parse("{{.Name}}{{.Labels.env}}{{range .Spec.Rules}}{{.Host}}{{end}}")
    with pytest.raises(TemplateError, match="Ingress"):
        template.render({**INGRESS, **broken})


def test_rendering_leaves_the_object_as_it_was() -> None:
    before = repr(INGRESS)
    parse("{{.Spec.rules}}{{.Object}}").render(INGRESS)
    assert repr(INGRESS) == before
