"""A double of the Kubernetes API server: real HTTP, resource versions, watches, and faults on request."""

from tests.doubles.kube.kinds import INGRESS, Kind
from tests.doubles.kube.objects import ingress, many_ingresses
from tests.doubles.kube.server import KubeApi

__all__ = ["INGRESS", "Kind", "KubeApi", "ingress", "many_ingresses"]
