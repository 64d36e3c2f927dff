"""The Kubernetes edge: list and watch on the raw wire, and Events written back.

Only the configuration and the transport of the ``kubernetes`` package are used (kubeconfig, in-cluster
tokens, exec plugins, TLS, proxies); its typed models and its own watch are not.
"""

from dnssync.kube.client import Connection, KubeOptions
from dnssync.kube.events import EventRecorder, ObjectEvent
from dnssync.kube.watch import KubeWatcher, WatchStatus, WatchTiming

__all__ = [
    "Connection",
    "EventRecorder",
    "KubeOptions",
    "KubeWatcher",
    "ObjectEvent",
    "WatchStatus",
    "WatchTiming",
]
