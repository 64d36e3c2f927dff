"""GET of a collection: paging over one snapshot, resource versions, selectors."""

import base64
import bisect
from collections.abc import Callable, Mapping

import msgspec

from tests.doubles.kube import statuses
from tests.doubles.kube.kinds import Kind, Target
from tests.doubles.kube.selectors import labels_of, parse_fields, parse_labels
from tests.doubles.kube.statuses import StatusError
from tests.doubles.kube.store import Key, Row, Store

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list without the continue parameter, or use the continue token in this response to retrieve the "
    "remainder of the results."
)


class _Token(msgspec.Struct, forbid_unknown_fields=True):
    v: str
    rv: int
    start: str


def encode_token(version: int, after: Key) -> str:
    """A continue token: where the next page starts, and in which snapshot (-1: in the present)."""
    text = msgspec.json.encode(_Token("meta.k8s.io/v1", version, f"{after[0]}/{after[1]}\0"))
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def _decode_token(text: str) -> tuple[int, Key]:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        token = msgspec.json.decode(raw, type=_Token)
    except (ValueError, msgspec.DecodeError):
        raise statuses.bad_request("continue key is not valid: illegal base64 or JSON") from None
    namespace, _, name = token.start.rstrip("\0").partition("/")
    return token.rv, (namespace, name)


def select(target: Target, query: Mapping[str, str]) -> Callable[[Key, bytes], bool]:
    """The test for namespace, field selector and label selector of a request."""
    of_fields = parse_fields(query.get("fieldSelector", ""))
    wanted = query.get("labelSelector", "")
    of_labels = parse_labels(wanted)

    def matches(key: Key, body: bytes) -> bool:
        if target.namespace and key[0] != target.namespace:
            return False
        return of_fields(*key) and (not wanted or of_labels(labels_of(body)))

    return matches


def list_objects(store: Store, target: Target, query: Mapping[str, str]) -> bytes:
    """The encoded list that answers the request."""
    token = query.get("continue", "")
    _check_options(query, token)
    limit = int(query.get("limit") or 0)
    after: Key | None = None
    version: int | None = None
    if token:
        version, after = _decode_token(token)
        if version < 0:
            version = None
    else:
        version = _asked_version(store, query)
        limit = 0 if query.get("resourceVersion") == "0" else limit
    try:
        shown, rows = store.snapshot(target.kind, version)
    except StatusError:
        if after is None:
            raise
        raise statuses.expired(_TOO_OLD, continue_token=encode_token(-1, after)) from None
    if after is not None:
        rows = rows[bisect.bisect_right(rows, after, key=lambda row: row[0]) :]
    if target.namespace or _has_selector(query):
        matches = select(target, query)
        rows = [row for row in rows if matches(*row)]
    return _render(target.kind, shown, rows, limit=limit, counted=not _has_selector(query))


def _check_options(query: Mapping[str, str], token: str) -> None:
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    if version and not version.isdigit():
        raise statuses.bad_request(f'resourceVersion: Invalid value: "{version}"')
    if token and version:
        raise statuses.bad_request("specifying resource version is not allowed when using continue")
    if (match and not version) or (match == "Exact" and version == "0") or "sendInitialEvents" in query:
        raise statuses.invalid_options("resourceVersionMatch: Forbidden")


def _asked_version(store: Store, query: Mapping[str, str]) -> int | None:
    asked = int(query.get("resourceVersion") or 0)
    if asked > store.version:
        raise statuses.too_large_version(asked, store.version)
    return asked if query.get("resourceVersionMatch") == "Exact" else None


def _has_selector(query: Mapping[str, str]) -> bool:
    return bool(query.get("labelSelector") or query.get("fieldSelector"))


def _render(kind: Kind, version: int, rows: list[Row], *, limit: int, counted: bool) -> bytes:
    metadata: dict[str, object] = {"resourceVersion": str(version)}
    if limit and len(rows) > limit:
        metadata["continue"] = encode_token(version, rows[limit - 1][0])
        if counted:
            metadata["remainingItemCount"] = len(rows) - limit
        rows = rows[:limit]
    elif not kind.builtin:
        metadata["continue"] = ""
    items = (body if kind.builtin else typed(kind, body) for _, body in rows)
    head = {"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata}
    return msgspec.json.encode(head)[:-1] + b',"items":[' + b",".join(items) + b"]}\n"


def typed(kind: Kind, body: bytes) -> bytes:
    """An object as it is sent alone: with its kind and apiVersion."""
    head = f'{{"kind":"{kind.kind}","apiVersion":"{kind.api_version}",'
    return head.encode() + body[1:]
