"""Faults that a test orders: each is used up by the next requests that it fits."""

import threading
from collections import Counter
from typing import Literal

import msgspec

Kind = Literal["error", "drop-before", "drop-after", "half", "slow"]


class Fault(msgspec.Struct, frozen=True):
    """One thing that goes wrong with one request.

    ``operation`` limits it to that operation ("" = any); ``seconds`` is for slow answers.
    """

    kind: Kind
    operation: str = ""
    status: int = 500
    code: str = ""
    message: str = ""
    seconds: float = 0.0


class Faults:
    """The queue of faults; thread-safe."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()
        self.used: Counter[Kind] = Counter()

    def order(self, fault: Fault, times: int = 1) -> None:
        """Let the next ``times`` fitting requests suffer ``fault``."""
        with self._lock:
            self._waiting += [fault] * times

    def throttle(self, times: int = 1, operation: str = "") -> None:
        """Refuse with the service's own throttling answer (HTTP 400, Throttling, Rate exceeded)."""
        self.order(Fault("error", operation, 400, "Throttling", "Rate exceeded"), times)

    def prior_request(self, times: int = 1) -> None:
        """Refuse a change because another one for the zone is still being worked on."""
        message = "The request was rejected because Route 53 was still processing a prior request."
        fault = Fault("error", "ChangeResourceRecordSets", 400, "PriorRequestNotComplete", message)
        self.order(fault, times)

    def server_error(self, times: int = 1, operation: str = "", status: int = 503) -> None:
        """Answer with a 5xx."""
        self.order(Fault("error", operation, status, "ServiceUnavailable", "Service unavailable"), times)

    def drop(self, times: int = 1, operation: str = "ChangeResourceRecordSets", *, committed: bool) -> None:
        """Close the connection without an answer, after or before the work is done."""
        self.order(Fault("drop-after" if committed else "drop-before", operation), times)

    def half(self, times: int = 1, operation: str = "ListResourceRecordSets") -> None:
        """Send half of the answer, then close the connection."""
        self.order(Fault("half", operation), times)

    def slow(self, seconds: float, times: int = 1, operation: str = "") -> None:
        """Do the work, then answer late."""
        self.order(Fault("slow", operation, seconds=seconds), times)

    def take(self, operation: str) -> Fault | None:
        """The first waiting fault that fits, used up."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if fault.operation in ("", operation):
                    self.used[fault.kind] += 1
                    return self._waiting.pop(index)
        return None
