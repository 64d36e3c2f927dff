"""One worker process and the socket to it. Started by path and not forked, for this process has threads."""

import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from resolver.serving.messages import Frames, Load, ToKeeper, frame
from resolver.serving.scheduling import give_way

# Seconds that a process has for its first word, on a machine that is busy.
START_TIMEOUT = 30.0
# Seconds without a word after which it counts as stuck later: it shows twice a second that it lives.
SILENCE = 15.0
_END_TIMEOUT = 2.0
_READ_SIZE = 1 << 16


class Process:
    """``send`` from any thread; ``messages`` and ``end`` in one."""

    def __init__(self, descriptors: Sequence[int]) -> None:
        """Start it with the listening sockets; raises OSError."""
        ours, theirs = socket.socketpair()
        ours.settimeout(START_TIMEOUT)
        self._sock = ours
        with theirs:
            try:
                self._process = subprocess.Popen(
                    python_command("resolver.serving.worker", str(theirs.fileno())),
                    stdin=subprocess.DEVNULL,
                    # Our own output may be a pipe whose reader waits for its end.
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno(), *descriptors],
                    env=python_environment(),
                    # Ctrl-C at a terminal is for us, who end this one in our own time.
                    process_group=0,
                )
            except OSError:
                ours.close()
                raise
        self._outbox: queue.SimpleQueue[bytes | Load | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name=f"to-worker-{self.pid}", daemon=True)
        self._writer.start()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def send(self, message: bytes | Load) -> None:
        """Send a frame, or the load, after those that were sent before; never waits."""
        self._outbox.put(message)

    def messages(self) -> Iterator[ToKeeper]:
        """What the process says, until it ends or falls silent."""
        frames = Frames[ToKeeper](ToKeeper)
        while True:
            try:
                data = self._sock.recv(_READ_SIZE)
            except OSError:
                return
            if not data:
                return
            self._sock.settimeout(SILENCE)
            yield from frames.feed(data)

    def close(self) -> None:
        """Ask the process to end, by closing the way to it, once what was sent before has been written."""
        self._outbox.put(None)

    def end(self) -> int:
        """Have it ended, by force if it must be; its exit code. Safe to call twice."""
        self._outbox.put(None)
        try:
            code = self._process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._writer.join()
        self._sock.close()
        return code

    def _write(self) -> None:
        give_way()
        try:
            while (message := self._outbox.get()) is not None:
                self._sock.sendall(frame(message) if isinstance(message, Load) else message)
            self._sock.shutdown(socket.SHUT_WR)
        except OSError:
            # It is gone, or does not read: either way only a new one helps.
            self._process.kill()


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package."""
    # -P: a folder named "resolver" in the working directory is not the one that is meant.
    return [sys.executable, "-P", "-m", module, *arguments]


def python_environment() -> dict[str, str]:
    """The environment in which it finds this package."""
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
