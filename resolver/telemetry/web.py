"""The small web server of the keeper: ``/metrics``, ``/healthz`` and ``/readyz``."""

import logging
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from socket import AF_INET6
from typing import Any, NamedTuple

from resolver.config import parse_listen
from resolver.errors import ResolverError

log = logging.getLogger(__name__)

# Seconds that a client may take, and how many may be served at once: each has a thread.
_CLIENT_TIMEOUT = 10.0
_MOST_CLIENTS = 32
_TEXT = "text/plain; charset=utf-8"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Pages(NamedTuple):
    """What the pages show; called once per request, from the server's threads."""

    is_ready: Callable[[], bool]
    metrics: Callable[[], bytes]


class WebServer:
    """Serves ``pages`` on ``ADDRESS:PORT`` in a daemon thread until closed; raises ResolverError."""

    def __init__(self, text: str, pages: Pages) -> None:
        try:
            self._server = _Server(text, pages)
        except OSError as error:
            raise ResolverError(
                f"cannot listen on {text} for metrics and health: {error.strerror or error}; "
                "give another --metrics-address"
            ) from None
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="web", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """The host and port that are bound."""
        host, port = self._server.socket.getsockname()[:2]
        return host, port

    def close(self) -> None:
        """Stop serving; safe to call twice."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, text: str, pages: Pages) -> None:
        self.pages = pages
        self._places = threading.BoundedSemaphore(_MOST_CLIENTS)
        # ":PORT" gives both families; the one of IPv4 is enough to be asked for numbers.
        listen, *_ = parse_listen(text)
        if ip_address(listen.host).version == 6:
            self.address_family = AF_INET6
        super().__init__(listen, _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        return self._places.acquire(blocking=False)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a web client went away", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_TIMEOUT
    server_version = "resolver"
    sys_version = ""

    def do_GET(self) -> None:
        status, kind, body = self._page()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def _page(self) -> tuple[HTTPStatus, str, bytes]:
        assert isinstance(self.server, _Server), "the only server with this handler"
        pages = self.server.pages
        path = self.path.partition("?")[0]
        if path == "/metrics":
            return HTTPStatus.OK, _METRICS, pages.metrics()
        if path == "/healthz":
            # That this is answered is the news: dead workers are replaced from here.
            return HTTPStatus.OK, _TEXT, b"ok\n"
        if path == "/readyz":
            if pages.is_ready():
                return HTTPStatus.OK, _TEXT, b"ready\n"
            return HTTPStatus.SERVICE_UNAVAILABLE, _TEXT, b"no worker answers yet\n"
        return HTTPStatus.NOT_FOUND, _TEXT, b"try /metrics, /healthz or /readyz\n"

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)
