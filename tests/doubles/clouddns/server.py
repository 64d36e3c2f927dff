"""The Cloud DNS double over real HTTP on a loopback port."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.doubles.clouddns import schema
from tests.doubles.clouddns.faults import Fault, Faults
from tests.doubles.clouddns.rules import Refusal
from tests.doubles.clouddns.service import Call, Json, Service
from tests.doubles.clouddns.store import Refused

_FAULT_REPLIES = {
    "throttle": Refusal(429, "rateLimitExceeded", "Rate Limit Exceeded"),
    "old-throttle": Refusal(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
    "conflict": Refusal(409, "alreadyExists", "The resource already exists"),
    "unauthorised": Refusal(401, "authError", "Invalid Credentials"),
    "forbidden": Refusal(403, "forbidden", "Forbidden"),
}


class CloudDnsDouble:
    """A strict Cloud DNS service for one project; a context manager.

    ``service`` holds the zones and counters, ``faults`` what shall go wrong. Leaving the context fails if
    the double itself broke the discovery document.
    """

    def __init__(
        self,
        *zones: str,
        project: str = "p",
        port: int = 0,
        quota: dict[str, int] | None = None,
        page_size: int = 100,
    ) -> None:
        self.service = Service(project, quota or {}, page_size=page_size)
        self.faults = Faults()
        for zone in zones:
            self.service.add_zone(zone)
        self._http = _HttpServer(("127.0.0.1", port), self.service, self.faults)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def endpoint(self) -> str:
        """The URL for a client's ``api_endpoint``."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "CloudDnsDouble":
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        assert not self.service.violations, self.service.violations


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], service: Service, faults: Faults) -> None:
        super().__init__(address, _Handler)
        self.service = service
        self.faults = faults

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error here; anything else is a bug of the double."""
        self.service.violations.append(f"a request failed inside the double: {client_address}")


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"
    # Replies leave in two writes; without this the second waits for the client's delayed ACK.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def do_DELETE(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: tests count requests, they do not read logs."""

    def _handle(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        if url.path == "/__faults" and self.command == "POST":
            self.server.faults.add(**json.loads(text))
            return self._send(200, b"{}")
        if url.path == "/__requests":
            return self._send(200, json.dumps(self.server.service.requests).encode())
        found = schema.match(self.command, url.path)
        if found is None:
            return self._send(404, b"Not Found", content_type="text/plain")
        method, path = found
        name = method.id.removeprefix("dns.")
        with self.server.service.lock:
            self.server.service.requests[name] += 1
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        parameters = {key: unquote(value) for key, value in path.items()}
        return self._answer(
            method, Call(method, parameters, query, None), text, self.server.faults.take(name)
        )

    def _answer(self, method: schema.Method, call: Call, text: bytes, fault: Fault | None) -> None:
        if self.server.faults.garbled is not None:
            return self._send(200, self.server.faults.garbled)
        kind = fault.kind if fault else ""
        if kind == "drop-before":
            return self._hang_up()
        if kind == "unavailable":
            return self._send(503, b"<html>Service Unavailable</html>", content_type="text/html")
        if fault and kind in _FAULT_REPLIES:
            return self._refuse((_FAULT_REPLIES[kind],), retry_after=fault.retry_after)
        try:
            body = json.loads(text) if text else None
            reply = self.server.service.answer(call._replace(body=body))
        except Refused as refused:
            return self._refuse(refused.entries)
        except ValueError:
            return self._refuse((Refusal(400, "parseError", "Parse Error"),))
        if kind == "drop-after":
            return self._hang_up()
        if not method.response:
            return self._send(204, b"")
        return self._send(200, json.dumps(reply).encode(), half=kind == "half")

    def _refuse(self, entries: tuple[Refusal, ...], *, retry_after: str = "") -> None:
        errors = [{"message": text, "domain": "global", "reason": reason} for _, reason, text in entries]
        error: Json = {"code": entries[0].code, "message": entries[0].message, "errors": errors}
        self._send(entries[0].code, json.dumps({"error": error}).encode(), retry_after=retry_after)

    def _hang_up(self) -> None:
        self.close_connection = True

    def _send(
        self,
        code: int,
        body: bytes,
        *,
        content_type: str = "application/json; charset=UTF-8",
        retry_after: str = "",
        half: bool = False,
    ) -> None:
        self.send_response(code)
        if body:
            self.send_header("Content-Type", content_type)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        if half:
            self._hang_up()
