"""dnssync as in a pod: the API server's address in variables, token and authority in mounted files."""

import os
from pathlib import Path

from tests.deployment.test_manifests import ROOT
from tests.end_to_end.process import Dnssync
from tests.real_cluster.conftest import Cluster

ACCOUNT = "system:serviceaccount:dnssync:dnssync"

# The place of the mounted files is fixed; only here is it another, since a test is no pod.
_PROGRAM = """
import sys
from kubernetes.config import incluster_config
incluster_config.SERVICE_TOKEN_FILENAME, incluster_config.SERVICE_CERT_FILENAME = sys.argv[1:3]
from dnssync.cli import main
main(sys.argv[3:])
"""


class Pod:
    """The mounted files of a service account, and the process that reads them."""

    def __init__(self, cluster: Cluster, namespace: str = "dnssync", account: str = "dnssync") -> None:
        self._cluster = cluster
        self._account = (namespace, account)
        self._token = cluster.folder / "token"
        self.renew()

    def renew(self) -> None:
        """Write a fresh token, as the kubelet does in time."""
        fresh = self._token.with_suffix(".new")
        fresh.write_text(self._cluster.server.token_of(*self._account))
        fresh.replace(self._token)

    def dnssync(self, *flags: str) -> Dnssync:
        server = self._cluster.server
        found = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(server.port)}
        return Dnssync(
            *flags,
            environment=self._cluster.cloud.environment() | found,
            program=("-c", _PROGRAM, str(self._token), str(server.authority.file)),
        )


def kustomization(folder: Path, *components: str) -> Path:
    """A folder that adds components to the base, as a user's own overlay does."""
    folder.mkdir()
    way = os.path.relpath(ROOT / "manifests", folder.resolve())
    lines = ["apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization"]
    lines += ["resources:", f"  - {way}/base", "components:"]
    lines += [f"  - {way}/components/{name}" for name in components]
    (folder / "kustomization.yaml").write_text("\n".join(lines) + "\n")
    return folder
