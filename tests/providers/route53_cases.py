"""What the tests of Route 53 share: a provider on a double, and short words for changes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

from botocore import loaders

from dnssync.changes import Action, Bundle, Change
from dnssync.endpoints import Endpoint, Property
from dnssync.names import normalise
from dnssync.providers import Zone
from dnssync.providers.route53 import Route53Options, Route53Provider
from tests.doubles.route53 import Route53Double

_create_loader = loaders.create_loader

NOWHERE = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
"""Keeps the settings of the machine that runs the tests out of them."""


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Only these AWS settings, whatever the machine has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    loader = patch("botocore.loaders.create_loader", _loader)
    with loader, patch.dict(os.environ, kept | NOWHERE | variables, clear=True):
        yield


@cache
def _loader(search_path_string: str | None = None) -> loaders.Loader:
    """One loader for all tests: reading the service's model takes longer than most of them."""
    return _create_loader(search_path_string)


@contextmanager
def provider_on(double: Route53Double, **options: Any) -> Iterator[Route53Provider]:
    """A provider that finds the double by ``AWS_ENDPOINT_URL`` and never pauses between batches."""
    with environment(**double.environment()):
        provider = Route53Provider(Route53Options(**options), sleep=lambda _: None)
        try:
            yield provider
        finally:
            provider.close()


@contextmanager
def example(**options: Any) -> Iterator[tuple[Route53Double, Route53Provider, Zone]]:
    """A double with the one zone example.com, a provider on it, and the zone."""
    with Route53Double("example.com") as double, provider_on(double, **options) as provider:
        yield double, provider, provider.zones()[0]


def record(name: str, *targets: str, kind: str = "A", ttl: int = 60, **settings: str) -> Endpoint:
    """A record below example.com; ``weight="10"`` gives the property ``aws/weight``."""
    properties = [Property(_property(key), value) for key, value in settings.items() if key != "set_id"]
    identifier = settings.get("set_id", "")
    return Endpoint(f"{name}.example.com", kind, targets, ttl, identifier, tuple(sorted(properties)))


def _property(key: str) -> str:
    return key if key == "alias" else "aws/" + key.replace("_", "-")


def mark(name: str) -> Endpoint:
    return Endpoint(f"a-{name}.example.com", "TXT", ('"heritage=external-dns,external-dns/owner=me"',), 300)


def create(name: str, target: str = "192.0.2.1") -> Bundle:
    """A record and its ownership marker, both new."""
    return bundle(Change(Action.CREATE, new=record(name, target)), Change(Action.CREATE, new=mark(name)))


def update(name: str, old: str, new: str) -> Bundle:
    return bundle(Change(Action.UPDATE, record(name, old), record(name, new)))


def delete(name: str, target: str = "192.0.2.1") -> Bundle:
    return bundle(Change(Action.DELETE, old=record(name, target)), Change(Action.DELETE, old=mark(name)))


def bundle(*changes: Change) -> Bundle:
    return Bundle(normalise(changes[0].endpoint.dns_name), changes)


def made(*endpoints: Endpoint) -> list[Bundle]:
    """Each endpoint as a creation of its own."""
    return [bundle(Change(Action.CREATE, new=endpoint)) for endpoint in endpoints]
