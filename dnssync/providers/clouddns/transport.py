"""The wire to Cloud DNS: google-cloud-dns for credentials and errors, its connection for raw REST calls.

That library cannot express routing policies or filters, and fails on sets without data; its connection can
carry the API's own JSON (https://cloud.google.com/dns/docs/reference/rest/v1).
"""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from dnssync.errors import ConfigError
from dnssync.providers.clouddns.failures import Silence, Task, foreign_reply, translate

log = logging.getLogger(__name__)

# A server that asks for more patience than this is left to the caller's own backoff.
_LONGEST_PAUSE = 60.0

_NO_CREDENTIALS = (
    "set GOOGLE_APPLICATION_CREDENTIALS to a key file, run `gcloud auth application-default login`, "
    "or give the pod a service account (Workload Identity)"
)
_NO_PROJECT = "Cloud DNS: the project is not known and the credentials name none; give --google-project"


class Access(msgspec.Struct, frozen=True):
    """How to reach the service.

    An ``http://`` endpoint is asked without credentials, so that no token is ever sent in the clear.
    ``attempts`` and ``first_pause`` (seconds, doubling, with jitter) rule how calls are repeated.
    """

    project: str = ""
    endpoint: str = ""
    attempts: int = 5
    first_pause: float = 0.5


class Transport:
    """Calls of the API for one project; safe to use from several threads. ``stop`` ends all waiting."""

    def __init__(self, access: Access, stop: threading.Event) -> None:
        self._access = access
        self._stop = stop
        self._lock = threading.Lock()
        self._client: Any = None

    @property
    def project(self) -> str:
        """The project in use, found out from the credentials if none was given; raises ConfigError."""
        return str(self._connected().project)

    def call(
        self,
        task: Task,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The decoded reply to one request below ``/projects/PROJECT``, tried again while that can help.

        Raises ConfigError (credentials, permission), ServiceRefusal, or Silence when the tries are used up.
        """
        client = self._connected()
        attempt = _Attempt(client, task, method, f"/projects/{client.project}{path}", query, data)
        doubtful = False

        def run() -> dict[str, Any]:
            nonlocal doubtful
            try:
                return attempt.run()
            except Silence as silence:
                # A change may have been committed in any of the tries, not only in the last.
                doubtful = silence.doubtful = doubtful or silence.doubtful
                raise

        return self._patiently(run)

    def _patiently(self, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result of ``run``, called again after a pause while it raises Silence and tries are left."""
        import tenacity

        growing = tenacity.wait_random_exponential(multiplier=self._access.first_pause, max=_LONGEST_PAUSE)

        def pause(state: Any) -> float:
            return max(float(growing(state)), _wish(state))

        def give_up(state: Any) -> bool:
            used_up = state.attempt_number >= self._access.attempts
            return used_up or self._stop.is_set() or _wish(state) > _LONGEST_PAUSE

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Silence),
            stop=give_up,
            wait=pause,
            sleep=tenacity.sleep_using_event(self._stop),
            before_sleep=_tell,
            reraise=True,
        )
        return retrying(run)

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = _connect(self._access)
            return self._client


class _Attempt(NamedTuple):
    """One request, ready to be sent as often as needed."""

    client: Any
    task: Task
    method: str
    path: str
    query: Mapping[str, Any] | None
    data: Mapping[str, Any] | None

    def run(self) -> dict[str, Any]:
        """Send it once; raises only our own errors."""
        from google.api_core.exceptions import GoogleAPIError
        from google.auth.exceptions import GoogleAuthError
        from requests import RequestException

        try:
            reply = self.client._connection.api_request(
                method=self.method, path=self.path, query_params=self.query, data=self.data
            )
        except (GoogleAPIError, GoogleAuthError, RequestException) as error:
            raise translate(error, self.task, writing=self.method != "GET") from error
        if not isinstance(reply, dict):
            raise foreign_reply(self.task, "it is no JSON object")
        return reply


def _wish(state: Any) -> float:
    """Seconds that the server itself asked us to wait."""
    error = state.outcome.exception()
    return error.retry_after or 0.0 if isinstance(error, Silence) else 0.0


def _tell(state: Any) -> None:
    log.info(
        "%s; trying again in %.1f s",
        state.outcome.exception(),
        state.upcoming_sleep,
        extra={"reason": "retry"},
    )


def _connect(access: Access) -> Any:
    """A google-cloud-dns client; raises ConfigError without credentials or project."""
    from google.cloud import dns

    _check_endpoint(access.endpoint)
    anonymous = access.endpoint.startswith("http://")
    credentials, found = _no_credentials() if anonymous else _default_credentials()
    project = access.project or found
    if not project:
        raise ConfigError(_NO_PROJECT)
    options = {"api_endpoint": access.endpoint.rstrip("/")} if access.endpoint else None
    return dns.Client(project=project, credentials=credentials, client_options=options)


def _check_endpoint(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if endpoint and not usable:
        raise ConfigError(
            f"Cloud DNS: --google-api-endpoint {endpoint!r} is no URL; write http://HOST:PORT or https://HOST"
        )


def _no_credentials() -> tuple[Any, str | None]:
    """The credentials of a server that asks for none, and the project that the environment names."""
    import google.auth.credentials as library

    credentials: Any = library.AnonymousCredentials  # untyped in the library
    return credentials(), os.environ.get("GOOGLE_CLOUD_PROJECT")


def _default_credentials() -> tuple[Any, str | None]:
    """What the machine offers: a key file, gcloud's login, or the metadata server; and its project."""
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    try:
        credentials, project = google.auth.default()
    except (GoogleAuthError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"Cloud DNS: no usable Google credentials: {reason}; {_NO_CREDENTIALS}") from error
    return credentials, project
