"""Fault switches: what the API double can be told to do wrong."""

import threading

import msgspec


class Fault(msgspec.Struct, frozen=True):
    """The root of all faults."""


class Refuse(Fault, frozen=True):
    """Answer with this status and body; an overloaded server says it in plain text."""

    code: int
    body: str = "Too many requests, please try again later."
    content_type: str = "text/plain; charset=utf-8"
    headers: dict[str, str] = {}


class RefuseWithStatus(Fault, frozen=True):
    """Answer with a Status of this code, reason and message."""

    code: int
    reason: str = ""
    message: str = ""
    retry_after: int | None = None


class Hang(Fault, frozen=True):
    """Take the request and say nothing, not even headers."""


class Reset(Fault, frozen=True):
    """Reset the connection instead of answering."""


class Slow(Fault, frozen=True):
    """Answer properly, ``seconds`` late."""

    seconds: float


class HalfList(Fault, frozen=True):
    """Send half of the body, then close; with a length that betrays it, or as a chunk that never ends."""

    chunked: bool = False


class Silence(Fault, frozen=True):
    """Open the watch and never send a byte (a half-open connection)."""


class EndWatch(Fault, frozen=True):
    """End the watch properly after ``after`` events."""

    after: int = 0


class CutWatch(Fault, frozen=True):
    """After ``after`` events send half of the next line and close without the end of the chunk."""

    after: int = 0


class HalfLine(Fault, frozen=True):
    """Send half a line as a whole chunk, then end the stream properly."""


class StreamError(Fault, frozen=True):
    """Send one ERROR event with this Status, then end the stream."""

    code: int = 410
    reason: str = "Expired"
    message: str = "too old resource version: 1 (2)"
    after: int = 0


class StreamText(Fault, frozen=True):
    """Send this text as the stream, then end it."""

    text: str


class Faults:
    """Faults waiting for requests. Thread-safe; the first one that fits a request is used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, str, str, int | None]] = []
        self.released = threading.Event()

    def add(self, fault: Fault, verb: str = "", plural: str = "", *, times: int | None = 1) -> None:
        """Let the next ``times`` requests (None: all) of this verb and resource (empty: any) go wrong."""
        with self._lock:
            self.released.clear()
            self._waiting.append((fault, verb, plural, times))

    def clear(self) -> None:
        """Forget all faults, and let go of what hangs."""
        with self._lock:
            self._waiting = []
            self.released.set()

    def take(self, verb: str, plural: str) -> Fault | None:
        """The fault for a request, used up by one."""
        with self._lock:
            for index, (fault, of_verb, of_plural, times) in enumerate(self._waiting):
                if of_verb in ("", verb) and of_plural in ("", plural):
                    if times is not None and times <= 1:
                        del self._waiting[index]
                    elif times is not None:
                        self._waiting[index] = (fault, of_verb, of_plural, times - 1)
                    return fault
        return None
