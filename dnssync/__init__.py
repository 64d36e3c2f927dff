"""dnssync watches Kubernetes and programs DNS."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dnssync.endpoints import Endpoint

__version__ = "0.1.0"


def compute_endpoints(objects: Iterable[dict[str, Any]], args: Sequence[str]) -> "list[Endpoint]":
    """The endpoints that these objects give under these command-line arguments.

    ``objects`` are Kubernetes objects as the API server returns them; ``args`` the flags of ``dnssync run``,
    of which those about sources and names count. The endpoints are merged inside each source, and not yet
    filtered or shaped for a provider. Raises DnssyncError for bad flags, for an object that cannot be read
    and for a template that does not fit one.
    """
    from dnssync import computing
    from dnssync.cli.options import parse_settings

    return computing.endpoints(objects, parse_settings(args))
