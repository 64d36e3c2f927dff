"""``python docs/recording.py``: run the demo for real and draw what happened as docs/demo.svg.

Nothing in the picture is made up: the demo runs on a terminal of its own over a copy of the examples, one
address in them is changed, and ``dig`` is asked before and after.
"""

import fcntl
import io
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "demo.svg"
MANIFEST = "examples/manifests/shop.yaml"
HOST = "shop.demo.test"
BEFORE, AFTER = "10.0.0.5", "10.0.0.42"
COLUMNS, LINES = 80, 50
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
PATIENCE = 30.0

_ERASED = "\x1b[2K"
_LAST_LINE = "Ctrl-C ends the demo"


class Demo:
    """``dnssync demo`` on a terminal of its own, from entering the ``with`` block to leaving it."""

    def __init__(self, folder: Path) -> None:
        self._terminal, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dnssync", "demo"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
            stdin=follower,
            stdout=follower,
            stderr=follower,
        )
        os.close(follower)
        self._output = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Demo":
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(PATIENCE)
        self._reader.join()
        os.close(self._terminal)

    def screen(self) -> str:
        """The last whole picture that was drawn on the terminal; empty before the first."""
        drawn = self._output.decode(errors="replace").replace("\r", "")
        whole = [part for part in drawn.split(_ERASED) if _LAST_LINE in part]
        return whole[-1].rstrip() if whole else ""

    def _read(self) -> None:
        while True:
            try:
                self._output += os.read(self._terminal, 65536)
            except OSError:  # How a terminal tells that its other side is closed.
                return


def record() -> list[tuple[str, str]]:
    """What was typed, and what came of it, in order."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / MANIFEST
        shutil.copytree(ROOT / manifest.parent.relative_to(folder), manifest.parent)
        with Demo(Path(folder)) as demo:
            wait_for(lambda: HOST in demo.screen())
            shown = demo.screen()
            dig = _dig_line(shown)
            steps = [("dnssync demo", shown), (dig, ask(dig))]
            edit = f"sed -i s/{BEFORE}/{AFTER}/ {MANIFEST}"
            subprocess.run(edit.split(), cwd=folder, check=True)
            edited = time.monotonic()
            wait_for(lambda: ask(dig) == AFTER)
            seconds = time.monotonic() - edited
    return [*steps, (edit, ""), (f"{dig}   # {seconds:.1f} s later", AFTER)]


def draw(steps: list[tuple[str, str]]) -> str:
    """The steps as a terminal in SVG, which needs nothing from elsewhere."""
    from rich.console import Console
    from rich.text import Text

    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    for number, (typed, shown) in enumerate(steps):
        console.print("\n" if number == 1 else "", end="")
        console.print(Text.assemble(("$ ", "bold green"), (typed, "bold")))
        if shown:
            console.print(Text.from_ansi(shown))
    return _self_contained(console.export_svg(title="dnssync demo", unique_id="demo"))


def _self_contained(svg: str) -> str:
    """The drawing with fonts that machines have, without links elsewhere, and with its spaces kept."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*|<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", FONTS).replace("font-family: arial", f"font-family: {FONTS}")
    # The size at which most monospaced fonts are as wide as the grid, also where textLength is not heeded.
    svg = svg.replace("font-size: 20px", "font-size: 20.27px")
    svg = svg.replace("<svg ", '<svg xml:space="preserve" ', 1)
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def ask(dig: str) -> str:
    """What a ``dig … +short`` line answers."""
    return subprocess.run(dig.split(), capture_output=True, text=True, check=False).stdout.strip()


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the condition is true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            sys.exit("the demo does not do what it should; run `dnssync demo` and look")
        time.sleep(0.05)


def _dig_line(screen: str) -> str:
    """The demo's own advice, with our host in it."""
    found = re.search(r"dig @\S+ -p \d+ \+short", screen)
    return f"{found.group()} {HOST}" if found else sys.exit("the demo shows no dig line")


if __name__ == "__main__":
    PICTURE.write_text(draw(record()), encoding="utf-8")
