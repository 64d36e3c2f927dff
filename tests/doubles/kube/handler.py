"""The HTTP side of the API double: authentication, rights, routing, and the faults of plain requests."""

import gzip
import json
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from tests.doubles.kube import statuses, writes
from tests.doubles.kube.faults import Fault, HalfList, Hang, Refuse, RefuseWithStatus, Reset, Slow
from tests.doubles.kube.kinds import Target, UnknownGroupError, UnknownResourceError, parse_path
from tests.doubles.kube.listing import list_objects, typed
from tests.doubles.kube.statuses import StatusError
from tests.doubles.kube.watching import Watch

if TYPE_CHECKING:
    from tests.doubles.kube.server import KubeApi

_GZIP_BYTES = 128 * 1024
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class SeenRequest(msgspec.Struct, frozen=True):
    """One request as it came in; ``at`` is monotonic."""

    verb: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


class ApiHandler(BaseHTTPRequestHandler):
    """One connection. The server sets ``api`` on the class that it makes for itself."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: "KubeApi"

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: tests read the requests from the double."""

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        try:
            if parts.path in ("/healthz", "/livez", "/readyz"):
                self._send(200, b"ok", content_type="text/plain; charset=utf-8")
            elif parts.path == "/version":
                self._send(200, json.dumps({"major": "1", "minor": "36", "gitVersion": "v1.36.2"}).encode())
            else:
                self._serve(parts.path, query, body)
        except StatusError as error:
            headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
            self._send(error.code, error.body, headers=headers)
        except (UnknownGroupError, UnknownResourceError) as error:
            self._refuse_path(error)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _refuse_path(self, error: Exception) -> None:
        if isinstance(error, UnknownGroupError):
            self._send(404, b"404 page not found\n", content_type="text/plain; charset=utf-8")
        else:
            self._send(404, statuses.unknown_resource().body)

    def _serve(self, path: str, query: dict[str, str], body: bytes) -> None:
        user = self._authenticate(query, path)
        target = parse_path(path, self.api.kinds)
        verb = self._verb(target, query)
        self._note(verb, path, query)
        if (verb, target.kind.plural) in self.api.forbidden:
            raise statuses.forbidden(
                user,
                verb,
                target.kind,
                namespace=target.namespace,
                name=target.name,
                subresource=target.subresource,
            )
        fault = self.api.faults.take(verb, target.kind.plural)
        if self._fails(fault):
            return
        if verb == "watch":
            self._watch(Watch(self.api.store, target, query, settings=self.api.watches), fault)
        elif verb == "list":
            self._list(list_objects(self.api.store, target, query), fault)
        elif verb == "get":
            self._send_object(200, target, self.api.store.get(target.kind, (target.namespace, target.name)))
        else:
            self._write(verb, target, query, body)

    def _verb(self, target: Target, query: dict[str, str]) -> str:
        if self.command != "GET":
            is_collection = not target.name and bool(target.namespace) is target.kind.namespaced
            if not (is_collection if self.command == "POST" else target.name):
                raise statuses.method_not_allowed()
            return _VERBS[self.command]
        if target.name:
            return "get"
        return "watch" if query.get("watch") in ("1", "true") else "list"

    def _authenticate(self, query: dict[str, str], path: str) -> str:
        if self.api.tokens is None:
            return "system:admin"
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        user = self.api.tokens.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            self._note("unauthorized", path, query)
            raise statuses.unauthorized()
        return user

    def _note(self, verb: str, path: str, query: dict[str, str]) -> None:
        self.api.note(SeenRequest(verb, path, query, dict(self.headers.items()), time.monotonic()))

    def _fails(self, fault: Fault | None) -> bool:
        """Carry out a fault that takes the place of the answer."""
        if isinstance(fault, Refuse):
            body = fault.body.encode()
            self._send(fault.code, body, content_type=fault.content_type, headers=fault.headers)
        elif isinstance(fault, RefuseWithStatus):
            details = {"retryAfterSeconds": fault.retry_after} if fault.retry_after else None
            raise StatusError(
                fault.code, fault.reason, fault.message, details=details, retry_after=fault.retry_after
            )
        elif isinstance(fault, Hang):
            self.hold()
            self.close_connection = True
        elif isinstance(fault, Reset):
            self.reset()
        elif isinstance(fault, Slow):
            time.sleep(fault.seconds)
            return False
        else:
            return False
        return True

    def _write(self, verb: str, target: Target, query: dict[str, str], body: bytes) -> None:
        store = self.api.store
        if verb == "create":
            created = writes.create(store, target, body, dry_run=query.get("dryRun") == "All")
            self._send_object(201, target, created)
        elif verb == "update":
            self._send_object(200, target, writes.replace(store, target, body))
        elif verb == "patch":
            content_type = self.headers.get("Content-Type", "").partition(";")[0]
            self._send_object(200, target, writes.patch(store, target, body, content_type))
        else:
            last, gone = writes.delete(store, target, body)
            if not gone:
                self._send_object(200, target, last)
                return
            uid = msgspec.json.decode(last)["metadata"]["uid"]
            details = {
                "name": target.name,
                "group": target.kind.group,
                "kind": target.kind.plural,
                "uid": uid,
            }
            answer = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
            self._send(200, msgspec.json.encode({**answer, "details": details}) + b"\n")

    def _send_object(self, code: int, target: Target, body: bytes) -> None:
        self._send(code, typed(target.kind, body) + b"\n")

    def _list(self, body: bytes, fault: Fault | None) -> None:
        headers = {}
        if len(body) >= _GZIP_BYTES and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1)
            headers["Content-Encoding"] = "gzip"
        if not isinstance(fault, HalfList):
            self._send(200, body, headers=headers)
            return
        if fault.chunked:
            self._open_stream(headers)
            self.cut(body)
        else:
            self._send(200, body, headers=headers, sent=len(body) // 2)
            self.close_connection = True

    def _watch(self, watch: Watch, fault: Fault | None) -> None:
        self._broken = False
        self._open_stream({})
        watch.serve(self, fault)
        if not self.api.watches.running:
            self.reset()
        elif self._is_chunked and not self._broken:
            self.wfile.write(b"0\r\n\r\n")

    def _open_stream(self, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        if self._is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    @property
    def _is_chunked(self) -> bool:
        return self.protocol_version != "HTTP/1.0"

    def send(self, data: bytes) -> None:
        """Send one chunk."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)

    def cut(self, data: bytes) -> None:
        """Send the first half of a chunk and close the connection."""
        self.wfile.write(b"%x\r\n%b" % (len(data), data[: len(data) // 2]))
        self.close_connection = self._broken = True

    def hold(self) -> None:
        """Send nothing until the faults are cleared or the server stops."""
        self.api.faults.released.wait()
        self.close_connection = self._broken = True

    def reset(self) -> None:
        """Answer with a TCP reset: the server closes a lingering socket without saying goodbye."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _send(
        self,
        code: int,
        body: bytes,
        *,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        sent: int | None = None,
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Cache-Control", "no-cache, private")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:sent])
