"""A real API server for the whole run, found by the variable that envtest uses, and a clean cluster for each
test. Where the variable is unset, nothing in this folder is collected."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.route53 import Route53Double
from tests.end_to_end.process import Dnssync, flags_for
from tests.real_cluster.objects import INGRESSES, Object, ingresses, status
from tests.real_cluster.server import ApiServer, found
from tests.waiting import wait_for

ASSETS = os.environ.get("KUBEBUILDER_ASSETS", "")

collect_ignore_glob = [] if ASSETS else ["test_*.py"]

ZONE = "example.test"
_numbers = itertools.count(1)


class Cluster:
    """The server, a namespace of its own for a test, a Route 53, and what joins them."""

    def __init__(self, server: ApiServer, cloud: Route53Double, folder: Path) -> None:
        self.server, self.cloud, self.folder = server, cloud, folder
        self.zone = cloud.add_zone(ZONE)
        self.namespace = f"test-{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')}-{next(_numbers)}"
        server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        self.path = ingresses(self.namespace)

    def dnssync(self, *flags: str, kubeconfig: Path | None = None, provider: bool = True) -> Dnssync:
        chosen = [f"--kubeconfig={kubeconfig or self.server.admin_kubeconfig}", *flags]
        return Dnssync(
            *(flags_for(ZONE, *chosen) if provider else chosen), environment=self.cloud.environment()
        )

    def create(self, item: Object, *addresses: str) -> Object:
        """An Ingress, and the addresses that its controller gives it."""
        made = self.server.ask("POST", self.path, item)
        return self.address(item["metadata"]["name"], *addresses) if addresses else made

    def get(self, name: str) -> Object:
        return self.server.ask("GET", f"{self.path}/{name}")

    def patch(self, name: str, change: Object) -> Object:
        return self.server.ask(
            "PATCH", f"{self.path}/{name}", change, content_type="application/merge-patch+json"
        )

    def address(self, name: str, *addresses: str) -> Object:
        """Write addresses into the status, as an ingress controller does."""
        return self.write_status(name, status(*({"ip": address} for address in addresses)))

    def write_status(self, name: str, change: Object) -> Object:
        return self.server.ask(
            "PATCH", f"{self.path}/{name}/status", change, content_type="application/merge-patch+json"
        )

    def delete(self, name: str) -> None:
        self.server.ask("DELETE", f"{self.path}/{name}")

    def values(self, host: str, record_type: str = "A") -> list[str] | None:
        return self.cloud.values(self.zone, f"{host}.{ZONE}", record_type)

    def expect(
        self, host: str, values: list[str] | None, record_type: str = "A", seconds: float = 30.0
    ) -> None:
        done = self.cloud.wait_until(lambda: self.values(host, record_type) == values, timeout=seconds)
        assert done, f"{host}: {self.values(host, record_type)} instead of {values}"

    def events(self, name: str) -> list[str]:
        """The reasons of the Events about an object of the namespace, oldest first, as kubectl tells them."""
        told = self.server.kubectl(
            "get",
            "events",
            f"--namespace={self.namespace}",
            f"--field-selector=involvedObject.name={name}",
            "--sort-by=.metadata.resourceVersion",
            "--output=jsonpath={.items[*].reason}",
        )
        return told.split()

    def wait_for_events(self, name: str, *reasons: str) -> None:
        wait_for(lambda: self.events(name) == list(reasons), f"{name}: {reasons}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """The API server of this run."""
    api = ApiServer(found(ASSETS), tmp_path_factory.mktemp("cluster"))
    try:
        api.start()
        yield api
    finally:
        api.stop()


@pytest.fixture
def cloud(server: ApiServer) -> Iterator[Route53Double]:
    """A Route 53 for one test; afterwards no Ingress is left to write there."""
    with Route53Double() as double:
        yield double
    clean(server)


@pytest.fixture
def cluster(server: ApiServer, cloud: Route53Double, tmp_path: Path) -> Cluster:
    """A namespace without Ingresses, in a cluster without any."""
    return Cluster(server, cloud, tmp_path)


def clean(server: ApiServer) -> None:
    """Delete every Ingress, and what keeps one from being gone."""
    for item in server.ask("GET", INGRESSES)["items"]:
        if item["metadata"].get("finalizers"):
            path = f"{ingresses(item['metadata']['namespace'])}/{item['metadata']['name']}"
            change = {"metadata": {"finalizers": None}}
            server.ask("PATCH", path, change, content_type="application/merge-patch+json")
    left = server.ask("GET", INGRESSES)["items"]
    for namespace in {item["metadata"]["namespace"] for item in left}:
        server.ask("DELETE", ingresses(namespace))
