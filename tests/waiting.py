"""Waiting for what other threads and processes do."""

import threading
import time
from collections.abc import Callable

PATIENCE = 20.0
"""Seconds to wait for something that should come within a second; the machine may be busy."""


def wait_for(condition: Callable[[], object], what: object = "", seconds: float = PATIENCE) -> None:
    """Wait until ``condition`` is true; fails with ``what`` otherwise."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        pause.wait(0.01)
