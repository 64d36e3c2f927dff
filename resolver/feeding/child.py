"""A resolver in a process of its own, as its parent sees it: started, fed, ended.

In a process of its own, because a busy thread beside the answering loop raises its worst latency from
milliseconds to a third of a second.
"""

import queue
import subprocess
import threading
from collections.abc import Sequence

import msgspec

from resolver.errors import ResolverError
from resolver.feeding.feed import read_lines
from resolver.feeding.protocol import Ack, FeedUpdate, Ready, Start
from resolver.serving.process import python_command, python_environment

START_TIMEOUT = 30.0
ACK_TIMEOUT = 15.0

# How many updates may be on their way at once: their acknowledgements must fit into a pipe.
_WINDOW = 64


class Child:
    """One running process; ``exchange`` is for one thread at a time."""

    def __init__(self, start: Start) -> None:
        """Start it and wait until it answers; raises ResolverError with its own words if it does not."""
        self._process = subprocess.Popen(
            python_command("resolver", "--feed"),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=python_environment(),
            # Ctrl-C at a terminal is for the parent, which ends this one in its own time.
            process_group=0,
        )
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="resolver-acks", daemon=True).start()
        self._write(start)
        self.addresses = self._await_ready()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def exchange(self, updates: Sequence[FeedUpdate]) -> list[Ack]:
        """Send updates and give their acknowledgements, in order: fewer if the process ended or hung."""
        acks: list[Ack] = []
        for start in range(0, len(updates), _WINDOW):
            window = updates[start : start + _WINDOW]
            if not all(self._write(update) for update in window):
                return acks
            for _ in window:
                line = self._next_line(ACK_TIMEOUT)
                if line is None:
                    return acks
                acks.append(msgspec.json.decode(line, type=Ack))
        return acks

    def wait(self) -> int:
        """Wait for the process to end; its exit code."""
        return self._process.wait()

    def close(self) -> None:
        """End the process, by force after two seconds; safe to call twice."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout, "both are pipes"
        stdin.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _await_ready(self) -> tuple[str, ...]:
        line = self._next_line(START_TIMEOUT)
        ready = msgspec.json.decode(line, type=Ready) if line else Ready(error="the resolver did not start")
        if ready.error:
            self.close()
            raise ResolverError(ready.error)
        return ready.addresses

    def _next_line(self, timeout: float) -> bytes | None:
        try:
            return self._lines.get(timeout=timeout)
        except queue.Empty:
            # It hangs: only a new one will help.
            self._process.kill()
            return None

    def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout, "it is a pipe"
        with stdout:
            for line in read_lines(stdout.fileno()):
                self._lines.put(line)
        self._lines.put(None)

    def _write(self, message: Start | FeedUpdate) -> bool:
        stdin = self._process.stdin
        assert stdin, "it is a pipe"
        rest = memoryview(msgspec.json.encode(message) + b"\n")
        try:
            while rest:
                rest = rest[stdin.write(rest) :]
        except (OSError, ValueError):
            return False
        return True
