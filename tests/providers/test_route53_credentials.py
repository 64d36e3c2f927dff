"""Who asks Route 53, where, and what it costs until somebody does."""

import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from dnssync.changes import Outcome
from dnssync.errors import ConfigError
from dnssync.providers import Zone
from dnssync.providers.route53 import Route53Options, Route53Provider
from tests.doubles.route53 import Route53Double
from tests.providers.route53_cases import create, environment, example

PROFILES = """
[profile one]
aws_access_key_id = AKIDONE
aws_secret_access_key = s
[profile two]
aws_access_key_id = AKIDTWO
aws_secret_access_key = s
"""


def test_without_credentials_one_line_says_which_ways_there_are() -> None:
    with environment(AWS_EC2_METADATA_DISABLED="true"), pytest.raises(ConfigError) as caught:
        Route53Provider(Route53Options(endpoint_url="http://127.0.0.1:1")).zones()
    line = str(caught.value)
    assert "\n" not in line
    assert all(way in line for way in ("AWS_ACCESS_KEY_ID", "--aws-profile", "role-arn", "instance role"))


def test_credentials_that_aws_does_not_accept_are_told_from_missing_rights() -> None:
    with example() as (double, provider, _):
        double.refuse_keys = True
        with pytest.raises(ConfigError, match="does not accept the credentials"):
            provider.zones()


def test_an_unknown_profile_is_named() -> None:
    with environment(), pytest.raises(ConfigError, match="nobody"):
        Route53Provider(Route53Options(profiles=("nobody",))).zones()


@pytest.mark.parametrize("endpoint", ["localhost", "http://"])
def test_an_endpoint_that_is_no_address_is_a_mistake_of_the_user(endpoint: str) -> None:
    with (
        environment(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="y"),
        pytest.raises(ConfigError, match="address"),
    ):
        Route53Provider(Route53Options(endpoint_url=endpoint)).zones()


def test_the_endpoint_option_is_stronger_than_the_environment() -> None:
    with Route53Double("example.com") as double:
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
        with environment(**keys, AWS_ENDPOINT_URL="http://127.0.0.1:1"):
            provider = Route53Provider(Route53Options(endpoint_url=double.url))
            assert [zone.name for zone in provider.zones()] == ["example.com"]
            provider.close()


def test_an_assumed_role_signs_what_is_asked() -> None:
    role = "arn:aws:iam::123456789012:role/dns"
    with Route53Double("example.com") as double, environment(**double.environment()):
        provider = Route53Provider(Route53Options(assume_role=role, assume_role_external_id="partner"))
        assert provider.zones()
        provider.close()
        assert (double.roles[0]["RoleArn"], double.roles[0]["ExternalId"]) == (role, "partner")
        assert double.access_keys == {"AKIDLOOPBACK", "ASIAASSUMED"}


def test_a_role_that_may_not_be_assumed_names_the_action() -> None:
    with Route53Double("example.com") as double, environment(**double.environment()):
        double.denied.add("AssumeRole")
        with pytest.raises(ConfigError, match="may not sts:AssumeRole"):
            Route53Provider(Route53Options(assume_role="arn:aws:iam::123456789012:role/dns")).zones()


def test_a_role_without_credentials_to_assume_it_is_a_missing_credential() -> None:
    with (
        environment(AWS_EC2_METADATA_DISABLED="true"),
        pytest.raises(ConfigError, match="no AWS credentials found"),
    ):
        Route53Provider(Route53Options(assume_role="arn:aws:iam::123456789012:role/dns")).zones()


def test_each_profile_is_an_account_and_a_zone_is_counted_once(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(PROFILES)
    with Route53Double("example.com", "example.org") as double:
        variables = {"AWS_CONFIG_FILE": str(config), "AWS_ENDPOINT_URL": double.url}
        with environment(**variables):
            provider = Route53Provider(Route53Options(profiles=("one", "two")))
            zones = provider.zones()
            assert [zone.name for zone in zones] == ["example.com", "example.org"]
            assert provider.apply(zones[0], [create("a")])[0].ok
            lost = provider.apply(Zone("ZNONE", "none.example"), [create("a")])
            assert "in none of the accounts" in lost[0].error
            provider.close()
        assert double.access_keys == {"AKIDONE", "AKIDTWO"}


def test_several_threads_share_one_client() -> None:
    names = [f"z{number}.example.com" for number in range(4)]
    with Route53Double(*names) as double, environment(**double.environment()):
        provider = Route53Provider(Route53Options())
        zones = [Zone(zone_id, zone.name.removesuffix(".")) for zone_id, zone in double.account.zones.items()]
        outcomes: list[Outcome] = []

        def work(zone: Zone) -> None:
            for number in range(5):
                label = zone.name.split(".")[0]
                outcomes.extend(provider.apply(zone, [create(f"h{number}.{label}")]))

        threads = [Thread(target=work, args=(zone,)) for zone in zones]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        provider.close()
        assert [outcome.error for outcome in outcomes] == [""] * 20


def test_closing_twice_is_fine() -> None:
    with example() as (_, provider, _zone):
        provider.close()
        provider.close()


def test_the_sdk_is_not_loaded_before_it_is_needed() -> None:
    code = (
        "import sys; from dnssync.providers.route53 import *; Route53Provider(Route53Options()).adjust([]); "
        "print(sorted({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
