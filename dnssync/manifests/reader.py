"""From a file's text to what its objects ask for, with a warning for each object that cannot be used."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dnssync.errors import ConfigError
from dnssync.manifests.catalogue import Key, Objects
from dnssync.manifests.documents import Document, parse_text
from dnssync.objects import ObjectClaims
from dnssync.sources import Source

log = logging.getLogger(__name__)

_DEFAULT_NAMESPACE = "default"


def read_objects(text: str, path: Path, sources: Sequence[Source], *, known: Objects) -> Objects:
    """The objects in a file's text that some source reads.

    One that cannot be decoded keeps what is ``known`` of it. Of one that stands twice the later counts.
    Raises TextError if the text as a whole is unreadable.
    """
    objects: dict[Key, ObjectClaims | None] = {}
    for document in parse_text(text, is_json=path.suffix == ".json"):
        where = f"{path}:{document.line}"
        _warn_of_slip(document, sources, where)
        for source in _readers(document, sources, where):
            content = _identified(document, where)
            if content is None:
                continue
            metadata = content["metadata"]
            key = (source.name, source.ref(metadata["namespace"], metadata["name"]))
            if key in objects:
                _warn(where, f"{key[1]} stands here again; the later one counts")
            try:
                claims = source.claims(content)
            except ConfigError as error:
                _warn(where, f"{key[1]} stays as it was: {error}")
                objects[key] = known.get(key)
                continue
            if claims is not None:
                objects[key] = claims
            else:
                objects.pop(key, None)
    return objects


def _readers(document: Document, sources: Sequence[Source], where: str) -> Iterator[Source]:
    group = document.api_version.rpartition("/")[0]
    for source in sources:
        resource = source.resource
        if document.kind != resource.kind:
            continue
        if document.api_version == resource.api_version:
            yield source
        elif group in ("", "extensions", resource.group):
            has = document.api_version or "no apiVersion"
            _warn(where, f"{document.kind} has {has} and is passed over: it must be {resource.api_version}")


def _warn_of_slip(document: Document, sources: Sequence[Source], where: str) -> None:
    """Tell of an object that says no kind, or nearly one that is read: it would be passed over in silence."""
    if not document.kind:
        if "metadata" in document.content:
            _warn(where, "an object without a kind is passed over")
        return
    kinds = {source.resource.kind for source in sources}
    if document.kind not in kinds and (near := _near(document.kind, kinds)):
        _warn(where, f"kind {document.kind!r} is passed over; is it {near}?")


def _near(kind: str, kinds: Iterable[str]) -> str:
    by_lower = {known.lower(): known for known in kinds}
    return next((by_lower[found] for found in get_close_matches(kind.lower(), by_lower, 1, 0.85)), "")


def _identified(document: Document, where: str) -> dict[str, Any] | None:
    """The object with its namespace filled in; None, with a warning, if it has no name."""
    metadata = document.content.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(name, str) or not name:
        _warn(where, f"{document.kind} without a metadata.name is passed over")
        return None
    namespace = metadata.get("namespace") or _DEFAULT_NAMESPACE
    if not isinstance(namespace, str):
        _warn(where, f"{document.kind} {name} has a metadata.namespace that is no text and is passed over")
        return None
    return {**document.content, "metadata": {**metadata, "namespace": namespace}}


def _warn(where: str, message: str) -> None:
    log.warning("%s: %s", where, message, extra={"object": where, "reason": "manifest"})
