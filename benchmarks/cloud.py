"""The Route 53 of a benchmark: the double in a process of its own, which notes when each request arrives."""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from tests.doubles.kube import many_ingresses
from tests.doubles.route53 import Route53Double

ZONE = "example.test"
OWNER = "benchmark"
CHANGE = "ChangeResourceRecordSets"


class Arrival(NamedTuple):
    """A request as it came in, at a monotonic time in seconds (one clock for all processes of a machine).

    ``addresses`` are the A records that it asks for, by name without the trailing dot.
    """

    at: float
    operation: str
    addresses: dict[str, str]


class Cloud:
    """A running double. ``environment`` leads a client to it."""

    def __init__(self, pipe: "Connection[Any, Any]") -> None:
        self._pipe = pipe
        self.environment: dict[str, str] = pipe.recv()

    def arrivals(self) -> list[Arrival]:
        """Every request so far, in the order in which they came."""
        self._pipe.send("arrivals")
        found: list[Arrival] = self._pipe.recv()
        return found


@contextmanager
def cloud(ingresses: int) -> Iterator[Cloud]:
    """A Route 53 whose one zone holds the records of so many Ingresses, until the end of the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, ingresses), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Cloud(ours)
    finally:
        ours.close()
        process.join(10)


class _TimedDouble(Route53Double):
    """Notes each request before any work is done for it."""

    def __init__(self) -> None:
        super().__init__()
        self._noted: list[tuple[float, str]] = []

    def count(self, operation: str) -> None:
        self._noted.append((time.monotonic(), operation))
        super().count(operation)

    def arrivals(self) -> list[Arrival]:
        """What was noted. The changes of one zone come one request at a time, so both lists are in order."""
        with self.account.lock:
            done = iter([_addresses(attempt.changes) for attempt in self.attempts])
        return [
            Arrival(at, operation, next(done, {}) if operation == CHANGE else {})
            for at, operation in list(self._noted)
        ]


def _serve(pipe: "Connection[Any, Any]", ingresses: int) -> None:
    # A request is noted by a thread of its own; while another one writes a page that must not wait.
    sys.setswitchinterval(0.0005)
    double = _TimedDouble()
    with double:
        _fill(double, ingresses)
        pipe.send(double.environment())
        while True:
            try:
                pipe.recv()
            except EOFError:
                return
            pipe.send(double.arrivals())


def _fill(double: Route53Double, ingresses: int) -> None:
    zone = double.add_zone(ZONE)
    for item in many_ingresses(ingresses):
        namespace, name = item["metadata"]["namespace"], item["metadata"]["name"]
        address = item["status"]["loadBalancer"]["ingress"][0]["ip"]
        labels = f"external-dns/owner={OWNER},external-dns/resource=ingress/{namespace}/{name}"
        double.put(zone, f"{name}.{ZONE}", "A", address)
        double.put(zone, f"a-{name}.{ZONE}", "TXT", f'"heritage=external-dns,{labels}"')


def _addresses(changes: Any) -> dict[str, str]:
    wanted = (change.rrset for change in changes if change.action != "DELETE")
    return {rrset.name.removesuffix("."): rrset.values[0] for rrset in wanted if rrset.type == "A"}
