"""What can go wrong with a call of Cloud DNS, told apart by what helps: a person, less, or time."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from dnssync.errors import ConfigError, DnssyncError, RefusedError, RetryableError

_CONFLICTS = frozenset({404, 409, 412})
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
# Rate limits may come as 403 too, and so do quotas on what a project stores.
_THROTTLED = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_QUOTA = frozenset({"quotaExceeded", "dailyLimitExceeded", "containerLimitExceeded"})

_LONGEST_TEXT = 600


class Task(NamedTuple):
    """What a call is for, in an operator's words, and the permission that it needs."""

    words: str
    permission: str


class ServiceRefusal(RefusedError):
    """Cloud DNS refused the request itself.

    ``conflict``: the zone does not hold what was assumed. ``permanent``: the same request will be refused
    again, whatever happens elsewhere.
    """

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code
        self.conflict = code in _CONFLICTS
        self.permanent = code != 403


class Silence(RetryableError):
    """No usable answer for now. ``doubtful``: a change may have been committed all the same."""

    def __init__(self, message: str, *, retry_after: float | None = None, doubtful: bool = False) -> None:
        super().__init__(message, retry_after=retry_after)
        self.doubtful = doubtful


def translate(error: Exception, task: Task, *, writing: bool) -> DnssyncError:
    """Our error for one of google-api-core, google-auth or requests; ``writing`` calls can be doubtful."""
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, GoogleAPICallError):
        return _from_reply(error, task, writing=writing)
    text = f"Cloud DNS: could not {task.words}: {_one_line(str(error))}"
    if isinstance(error, GoogleAuthError) and not isinstance(error, TransportError):
        return ConfigError(f"{text}; renew the credentials")
    return Silence(text, doubtful=writing and not isinstance(error, GoogleAuthError))


def foreign_reply(task: Task, why: str) -> ServiceRefusal:
    """The error for a reply of success that the API would never give: another server is at the endpoint."""
    message = f"Cloud DNS: could not {task.words}: the reply is not the API's ({why}); check the endpoint"
    return ServiceRefusal(message, code=200)


def _from_reply(error: Any, task: Task, *, writing: bool) -> DnssyncError:
    code = int(error.code or 0)
    entries = [entry for entry in error.errors or () if isinstance(entry, dict)]
    reasons = {str(entry.get("reason", "")) for entry in entries}
    text = _one_line(
        "; ".join(_unique(str(entry.get("message", "")) for entry in entries)) or str(error.message)
    )
    message = f"Cloud DNS: could not {task.words}: {text} (HTTP {code})"
    if code in _TRANSIENT or reasons & _THROTTLED:
        doubtful = writing and code not in (403, 429)
        return Silence(message, retry_after=_retry_after(error.response), doubtful=doubtful)
    if code == 401:
        return ConfigError(f"{message}; renew the credentials")
    if code == 403 and not reasons & _QUOTA:
        return ConfigError(
            f"{message}; grant the permission {task.permission} (it is part of roles/dns.admin)"
        )
    return ServiceRefusal(message, code=code)


def _retry_after(response: Any) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date (RFC 9110 §10.2.3)."""
    text = response.headers.get("Retry-After", "") if response is not None else ""
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None


def _one_line(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= _LONGEST_TEXT else joined[: _LONGEST_TEXT - 1] + "…"


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))
