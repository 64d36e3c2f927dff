"""A cluster and a Route 53, both doubles over real HTTP, and a real process between them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.kube import KubeApi
from tests.doubles.route53 import Route53Double
from tests.end_to_end.process import Dnssync, flags_for

ZONE = "example.test"


class Stage:
    """A cluster, a Route 53 and the flags that join them."""

    def __init__(self, api: KubeApi, cloud: Route53Double, folder: Path) -> None:
        self.api, self.cloud = api, cloud
        self.zone = cloud.add_zone(ZONE)
        self.kubeconfig = api.write_kubeconfig(folder / "kubeconfig")

    def dnssync(self, *flags: str) -> Dnssync:
        return Dnssync(
            *flags_for(ZONE, f"--kubeconfig={self.kubeconfig}", *flags),
            environment=self.cloud.environment(),
        )

    def address(self, name: str) -> list[str] | None:
        return self.cloud.values(self.zone, f"{name}.{ZONE}", "A")

    def expect(self, name: str, addresses: list[str] | None) -> None:
        done = self.cloud.wait_until(lambda: self.address(name) == addresses, timeout=20)
        assert done, f"{name}: {self.address(name)} instead of {addresses}"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with KubeApi() as api, Route53Double() as cloud:
        yield Stage(api, cloud, tmp_path)
