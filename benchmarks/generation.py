"""Automatic hostnames when a load balancer moves: thousands of Ingresses change their address at once.

A real ``dnssync run`` with its bundled resolver stands before the Kubernetes API double. Nine tenths of the
Ingresses are in one namespace, the rest in many small ones. All of them carry a generated hostname; then all
their statuses change within a few seconds, and every one of them has to be rewritten: with one request each,
no faster than allowed, and with the small namespaces not behind the big one.
"""

import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.report import Report
from benchmarks.usage import cpu_seconds
from tests.doubles.kube import KubeApi
from tests.doubles.kube.handler import SeenRequest
from tests.end_to_end.process import Dnssync
from tests.generation.cluster import ASKED, Cluster, ingress, with_status
from tests.ports import free_port
from tests.waiting import wait_for

ZONE = "xip.test"
OLD, NEW = "10.0.0.5", "10.0.0.6"

_SMALL_NAMESPACES = 50
_START_SECONDS = 120.0


class Load(NamedTuple):
    """So many Ingresses, and the writes in a second that are allowed (``--hostname-writes``)."""

    ingresses: int
    rate: int


LOADS = (Load(5_000, 50), Load(5_000, 200))
TINY = (Load(40, 100),)


def run(loads: Sequence[Load] = LOADS) -> Report:
    """Measure all loads."""
    return Report(
        name="generation",
        title="Automatic hostnames: every Ingress changes its address at once",
        columns=(
            "Ingresses",
            "allowed/s",
            "patches",
            "conflicts",
            "seconds",
            "most in 1 s",
            "small done after",
            "Events",
            "other calls",
            "CPU s",
        ),
        rows=[_measure(load) for load in loads],
        notes=(
            "seconds: from the first changed status to the last patch; most in 1 s: patches in any second.",
            "small done after: seconds until all of the small namespaces, a tenth of all, were written.",
            "Events: HostnameChanged, and HostnameReady after the answer; other calls: list, watch.",
        ),
    )


def _measure(load: Load) -> tuple[str | int | float, ...]:
    with tempfile.TemporaryDirectory() as folder, KubeApi() as api:
        items = list(_generated(load.ingresses))
        api.load(items)
        kubeconfig = api.write_kubeconfig(Path(folder) / "kubeconfig")
        flags = ["--generate-hostnames", f"--hostname-writes={load.rate}", f"--kubeconfig={kubeconfig}"]
        flags += ["--provider=builtin", f"--zone={ZONE}", f"--listen=127.0.0.1:{free_port()}"]
        with Dnssync(*flags) as process:
            wait_for(lambda: process.get("/readyz")[0] == 200, "the first sync", _START_SECONDS)
            assert not api.seen("patch"), "what is right is not written"
            cpu, requests, began = cpu_seconds(process.pid), len(api.requests), time.monotonic()
            for item in items:
                api.put(with_status(item, NEW))
            patience = _START_SECONDS + 2 * load.ingresses / load.rate
            wait_for(lambda: len(api.seen("create")) >= 2 * load.ingresses, "every Event", patience)
            cpu = cpu_seconds(process.pid) - cpu
        return _row(load, api.requests[requests:], began, cpu)


def _generated(count: int) -> Iterator[dict[str, Any]]:
    """Ingresses that carry their generated hostname already."""
    cluster = Cluster(domain=ZONE)
    for index in range(count):
        namespace = f"small-{index // 10 % _SMALL_NAMESPACES:02d}" if index % 10 == 0 else "big"
        yield cluster.put(ingress(f"app-{index:05d}", ips=[OLD], namespace=namespace, annotations=ASKED))


def _row(
    load: Load, requests: Sequence[SeenRequest], began: float, cpu: float
) -> tuple[str | int | float, ...]:
    verbs = Counter(request.verb for request in requests)
    patches = [request for request in requests if request.verb == "patch"]
    paths = {request.path for request in patches}
    assert len(paths) == load.ingresses, "every Ingress is rewritten"
    return (
        load.ingresses,
        load.rate,
        len(patches),
        len(patches) - len(paths),
        patches[-1].at - began,
        _densest([request.at for request in patches]),
        max(request.at for request in patches if "/small-" in request.path) - began,
        verbs["create"],
        len(requests) - verbs["patch"] - verbs["create"],
        cpu,
    )


def _densest(times: Sequence[float]) -> int:
    """The most of the sorted ``times`` that lie within one second."""
    return max(bisect_left(times, at + 1.0) - index for index, at in enumerate(times))
