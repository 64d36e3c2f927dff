"""What the tests of Cloud DNS share: a provider on a double, and short words for changes."""

from collections.abc import Iterator
from contextlib import contextmanager

from dnssync.changes import Action, Bundle, Change
from dnssync.endpoints import Endpoint
from dnssync.providers.clouddns import CloudDnsOptions, CloudDnsProvider
from tests.doubles.clouddns import CloudDnsDouble


@contextmanager
def provider_on(double: CloudDnsDouble, **options: object) -> Iterator[CloudDnsProvider]:
    """A provider that talks to the double without losing time on pauses."""
    given = {"project": "p", "endpoint": double.endpoint, "first_pause": 0.001, "batch_interval": 0.0}
    provider = CloudDnsProvider(CloudDnsOptions(**(given | options)))  # type: ignore[arg-type]
    try:
        yield provider
    finally:
        provider.close()


def record(name: str, *targets: str, kind: str = "A", ttl: int = 60) -> Endpoint:
    return Endpoint(f"{name}.example.com", kind, targets, ttl)


def mark(name: str) -> Endpoint:
    return Endpoint(f"a-{name}.example.com", "TXT", ('"heritage=external-dns,external-dns/owner=me"',), 300)


def create(name: str, target: str = "192.0.2.1", *, kind: str = "A") -> Bundle:
    """A record and its ownership marker, both new."""
    return bundle(
        Change(Action.CREATE, new=record(name, target, kind=kind)), Change(Action.CREATE, new=mark(name))
    )


def update(name: str, old: str, new: str) -> Bundle:
    return bundle(Change(Action.UPDATE, old=record(name, old), new=record(name, new)))


def delete(name: str, target: str = "192.0.2.1") -> Bundle:
    return bundle(Change(Action.DELETE, old=record(name, target)), Change(Action.DELETE, old=mark(name)))


def bundle(*changes: Change) -> Bundle:
    return Bundle(changes[0].endpoint.dns_name + ".", changes)


def stored(
    double: CloudDnsDouble, name: str, kind: str = "A", *, zone: str = "example-com"
) -> list[str] | None:
    """The data that the double's zone holds at a name below example.com; None if there is no such set."""
    rrset = double.service.zones[zone].get((f"{name}.example.com.", kind))
    return None if rrset is None else rrset["rrdatas"]
