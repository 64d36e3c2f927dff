"""What can be made to go wrong with the next requests of the double."""

import threading
from typing import Literal, NamedTuple

Kind = Literal[
    "throttle",  # 429
    "old-throttle",  # 403, as rate limits were told before
    "unavailable",  # 503 with a page instead of JSON
    "unauthorised",  # 401
    "forbidden",  # 403
    "conflict",  # 409 for no visible reason
    "drop-before",
    "drop-after",
    "half",
]


class Fault(NamedTuple):
    """One failure: its kind, the method it waits for (``""``: any), and what a Retry-After header shall say.

    ``drop-before`` closes the connection before anything is done, ``drop-after`` when all is done but the
    reply; ``half`` sends the first half of the reply.
    """

    kind: Kind
    method: str = ""
    retry_after: str = ""


class Faults:
    """Faults in waiting, first come, first served; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self.garbled: bytes | None = None

    def add(self, kind: Kind, *, times: int = 1, method: str = "", retry_after: str = "") -> None:
        """Let the next ``times`` calls of ``method`` (such as ``changes.create``) fail."""
        with self._lock:
            self._waiting += [Fault(kind, method, retry_after)] * times

    def garble(self, text: bytes) -> None:
        """Let every call be answered with 200 and this text, as another server would."""
        self.garbled = text

    def take(self, method: str) -> Fault | None:
        """The fault that this call suffers, if any; each is suffered once."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if fault.method in ("", method):
                    return self._waiting.pop(index)
        return None
