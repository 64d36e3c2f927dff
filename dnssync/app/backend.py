"""The demo's backend: a tiny web server on the loopback address, behind the generated hostname."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dnssync.printable import printable


@contextmanager
def backend(port: int) -> Iterator[int]:
    """Serve until the end of the block; the port, which is another one if ``port`` is taken."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"Hello from {printable(self.headers.get('Host', 'nobody'))}\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Leave the terminal to the demo."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Hello)
    except OSError:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="backend", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
