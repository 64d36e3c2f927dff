"""Host names from an object: the template is run by Go field names, and if that fails by JSON keys.

Source: external-dns's documentation of its templates.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dnssync.errors import ConfigError
from dnssync.gotemplate import nodes
from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.evaluation import Evaluation
from dnssync.gotemplate.fields import JsonObject, typed_object
from dnssync.gotemplate.functions import FUNCTIONS, functions_for
from dnssync.gotemplate.kubernetes_functions import trim
from dnssync.gotemplate.lexer import TemplateSyntaxError, tokenize
from dnssync.gotemplate.parser import Parser
from dnssync.gotemplate.values import MISSING, Struct

_MAX_SHOWN = 200
_NO_NAMES = (MISSING.value, "<nil>")
_OF_SOURCE = {
    "ingress": ("networking.k8s.io/v1", "Ingress"),
    "node": ("v1", "Node"),
    "pod": ("v1", "Pod"),
    "service": ("v1", "Service"),
}


class Hosts(NamedTuple):
    """What a template gave for one object: host names, sorted and unique, and why others were left out."""

    names: list[str]
    problems: list[str]


class Template:
    """A parsed template; it holds no state and may be used by several threads."""

    def __init__(self, source: str, bodies: nodes.Bodies) -> None:
        self.source = source
        self._bodies = bodies

    def render(self, obj: Mapping[str, Any], *, source: str = "") -> list[str]:
        """The host names for one object (decoded JSON), sorted and unique; TemplateError if it does not fit.

        ``source`` is the name of the source that it comes from, for ``isSource``.
        """
        return self.hosts(obj, source=source).names

    def hosts(self, obj: Mapping[str, Any], *, source: str = "") -> Hosts:
        """The same, with a line for each name that was left out because a part of it is not there."""
        parts = {trim(part).removesuffix(".") for part in self.text(obj, source=source).split(",")}
        parts.discard("")
        problems = {name: _problem(name) for name in sorted(parts)}
        return Hosts(
            [name for name, problem in problems.items() if not problem], [p for p in problems.values() if p]
        )

    def text(self, obj: Mapping[str, Any], *, source: str = "") -> str:
        """The text that the template makes of one object; TemplateError if it does not fit."""
        obj = _complete(obj, source)
        is_plain = source == "unstructured"
        plain = JsonObject(obj, go_names=is_plain)
        try:
            return self._run(plain if is_plain else typed_object(obj), source, strict=False)
        except TemplateError as first:
            try:
                return self._run(plain, source, strict=True)
            except TemplateError as second:
                raise TemplateError(_failure(obj, str(first), str(second))) from None

    def _run(self, data: Struct, source: str, *, strict: bool) -> str:
        evaluation = Evaluation(self._bodies, functions_for(source), strict=strict)
        try:
            return evaluation.run(data)
        except TemplateError as error:
            raise TemplateError(f"{_where(self.source, evaluation.place)}: {error}") from None
        except RecursionError:
            where = _where(self.source, evaluation.place)
            raise TemplateError(f"{where}: a value is nested too deeply") from None


def parse(texts: Sequence[str] | str, *, option: str = "--fqdn-template") -> Template:
    """The template of one or more values of a command line option, which are joined by commas.

    ConfigError names the option, the value and the place in it that is wrong.
    """
    values = [texts] if isinstance(texts, str) else list(texts)
    source = ",".join(values)
    try:
        bodies = Parser(list(tokenize(source)), FUNCTIONS).parse()
    except TemplateSyntaxError as error:
        value, place = _value_at(values, error.place)
        shown = value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "…"
        raise ConfigError(f"{option} {shown!r} is no template: {_where(value, place)}: {error}") from None
    return Template(source, bodies)


def _value_at(values: Sequence[str], place: int) -> tuple[str, int]:
    """The value that has a place of the joined text, and where in it that is."""
    for value in values:
        if place <= len(value):
            return value, place
        place -= len(value) + 1
    return "", 0


def _complete(obj: Mapping[str, Any], source: str) -> Mapping[str, Any]:
    """Objects in a list come without kind and API version: the source knows them."""
    if obj.get("kind") or source not in _OF_SOURCE:
        return obj
    api_version, kind = _OF_SOURCE[source]
    return {**obj, "apiVersion": api_version, "kind": kind}


def _problem(name: str) -> str:
    """Why a name is left out; empty if it is not. A name with a hole in it is nobody's wish."""
    if any(mark in name for mark in _NO_NAMES):
        return f"the template gives {name!r}: a field or key that it names is not there"
    if name.startswith(".") or ".." in name:
        return f"the template gives {name!r}: a label is empty, so a field or key is probably not there"
    return ""


def _failure(obj: Mapping[str, Any], first: str, second: str) -> str:
    metadata = obj.get("metadata")
    names = metadata if isinstance(metadata, Mapping) else {}
    place = "/".join(str(names[key]) for key in ("namespace", "name") if names.get(key))
    again = "" if second == first else f" (by JSON keys: {second})"
    return f"template on {obj.get('kind', 'object')} {place}: {first}{again}"


def _where(source: str, place: int) -> str:
    """Line and column, and the words that stand there."""
    before = source[:place]
    line, column = before.count("\n") + 1, place - before.rfind("\n")
    excerpt = source[place : place + 30].partition("}}")[0].partition("\n")[0].strip()
    return f"line {line}, column {column}" + (f", at {excerpt!r}" if excerpt else "")
