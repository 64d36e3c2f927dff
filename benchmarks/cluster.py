"""The cluster of a benchmark: the Kubernetes API double in its own process, and a client that patches."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

_HEADERS = {"Content-Type": "application/merge-patch+json"}


class Cluster:
    """A running API double. ``kubeconfig`` is a file that leads to it."""

    def __init__(self, url: str, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        address = urlsplit(url)
        assert address.hostname, "the double prints its whole address"
        self._client = http.client.HTTPConnection(address.hostname, address.port, timeout=30)

    def patch_status(self, namespace: str, name: str, address: str) -> None:
        """Give an Ingress one address, as an ingress controller does."""
        path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses/{name}/status"
        status = {"status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
        self._client.request("PATCH", path, json.dumps(status), _HEADERS)
        answer = self._client.getresponse()
        body = answer.read()
        assert answer.status == 200, body

    def close(self) -> None:
        """Hang up."""
        self._client.close()


@contextmanager
def cluster(ingresses: int, folder: Path) -> Iterator[Cluster]:
    """A cluster that holds so many Ingresses, until the end of the block."""
    kubeconfig = folder / "kubeconfig"
    options = ["--ingresses", str(ingresses), "--write-kubeconfig", str(kubeconfig)]
    command = [sys.executable, "-m", "tests.doubles.kube", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            running = Cluster(process.stdout.readline().strip(), kubeconfig)
            yield running
            running.close()
        finally:
            process.terminate()
