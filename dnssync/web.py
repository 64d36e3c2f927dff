"""The small web server of a running process: ``/metrics``, ``/healthz`` and ``/readyz``."""

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Protocol

import msgspec

from dnssync.errors import ConfigError

log = logging.getLogger(__name__)

CLIENT_TIMEOUT = 10.0
"""Seconds that a client may take to send its request or to read the answer."""

_JSON = "application/json; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Health(Protocol):
    """How the process is: ``ok``, ``degraded`` (works on, but something needs a person) or ``failing``."""

    @property
    def status(self) -> str:
        """One of the three words."""

    @property
    def reasons(self) -> Sequence[str]:
        """Why it is not ok, one line each."""


class Pages(msgspec.Struct, frozen=True):
    """What the pages show; each is called once per request, from the server's threads."""

    health: Callable[[], Health]
    ready: Callable[[], bool]
    metrics: Callable[[], bytes]


class Page(msgspec.Struct, frozen=True):
    """One answer."""

    status: HTTPStatus
    content_type: str
    body: bytes


def healthz(pages: Pages) -> Page:
    """200 while the process works, be it degraded; 503 when it should be restarted; the body says why."""
    health = pages.health()
    status = HTTPStatus.SERVICE_UNAVAILABLE if health.status == "failing" else HTTPStatus.OK
    body = msgspec.json.encode({"status": health.status, "reasons": list(health.reasons)})
    return Page(status, _JSON, body + b"\n")


def readyz(pages: Pages) -> Page:
    """200 after the first full sync, before that 503."""
    ready = pages.ready()
    status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Page(status, _JSON, msgspec.json.encode({"ready": ready}) + b"\n")


def metrics(pages: Pages) -> Page:
    """The metrics in Prometheus's text format."""
    return Page(HTTPStatus.OK, _METRICS, pages.metrics())


ROUTES: dict[str, Callable[[Pages], Page]] = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


class WebServer:
    """Serves ``pages`` on ``address`` (``host:port``, port 0 for a free one) in a daemon thread until closed.

    Raises ConfigError if the address cannot be bound.
    """

    def __init__(self, address: str, pages: Pages) -> None:
        self._server = _bind(address, pages)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="web", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that are bound."""
        host, port, *_ = self._server.socket.getsockname()
        return host, port

    def close(self) -> None:
        """Stop serving. Safe to call twice."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _bind(address: str, pages: Pages) -> "_Server":
    host, _, port = address.rpartition(":")
    try:
        return _Server((host.removeprefix("[").removesuffix("]"), int(port)), pages)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(
            f"cannot listen on {address} for metrics and health: {reason}; give another --metrics-address"
        ) from None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], pages: Pages) -> None:
        host, _ = address
        if not host and socket.has_dualstack_ipv6():
            self.address_family = socket.AF_INET6
        elif host:
            self.address_family = socket.getaddrinfo(*address, type=socket.SOCK_STREAM)[0][0]
        self.pages = pages
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6 and not self.server_address[0]:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        # Not HTTPServer's own: it looks up the host's name in DNS, which may be what is down.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request
        log.debug("request from %s failed", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = CLIENT_TIMEOUT
    server_version = "dnssync"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        route = ROUTES.get(self.path.partition("?")[0])
        page = route(self.server.pages) if route else _not_found()
        self.send_response(page.status)
        self.send_header("Content-Type", page.content_type)
        self.send_header("Content-Length", str(len(page.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(page.body)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)


def _not_found() -> Page:
    return Page(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", f"try {', '.join(ROUTES)}\n".encode())
