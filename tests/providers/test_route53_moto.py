"""An independent opinion on the wire format: the provider against moto.

One smoke test only: moto accepts much that AWS refuses, and is wrong about deletes, pages and atomicity.
"""

import warnings
from collections.abc import Iterator

import pytest

from dnssync.providers.route53 import Route53Options, Route53Provider
from tests.providers.route53_cases import create, environment, record, update


@pytest.fixture
def moto_url() -> Iterator[str]:
    with warnings.catch_warnings():
        # What moto and its web framework deprecate is not ours to mend.
        warnings.simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_moto_understands_what_is_sent_and_is_understood(moto_url: str) -> None:
    import boto3

    with environment(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y", AWS_ENDPOINT_URL=moto_url):
        admin = boto3.session.Session(region_name="us-east-1").client("route53")
        admin.create_hosted_zone(Name="example.com", CallerReference="1")
        admin.close()
        provider = Route53Provider(Route53Options())
        (zone,) = provider.zones()
        assert zone.name == "example.com"
        assert provider.apply(zone, [create("a")])[0].ok
        assert provider.apply(zone, [update("a", "192.0.2.1", "192.0.2.2")])[0].ok
        assert record("a", "192.0.2.2") in provider.records(zone)
        provider.close()
