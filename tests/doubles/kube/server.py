"""A small Kubernetes API server over real HTTP, for tests and demonstrations."""

import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.doubles.kube.faults import Fault, Faults
from tests.doubles.kube.handler import ApiHandler, SeenRequest
from tests.doubles.kube.kinds import BUILTIN_KINDS, INGRESS, Kind
from tests.doubles.kube.store import Store
from tests.doubles.kube.watching import WatchSettings


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handler: type[ApiHandler], tls: ssl.SSLContext | None
    ) -> None:
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, handler)

    def server_bind(self) -> None:
        # The base class would look its own address up in DNS here.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, peer = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self._open.add(connection)
        return connection, peer

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        if request.fileno() >= 0 and request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)[0]:
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle of a sentence are what tests are about."""

    def abort_connections(self) -> None:
        """Break all connections off."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # It is closed already.


class KubeApi:
    """The API double. Start it by ``with KubeApi() as api``; change objects by its methods or over HTTP.

    ``tokens`` maps bearer tokens to users (None: everybody is an administrator); ``forbidden`` holds pairs
    of verb and plural; ``watches`` has the switches of watches, ``faults`` the faults of requests. With the
    protocol ``HTTP/1.0`` nothing is chunked, and every answer ends with its connection.
    """

    def __init__(
        self, *, port: int = 0, tls: ssl.SSLContext | None = None, protocol: str = "HTTP/1.1"
    ) -> None:
        self.store = Store()
        self.faults = Faults()
        self.watches = WatchSettings()
        self.kinds: tuple[Kind, ...] = BUILTIN_KINDS
        self.tokens: dict[str, str] | None = None
        self.forbidden: set[tuple[str, str]] = set()
        self.requests: list[SeenRequest] = []
        self._noted = threading.Condition()
        self._port = port
        self._tls = tls
        self._protocol = protocol
        self._server: _Server | None = None

    def __enter__(self) -> "KubeApi":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where the API listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen; after a ``stop`` on the same port as before."""
        handler = type("BoundHandler", (ApiHandler,), {"api": self, "protocol_version": self._protocol})
        self.watches.running = True
        self._server = _Server(("127.0.0.1", self._port), handler, self._tls)
        self._port = int(self._server.server_address[1])
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="kube-double", daemon=True
        ).start()

    def stop(self) -> None:
        """Stop listening and break every connection off, like a server that is killed."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        with self.store.changed:
            self.watches.running = False
            self.store.changed.notify_all()
        self.faults.clear()
        server.abort_connections()

    def restart(self) -> None:
        """Come back as a new process: same objects, but all earlier resource versions are expired."""
        self.stop()
        self.store.forget()
        self.start()

    def order(self, fault: Fault) -> None:
        """Let all running watches go wrong."""
        with self.store.changed:
            self.watches.orders.append(fault)
            self.store.changed.notify_all()

    def serve(self, kind: Kind) -> None:
        """Serve one more type, such as a custom resource."""
        self.kinds = (*self.kinds, kind)

    def withdraw(self, kind: Kind) -> None:
        """Serve a type no longer, as after its definition was deleted."""
        self.kinds = tuple(served for served in self.kinds if served != kind)

    def load(self, objects: Iterable[dict[str, Any]], kind: Kind = INGRESS) -> None:
        """Preload many objects, without events and without history."""
        self.store.load(kind, objects)

    def put(self, item: dict[str, Any], kind: Kind = INGRESS) -> None:
        """Create an object, or replace all of it, its status included."""
        key = (item["metadata"].get("namespace", ""), item["metadata"]["name"])
        with self.store.changed:
            if self.store.has(kind, key):
                self.store.update(kind, key, item)
                if "status" in item:
                    self.store.update(kind, key, item, subresource="status")
            else:
                self.store.create(kind, item)

    def delete(self, namespace: str, name: str, kind: Kind = INGRESS) -> None:
        """Delete an object."""
        self.store.delete(kind, (namespace, name))

    def note(self, request: SeenRequest) -> None:
        """Called by the handler for each request."""
        with self._noted:
            self.requests.append(request)
            self._noted.notify_all()

    def seen(self, verb: str) -> list[SeenRequest]:
        """The requests of a verb (list, watch, get, create, update, patch, delete, unauthorized)."""
        with self._noted:
            return [request for request in self.requests if request.verb == verb]

    def wait_for(self, condition: Callable[["KubeApi"], bool], *, seconds: float = 10.0) -> None:
        """Wait until ``condition`` holds, looking again whenever a request comes in."""
        deadline = time.monotonic() + seconds
        with self._noted:
            while not condition(self):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"not seen within {seconds}s; requests: {self.requests[-5:]}")
                self._noted.wait(min(left, 0.05))

    def write_kubeconfig(self, path: Path, *, user: dict[str, Any] | None = None, ca_file: str = "") -> Path:
        """Write a kubeconfig (as JSON, which is YAML) for this server; the path again."""
        cluster = {"server": self.url} | ({"certificate-authority": ca_file} if ca_file else {})
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "double",
            "contexts": [{"name": "double", "context": {"cluster": "double", "user": "tester"}}],
            "clusters": [{"name": "double", "cluster": cluster}],
            "users": [{"name": "tester", "user": user or {}}],
        }
        path.write_text(json.dumps(config))
        return path
