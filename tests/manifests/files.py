"""Manifest files, and a watcher of them whose time can be held still."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dnssync.errors import ConfigError
from dnssync.manifests import ManifestWatcher
from tests.doubles.feeds import PlainSource, RecordingSink
from tests.doubles.kube import ingress

Follow = Callable[..., ManifestWatcher]


class Clock:
    """Monotonic time. A watcher asks for it once or more, each time that it looks at its files."""

    def __init__(self) -> None:
        self._asked = threading.Condition()
        self._times = 0
        self._held: float | None = None

    def __call__(self) -> float:
        with self._asked:
            self._times += 1
            self._asked.notify_all()
            return time.monotonic() if self._held is None else self._held

    def hold(self) -> None:
        """Let no time pass until ``go_on``."""
        self._held = time.monotonic()

    def go_on(self) -> None:
        """Let it be as late as it is."""
        self._held = None

    def wait_until_asked(self, times: int = 5) -> None:
        """Wait until the watcher has looked at its files, whatever it saw."""
        with self._asked:
            enough = self._times + times
            assert self._asked.wait_for(lambda: self._times >= enough, 20), "the watcher does not look"


def text(*names: str, address: str = "10.0.0.1", **fields: str) -> str:
    documents = []
    for name in names:
        item = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"} | ingress(name, addresses=[address])
        del item["metadata"]["namespace"]
        item["metadata"] |= fields
        documents.append(json.dumps(item, indent=1))
    return "\n---\n".join(documents) + "\n"


def once(sink: RecordingSink, *paths: Path) -> bool:
    """Read all of it once; whether that was possible."""
    try:
        ManifestWatcher(paths, [PlainSource()], sink).read_once()
    except ConfigError:
        return False
    return True
