"""The Status bodies of a Kubernetes API server, word for word where clients read them."""

from typing import Any

import msgspec

from tests.doubles.kube.kinds import Kind


class StatusError(Exception):
    """A request that is answered with a Status."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        retry_after: int | None = None,
        continue_token: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after = retry_after
        metadata = {"continue": continue_token} if continue_token else {}
        self.status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata,
            "status": "Failure",
            "message": message,
        }
        if reason:
            self.status["reason"] = reason
        if details is not None:
            self.status["details"] = details
        self.status["code"] = code

    @property
    def body(self) -> bytes:
        return msgspec.json.encode(self.status) + b"\n"


def unauthorized() -> StatusError:
    return StatusError(401, "Unauthorized", "Unauthorized")


def forbidden(
    user: str, verb: str, kind: Kind, *, namespace: str, name: str, subresource: str = ""
) -> StatusError:
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    what = f'{kind.qualified} "{name}"' if name else kind.qualified
    resource = f"{kind.plural}/{subresource}" if subresource else kind.plural
    message = (
        f'{what} is forbidden: User "{user}" cannot {verb} resource "{resource}" '
        f'in API group "{kind.group}" {where}'
    )
    details = {"name": name, "group": kind.group, "kind": kind.plural}
    return StatusError(
        403, "Forbidden", message, details={key: text for key, text in details.items() if text}
    )


def _named(kind: Kind, name: str) -> dict[str, str]:
    details = {"name": name, "group": kind.group, "kind": kind.plural}
    return {key: text for key, text in details.items() if text}


def not_found(kind: Kind, name: str) -> StatusError:
    return StatusError(404, "NotFound", f'{kind.qualified} "{name}" not found', details=_named(kind, name))


def unknown_resource() -> StatusError:
    return StatusError(404, "NotFound", "the server could not find the requested resource", details={})


def already_exists(kind: Kind, name: str) -> StatusError:
    message = f'{kind.qualified} "{name}" already exists'
    return StatusError(409, "AlreadyExists", message, details=_named(kind, name))


def conflict(kind: Kind, name: str) -> StatusError:
    message = (
        f'Operation cannot be fulfilled on {kind.qualified} "{name}": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    return StatusError(409, "Conflict", message, details=_named(kind, name))


def precondition_failed(kind: Kind, name: str, message: str) -> StatusError:
    text = f'Operation cannot be fulfilled on {kind.kind}.{kind.group} "{name}": {message}'
    return StatusError(409, "Conflict", text, details={**_named(kind, name), "kind": kind.kind})


def invalid(kind: Kind, name: str, *, field: str, message: str) -> StatusError:
    # Whichever group an Event came by, it is the core group's when it is looked at.
    group = "" if kind.kind == "Event" else kind.group
    details = {
        **_named(kind._replace(group=group), name),
        "kind": kind.kind,
        "causes": [{"reason": "FieldValueInvalid", "message": message, "field": field}],
    }
    qualified = f"{kind.kind}.{group}" if group else kind.kind
    return StatusError(
        422, "Invalid", f'{qualified} "{name}" is invalid: {field}: {message}', details=details
    )


def invalid_options(message: str) -> StatusError:
    details = {"group": "meta.k8s.io", "kind": "ListOptions"}
    return StatusError(422, "Invalid", f"ListOptions.meta.k8s.io is invalid: {message}", details=details)


def bad_request(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


def unsupported_media_type() -> StatusError:
    return StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


def method_not_allowed() -> StatusError:
    message = "the server does not allow this method on the requested resource"
    return StatusError(405, "MethodNotAllowed", message, details={})


def expired(message: str, *, continue_token: str = "") -> StatusError:
    return StatusError(410, "Expired", message, continue_token=continue_token)


def too_large_version(asked: int, current: int) -> StatusError:
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    details = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    return StatusError(504, "Timeout", message, details=details, retry_after=1)
