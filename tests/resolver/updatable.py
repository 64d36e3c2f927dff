"""``dnssync resolver`` as users start it, with keys: a process of its own on a free port of loopback."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.update

from tests.ports import free_port
from tests.waiting import wait_for

PROJECT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
TIMEOUT = 20.0
SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTAwMDE="


class Updatable:
    """A running server, whose port stays the same if it is started again."""

    def __init__(self, *options: str, port: int | None = None) -> None:
        self.port = port or free_port()
        self._options = options
        self._log = os.memfd_create("log")
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        options = ["--zone", "xip.test", "--listen", f"{HOST}:{self.port}", *self._options]
        process = subprocess.Popen(
            [sys.executable, "-m", "dnssync", "resolver", *options],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stderr=self._log,
        )
        wait_for(lambda: self._answers(process))
        return process

    def _answers(self, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, self.said()
        try:
            return bool(self.ask("xip.test", "SOA", timeout=0.2))
        except (dns.exception.DNSException, OSError):
            return False

    def said(self) -> str:
        """The end of what it wrote to standard error."""
        return os.pread(self._log, 1 << 20, 0).decode()[-2000:]

    def kill(self) -> None:
        """As a crash does, at any moment, with all its processes."""
        # Each thread has its own list of children.
        lists = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        workers = [int(number) for each in lists for number in each.read_text().split()]
        os.kill(self.process.pid, signal.SIGKILL)
        for worker in workers:
            try:
                os.kill(worker, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def restart(self) -> None:
        self.process = self._start()

    def close(self) -> None:
        """Forget what it said."""
        os.close(self._log)

    def ask(self, name: str, rtype: str, *, timeout: float = TIMEOUT) -> list[str]:
        query = dns.message.make_query(name, rtype)
        response = dns.query.udp(query, HOST, timeout, self.port)
        return sorted(rdata.to_text() for rrset in response.answer for rdata in rrset)

    def serial(self) -> int:
        return int(self.ask("xip.test", "SOA")[0].split()[2])

    def update(self, message: dns.update.UpdateMessage, *, timeout: float = TIMEOUT) -> int:
        """Send it over TCP; the rcode."""
        return dns.query.tcp(message, HOST, timeout, self.port).rcode()


@contextmanager
def updatable(*options: str) -> Iterator[Updatable]:
    """A server that ends with the block."""
    server = Updatable(*options)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.terminate()
            try:
                server.process.wait(TIMEOUT)
            except subprocess.TimeoutExpired:
                server.kill()
        server.close()
