"""Text of a manifest file → the objects in it, each with the line where it begins. Pure."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec

from dnssync.errors import ConfigError

_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class TextError(ConfigError):
    """A text that is no YAML or JSON; ``line`` counts from 1, 0 if unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class Document(msgspec.Struct, frozen=True):
    """One Kubernetes object of a file. ``line`` is that of its YAML document, or 1 in JSON."""

    line: int
    content: Mapping[str, Any]

    @property
    def api_version(self) -> str:
        """``apiVersion``, empty if unset."""
        return str(self.content.get("apiVersion", ""))

    @property
    def kind(self) -> str:
        """``kind``, empty if unset."""
        return str(self.content.get("kind", ""))


def parse_text(text: str, *, is_json: bool) -> list[Document]:
    """All objects of a file, members of lists included; empty documents are skipped.

    Raises TextError for a text that cannot be parsed as a whole, or that holds something else than maps.
    """
    pairs = _json_values(text) if is_json else _yaml_values(text)
    return [document for line, value in pairs for document in _objects(line, value)]


def _objects(line: int, value: Any, kind: str = "", api_version: str = "") -> Iterator[Document]:
    if value is None:
        return
    if not isinstance(value, dict):
        raise TextError(f"a Kubernetes object is a map, and this is a {type(value).__name__}", line)
    # Members of a typed list (IngressList) need not repeat what they are.
    content = {"kind": kind, "apiVersion": api_version, **value} if kind else value
    items = content.get("items")
    if str(content.get("kind", "")).endswith("List") and isinstance(items, list):
        member = str(content["kind"]).removesuffix("List")
        for item in items:
            yield from _objects(line, item, member, str(content.get("apiVersion", "")) if member else "")
    else:
        yield Document(line, content)


def _json_values(text: str) -> Iterator[tuple[int, Any]]:
    if not text.strip():
        return
    try:
        yield 1, json.loads(text)
    except json.JSONDecodeError as error:
        raise TextError(f"no valid JSON: {error.msg}", error.lineno) from None
    except RecursionError:
        raise TextError("nested too deeply") from None


def _yaml_values(text: str) -> Iterator[tuple[int, Any]]:
    import yaml

    try:
        loader = _yaml_loader()(text)
        while loader.check_node():
            node = loader.get_node()
            yield node.start_mark.line + 1, loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = error.problem or error.context or "cannot be parsed"
        raise TextError(f"no valid YAML: {why}", mark.line + 1 if mark else 0) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise TextError(f"no valid YAML: {error.reason}", line) from None
    except (yaml.YAMLError, ValueError) as error:
        raise TextError(f"no valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise TextError("nested too deeply") from None


@cache
def _yaml_loader() -> Any:
    """PyYAML's safe loader, in C where there is one, leaving timestamps the text that Kubernetes takes."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolvers = {
        first: [(tag, pattern) for tag, pattern in known if tag != _TIMESTAMP]
        for first, known in base.yaml_implicit_resolvers.items()
    }
    return type("ManifestLoader", (base,), {"yaml_implicit_resolvers": resolvers})
