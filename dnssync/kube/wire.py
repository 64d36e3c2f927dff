"""What a Kubernetes API server says, decoded no further than needed. Pure: bytes in, values out."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from dnssync.errors import RetryableError

_SHOWN = 200


class ApiError(RetryableError):
    """The server refused a request. ``code`` and ``reason`` are those of its Status (Kubernetes API
    conventions, "Response Status Kind"), or of HTTP where the body is none."""

    def __init__(
        self, message: str, *, code: int, reason: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.code = code
        self.reason = reason

    @property
    def expired(self) -> bool:
        """Whether the resource version or the continue token of the request is too old to be used."""
        return self.code == 410 or self.reason in ("Expired", "Gone")


class MalformedError(RetryableError):
    """A body or a line that is not what the API promises; nothing of it may be believed."""


class _StatusDetails(msgspec.Struct, frozen=True, rename="camel"):
    retry_after_seconds: float | None = None


class _Status(msgspec.Struct, frozen=True):
    code: int = 0
    reason: str = ""
    message: str = ""
    details: _StatusDetails | None = None


class ListMeta(
    msgspec.Struct, frozen=True, rename={"resource_version": "resourceVersion", "next": "continue"}
):
    """Where a list stands: its resource version, and the token of its next page ("" on the last one)."""

    resource_version: str
    next: str = ""


class ListPage(msgspec.Struct, frozen=True):
    """One page of a list. ``items`` are the undecoded objects; they share the memory of the whole page."""

    kind: str
    metadata: ListMeta
    items: list[msgspec.Raw] | None


class ObjectMeta(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The part of an object's metadata that the watcher itself needs."""

    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class _Object(msgspec.Struct, frozen=True):
    metadata: ObjectMeta


class WatchEvent(msgspec.Struct, frozen=True):
    """One line of a watch. ``type`` is ADDED, MODIFIED, DELETED, BOOKMARK or ERROR; ``object`` is left
    undecoded, since its shape depends on that."""

    type: str
    object: msgspec.Raw


_page_decoder = msgspec.json.Decoder(ListPage)
_object_decoder = msgspec.json.Decoder(_Object)
_event_decoder = msgspec.json.Decoder(WatchEvent)
_status_decoder = msgspec.json.Decoder(_Status)


def decode_page(body: bytes) -> ListPage:
    """A page of a list; MalformedError for anything else, so that a stray answer is no empty list."""
    try:
        page = _page_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedError(f"the API server's list cannot be read: {error}") from None
    if not page.kind.endswith("List") or not page.metadata.resource_version:
        raise MalformedError(
            f"the API server answered with a {page.kind or 'nameless kind'} and not with a list"
        )
    return page


def decode_meta(raw: msgspec.Raw | bytes) -> ObjectMeta:
    """Name, namespace and resource version of an object; MalformedError if it has no readable metadata."""
    try:
        return _object_decoder.decode(raw).metadata
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedError(f"an object's metadata cannot be read: {error}") from None


def decode_event(line: bytes) -> WatchEvent:
    """One line of a watch; MalformedError if it is half a line or none."""
    try:
        return _event_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedError(f"a line of the watch cannot be read: {error}") from None


def decode_error(
    body: bytes | msgspec.Raw, *, code: int = 0, headers: Mapping[str, str] | None = None
) -> ApiError:
    """The ApiError of a refused request or of an ERROR event.

    Bodies may be a Status, plain text (unknown API group, overload) or a proxy's HTML; a Retry-After header
    in seconds counts before the Status's own field.
    """
    try:
        status = _status_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        status = _Status(message=_first_line(bytes(body)))
    wish = _seconds((headers or {}).get("Retry-After", ""))
    if wish is None and status.details is not None:
        wish = status.details.retry_after_seconds
    code = code or status.code
    message = status.message or status.reason or f"HTTP {code} without an explanation"
    return ApiError(message, code=code, reason=status.reason, retry_after=wish)


def split_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body that arrives in pieces; the last one also if its newline is missing.

    Parts of a long line are joined once, when it ends: an object of megabytes arrives in many pieces.
    """
    parts: list[bytes] = []
    for piece in pieces:
        *ended, rest = piece.split(b"\n")
        for line in ended:
            parts.append(line)
            whole = b"".join(parts)
            parts = []
            if whole.strip():
                yield whole
        parts.append(rest)
    last = b"".join(parts)
    if last.strip():
        yield last


def _first_line(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    return text.split("\n", 1)[0][:_SHOWN]


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None
