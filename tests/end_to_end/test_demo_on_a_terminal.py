"""``dnssync demo`` on a terminal: what it draws stays whole, and what it has to say is not drawn over."""

import fcntl
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.process import clean_environment, wait_for

ROOT = Path(__file__).parents[2]
COLUMNS, LINES = 80, 24
ERASED = "\x1b[2K"
TITLE, LAST_LINE = "Records, answered now", "Ctrl-C ends the demo."

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: many, namespace: team, annotations: {{dnssync.io/generate-hostname: "true"}}}}
spec: {{rules: [{{http: {{paths: []}}}}, {hosts}]}}
status: {{loadBalancer: {{ingress: [{{ip: 10.9.9.9}}]}}}}
"""


class Demo:
    """The demo over a copy of the examples, and all that it wrote to its terminal."""

    def __init__(self, folder: Path, *flags: str) -> None:
        self.manifests = folder / "examples" / "manifests"
        shutil.copytree(ROOT / "examples" / "manifests", self.manifests)
        self._terminal, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "dnssync", "demo", *flags],
            cwd=folder,
            env={**clean_environment(), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
            stdin=follower,
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def pictures(self) -> list[str]:
        """What was written between two times that the picture was taken away."""
        return self._written.decode(errors="replace").replace("\r", "").split(ERASED)

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(30)
        self._reader.join(10)
        os.close(self._terminal)
        return code

    def _read(self) -> None:
        while True:
            try:
                self._written += os.read(self._terminal, 65536)
            except OSError:  # How a terminal tells that its other side is closed.
                return


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    shown = Demo(tmp_path)
    try:
        wait_for(lambda: LAST_LINE in shown.pictures()[-1], "the first picture")
        yield shown
    finally:
        if shown.process.poll() is None:
            shown.end()


def test_a_mistake_in_a_manifest_is_told_above_the_picture(demo: Demo) -> None:
    (demo.manifests / "broken.yaml").write_text("bad: [yaml\n")
    wait_for(lambda: any("broken.yaml:2" in part for part in demo.pictures()), "the mistake is told")
    wait_for(lambda: LAST_LINE in demo.pictures()[-1], "the picture is drawn anew")
    told = next(part for part in demo.pictures() if "broken.yaml:2" in part)
    assert told.index("broken.yaml:2") < told.index(TITLE)
    assert demo.end() == 0


def test_what_to_try_stays_in_sight_on_a_small_terminal_and_leads_to_the_web_server(demo: Demo) -> None:
    hosts = ", ".join(f"{{host: a{number}.demo.test}}" for number in range(30))
    (demo.manifests / "many.yaml").write_text(INGRESS.format(hosts=hosts))
    wait_for(lambda: " more" in demo.pictures()[-1] and LAST_LINE in demo.pictures()[-1], "the many records")
    picture = demo.pictures()[-1]
    assert picture.count("\n") < LINES
    assert "http://hi-web-127-0-0-1.xip.test" in picture
    assert demo.end() == 0


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_port_that_is_taken_for_one_transport_is_left_for_another(
    tmp_path: Path, kind: socket.SocketKind
) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        if kind is socket.SOCK_STREAM:
            taken.listen()
        shown = Demo(tmp_path, f"--listen={address}")
        try:
            wait_for(lambda: LAST_LINE in shown.pictures()[-1], "the first picture")
            assert f"-p {taken.getsockname()[1]} " not in shown.pictures()[-1]
        finally:
            shown.end()
