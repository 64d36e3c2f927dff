"""The connection to a Kubernetes API server: requests in, bytes out, and every failure one of our errors.

Transport, TLS, proxies and credentials are those of the ``kubernetes`` package; nothing of its typed models
is imported, which would cost a second and tens of megabytes.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from dnssync.errors import ConfigError, RetryableError
from dnssync.kube.credentials import KubeOptions, load_client
from dnssync.kube.wire import decode_error, split_lines
from dnssync.sources import Resource

__all__ = ["Connection", "KubeOptions", "SilentError", "Stream", "resource_path"]

Body = Mapping[str, Any] | Sequence[Mapping[str, Any]]

_CONNECT_SECONDS = 5.0
_READ_BYTES = 65536


class SilentError(RetryableError):
    """A stream brought nothing, not even a bookmark, for as long as it was allowed to."""


def resource_path(resource: Resource, namespace: str = "", name: str = "") -> str:
    """The path of a collection, or of one object in it; without a namespace that of all namespaces."""
    root = f"/apis/{resource.group}" if resource.group else "/api"
    scope = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}/{resource.version}{scope}/{resource.plural}" + (f"/{name}" if name else "")


class Stream:
    """An open watch. Read by one thread; ``interrupt`` may come from any other."""

    def __init__(self, response: Any) -> None:
        self._response = response
        self._interrupted = False

    def lines(self) -> Iterator[bytes]:
        """The lines as they arrive, until the server ends the stream.

        Raises SilentError after the silence that was asked for, RetryableError if the connection breaks.
        """
        from urllib3.exceptions import ReadTimeoutError

        try:
            with _explained("the watch broke off"):
                yield from split_lines(self._pieces())
        except RetryableError as error:
            if isinstance(error.__cause__, ReadTimeoutError):
                raise SilentError("the watch fell silent") from None
            raise
        except ValueError:
            # What a TLS socket says to its reader when another thread has shut it down.
            if not self._interrupted:
                raise

    def _pieces(self) -> Iterator[bytes]:
        if self._response.chunked:
            yield from self._response.read_chunked(_READ_BYTES)
        else:
            # Without chunks ``stream`` would wait until its buffer is full, and events with it.
            yield from iter(lambda: self._response.read1(_READ_BYTES), b"")

    def interrupt(self) -> None:
        """End the stream now, also under a thread that is reading from it."""
        self._interrupted = True
        try:
            self._response.shutdown()
        except (ValueError, RuntimeError, OSError):
            pass  # It has ended by itself.

    def close(self) -> None:
        """Give up the stream and its socket."""
        self._response.close()


class Connection:
    """Requests to one API server, from any thread; credentials are loaded anew whenever the server says 401.

    Raises ConfigError at construction. Every method raises RetryableError, and ApiError (one of these) for
    what the server itself refused.
    """

    def __init__(self, options: KubeOptions) -> None:
        self._options = options
        self._renewing = threading.Lock()
        self._client = load_client(options)

    @property
    def server(self) -> str:
        """The URL of the API server."""
        return str(self._client.configuration.host)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> bytes:
        """The whole body of a GET; gzip is asked for, since lists shrink to a fraction."""
        headers = {"Accept-Encoding": "gzip"}
        return self._whole(self._request("GET", path, query or {}, headers=headers, body=None))

    def send(self, method: str, path: str, body: Body, *, content_type: str = "application/json") -> bytes:
        """The whole answer to a POST, PUT or PATCH of ``body``; a JSON patch is a list."""
        headers = {"Content-Type": content_type}
        return self._whole(self._request(method, path, {}, headers=headers, body=body))

    def open_stream(self, path: str, query: Mapping[str, str], *, idle: float) -> Stream:
        """A watch that may be silent for ``idle`` seconds once it has begun. The caller closes it."""
        first = min(idle, self._options.request_timeout or idle)
        response = self._request("GET", path, query, headers={}, body=None, timeout=first)
        # A connection that the server means to close (HTTP/1.0) has let go of its socket: it keeps ``first``.
        socket = response.connection and response.connection.sock
        if socket is not None:
            socket.settimeout(idle)
        return Stream(response)

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        *,
        headers: dict[str, str],
        body: Body | None,
        timeout: float | None = None,
    ) -> Any:
        wait = timeout or self._options.request_timeout or None

        def ask(client: Any) -> Any:
            """The response, whatever its status says; raises RetryableError where none comes."""
            with _explained(f"the Kubernetes API at {self.server} cannot be reached"):
                request = client.param_serialize(
                    method,
                    path,
                    query_params=list(query.items()),
                    header_params={"Accept": "application/json", "User-Agent": client.user_agent, **headers},
                    body=body,
                    auth_settings=["BearerToken"],
                )
                return client.call_api(*request, _request_timeout=(_CONNECT_SECONDS, wait)).response

        client = self._client
        response = ask(client)
        if response.status == 401:
            response.close()
            response = ask(self._renewed(client))
        if response.status >= 300:
            raise decode_error(self._whole(response), code=response.status, headers=response.headers)
        return response

    def _whole(self, response: Any) -> bytes:
        with _explained(f"the answer of the Kubernetes API at {self.server} broke off"):
            return bytes(response.data)

    def _renewed(self, refused: Any) -> Any:
        """A client with fresh credentials; one that another thread has just made is good enough."""
        with self._renewing:
            if self._client is refused:
                try:
                    self._client = load_client(self._options)
                except ConfigError as error:
                    raise RetryableError(str(error)) from None
            return self._client


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn every failure of the transport into a RetryableError whose cause is the original."""
    from kubernetes.client.exceptions import ApiException
    from kubernetes.config import ConfigException
    from urllib3.exceptions import HTTPError, ProtocolError, ProxyError

    try:
        yield
    except ApiException as error:  # How the package tells of a failed TLS handshake.
        raise RetryableError(f"{what}: {' '.join(str(error.reason).split())}") from error
    except ProxyError as error:
        raise RetryableError(f"{what}: {error.args[0]}: {error.original_error}") from error
    except ProtocolError as error:  # Its further arguments repeat the first one.
        raise RetryableError(f"{what}: {error.args[0]}") from error
    except (HTTPError, OSError, ConfigException) as error:
        raise RetryableError(f"{what}: {' '.join(str(error).split())}") from error
