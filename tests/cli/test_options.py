"""Flags: every one of external-dns is accepted, values are checked, mistakes are told."""

import pytest

from dnssync.cli import execute
from dnssync.cli.options import parse_settings
from dnssync.config import describe
from dnssync.errors import ConfigError
from dnssync.option import Shape, options_of
from dnssync.settings import Settings

# All flags of external-dns of August 2026 save --version; ! marks a switch.
_FLAGS = """
interval min-event-sync-interval events! once! dry-run! log-level log-format metrics-address
events-emit policy server kubeconfig kube-api-request-timeout request-timeout kube-api-qps
kube-api-burst source namespace annotation-filter label-filter annotation-prefix ingress-class
service-type-filter gateway-name gateway-namespace gateway-label-filter gateway-listener-sets!
gloo-namespace openshift-router-name skipper-routegroup-groupversion traefik-enable-legacy!
traefik-disable-new! unstructured-resource crd-source-apiversion crd-source-kind
connector-source-server compatibility fqdn-template target-template fqdn-target-template
combine-fqdn-annotation! ignore-hostname-annotation! ignore-ingress-tls-spec!
ignore-ingress-rules-spec! ignore-non-host-network-pods! pod-source-domain
publish-internal-services! publish-host-ip! always-publish-not-ready-addresses!
resolve-service-load-balancer-hostname! listen-endpoint-events! exclude-unschedulable!
expose-internal-ipv6! default-targets force-default-targets! target-net-filter exclude-target-net
nat64-networks create-ptr! prefer-alias! min-ttl managed-record-types exclude-record-types
domain-filter exclude-domains regex-domain-filter regex-domain-exclusion zone-name-filter
zone-id-filter registry txt-owner-id txt-prefix txt-suffix txt-wildcard-replacement
txt-encrypt-enabled! txt-encrypt-aes-key txt-cache-interval migrate-from-txt-owner
crd-registry-namespace dynamodb-region dynamodb-table provider provider-cache-time batch-change-size
batch-change-interval aws-zone-type aws-zone-tags aws-profile aws-assume-role
aws-assume-role-external-id aws-batch-change-size aws-batch-change-size-bytes
aws-batch-change-size-values aws-batch-change-interval aws-evaluate-target-health! aws-api-retries
aws-prefer-cname! aws-zones-cache-duration aws-zone-match-parent! aws-sd-service-cleanup!
aws-sd-create-tag google-project google-batch-change-size google-batch-change-interval
google-zone-visibility azure-config-file azure-resource-group azure-subscription-id
azure-user-assigned-identity-client-id azure-zones-cache-duration azure-maxretries-count
oci-config-file oci-compartment-ocid oci-zone-scope oci-auth-instance-principal!
oci-zones-cache-duration alibaba-cloud-config-file alibaba-cloud-zone-type cloudflare-proxied!
cloudflare-custom-hostnames! cloudflare-custom-hostnames-min-tls-version
cloudflare-custom-hostnames-certificate-authority cloudflare-dns-records-per-page
cloudflare-regional-services! cloudflare-region-key cloudflare-record-comment rfc2136-host
rfc2136-port rfc2136-zone rfc2136-insecure! rfc2136-tsig-keyname rfc2136-tsig-secret
rfc2136-tsig-secret-alg rfc2136-axfr! rfc2136-tsig-axfr! rfc2136-min-ttl rfc2136-gss-tsig!
rfc2136-kerberos-username rfc2136-kerberos-password rfc2136-kerberos-realm rfc2136-batch-change-size
rfc2136-use-tls! rfc2136-skip-tls-verify! rfc2136-load-balancing-strategy tls-ca tls-client-cert
tls-client-cert-key pdns-server pdns-server-id pdns-api-key pdns-skip-tls-verify! coredns-prefix
coredns-strictly-owned! inmemory-zone ovh-endpoint ovh-api-rate-limit ovh-enable-cname-relative!
ns1-endpoint ns1-ignoressl! ns1-min-ttl godaddy-api-key godaddy-api-secret godaddy-api-ttl
godaddy-api-ote! exoscale-apienv exoscale-apizone exoscale-apikey exoscale-apisecret
exoscale-zones-cache-duration pihole-server pihole-password pihole-tls-skip-verify!
webhook-provider-url webhook-provider-read-timeout webhook-provider-write-timeout
webhook-provider-read-header-timeout webhook-provider-idle-timeout webhook-provider-max-body-size
webhook-server!
"""
EXTERNAL_DNS_FLAGS = _FLAGS.split()

# Values that suit the flags that check theirs.
VALUES = {
    "events-emit": "RecordReady",
    "exclude-record-types": "TXT",
    "exclude-target-net": "10.0.0.0/8",
    "google-zone-visibility": "public",
    "aws-zone-type": "private",
    "log-format": "json",
    "log-level": "debug",
    "managed-record-types": "A",
    "metrics-address": ":7979",
    "nat64-networks": "64:ff9b::/96",
    "policy": "upsert-only",
    "provider": "aws",
    "registry": "noop",
    "source": "ingress",
    "target-net-filter": "10.0.0.0/8",
}


@pytest.mark.parametrize("flag", EXTERNAL_DNS_FLAGS)
def test_every_flag_of_external_dns_is_accepted_with_its_arity(flag: str) -> None:
    name = flag.removesuffix("!")
    if flag.endswith("!"):
        forms = [[f"--{name}"], [f"--no-{name}"], [f"--{name}=true"], [f"--{name}=false"]]
    else:
        value = VALUES.get(name, "5")
        forms = [[f"--{name}", value], [f"--{name}={value}"]]
    for form in forms:
        assert parse_settings([*form, "--zone=read-on.test"]).zone == ("read-on.test",)


def test_a_deployment_of_external_dns_keeps_its_arguments() -> None:
    settings = parse_settings(
        [
            "--source=ingress",
            "--provider=aws",
            "--domain-filter=example.com",
            "--domain-filter=example.org",
            "--policy=sync",
            "--registry=txt",
            "--txt-owner-id=my-cluster",
            "--aws-zone-type=public",
            "--interval=2m",
            "--no-exclude-unschedulable",
        ]
    )
    assert settings.domain_filter == ("example.com", "example.org")
    assert settings.txt_owner_id == "my-cluster"
    assert settings.interval == 120.0


def test_lists_are_repeated_and_not_split_on_commas() -> None:
    assert parse_settings(["--fqdn-template=a,b", "--fqdn-template=c"]).fqdn_template == ("a,b", "c")


def test_an_empty_value_of_a_list_is_no_value() -> None:
    assert parse_settings(["--domain-filter="]).domain_filter == ()
    assert parse_settings(["--managed-record-types="]).managed_record_types == ()


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--events"], True),
        (["--no-events"], False),
        (["--events=true"], True),
        (["--events=False"], False),
        (["--events=0"], False),
        (["--events", "--no-events"], False),
        ([], True),
    ],
)
def test_switches_have_all_their_forms(args: list[str], expected: bool) -> None:
    assert parse_settings(args).events is expected


def test_an_option_given_twice_counts_the_last_time() -> None:
    assert parse_settings(["--policy=create-only", "--policy=sync"]).policy == "sync"


def test_the_deprecated_name_of_an_option_is_the_option() -> None:
    assert parse_settings(["--request-timeout=5s"]).kube_api_request_timeout == 5.0


def test_the_environment_is_not_read_by_parse_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNSSYNC_TXT_OWNER_ID", "from-environment")
    assert parse_settings([]).txt_owner_id == "default"


@pytest.mark.parametrize(
    ("arg", "message"),
    [
        ("--interval=1x", "--interval: '1x' is not a duration (examples: 1m30s, 500ms, 90)"),
        ("--interval=-1s", "--interval: '-1s' is negative"),
        ("--max-deletes=-1", "--max-deletes: '-1' is not a whole number from 0 up"),
        ("--max-delete-percent=101", "--max-delete-percent: '101' is not a percentage from 0 to 100"),
        ("--target-net-filter=10.0.0.0/33", "--target-net-filter: '10.0.0.0/33' is not a network"),
        ("--nat64-networks=64:ff9b::/64", "--nat64-networks: '64:ff9b::/64' is not an IPv6 /96 network"),
        ("--regex-domain-filter=(", "--regex-domain-filter: '(' is not a regular expression"),
        (r"--regex-domain-filter=\pL", r"--regex-domain-filter: '\\pL' is not a regular expression"),
        (
            "--domain-filter=*.example.com",
            "--domain-filter: '*.example.com' is not a domain: a domain",
        ),
        (
            "--domain-filter=a.test,b.test",
            "--domain-filter: 'a.test,b.test' is not a domain: a host name cannot",
        ),
        ("--exclude-domains=http://a.test", "--exclude-domains: 'http://a.test' is not a domain"),
        ("--metrics-address=7979", "--metrics-address: '7979' is not an address with a port"),
        ("--metrics-address=::1:79", "--metrics-address: '::1:79' is not an address with a port"),
        ("--metrics-address=:65536", "--metrics-address: ':65536' is not an address with a port"),
        ("--policy=all", "--policy: 'all' is not supported; choose from: sync, upsert-only, create-only"),
        ("--aws-zone-type=both", "--aws-zone-type: 'both' is not supported; choose from: public, private"),
        ("--min-ttl=2147483648", "--min-ttl: '2147483648' is longer than a TTL can be"),
        ("--inmemory-zone=a b", "--inmemory-zone: 'a b' is not a domain"),
        ("--source=service", "--source: 'service' is not supported; choose from: ingress"),
        ("--provider=azure", "--provider: 'azure' is not supported; choose from: aws, google"),
        (
            "--managed-record-types=A,AAAA",
            "--managed-record-types: 'A,AAAA' is not supported; choose from: A",
        ),
        ("--sorce=ingress", "no such option --sorce; did you mean --source?"),
        ("--no-evnts", "no such option --no-evnts; did you mean --no-events?"),
        ("--interval", "option '--interval' requires an argument"),
        ("stray", "got unexpected extra argument (stray)"),
    ],
)
def test_a_bad_argument_is_told_in_one_line(arg: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings([arg])
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", [":7979", "127.0.0.1:0", "[::1]:7979", "localhost:80"])
def test_listening_addresses_have_all_their_forms(address: str) -> None:
    assert parse_settings([f"--metrics-address={address}"]).metrics_address == address


def test_every_bad_value_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(["--interval=x", "--max-deletes=y", "--policy=z"])
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["--interval", "--policy", "--max-deletes"]


def test_a_secret_is_not_described() -> None:
    shown = describe(parse_settings(["--txt-encrypt-aes-key=hunter2", "--txt-owner-id=me"]))
    assert shown == {"txt-encrypt-aes-key": "******", "txt-owner-id": "me"}


def test_options_without_effect_are_warned_of_and_the_rest_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert execute(["run", "--cloudflare-proxied", "--pdns-api-key=hunter2"]) == 1
    errors = capsys.readouterr().err
    assert "dnssync: error: --provider: none is given" in errors
    assert "--cloudflare-proxied has no effect here: the provider cloudflare is not supported" in errors
    assert "--pdns-api-key has no effect here" in errors
    assert "hunter2" not in errors


def test_every_option_has_help_and_a_default_of_its_own_type() -> None:
    for field in options_of(Settings).values():
        assert field.option.help
        assert field.option.group
        if field.shape is not Shape.MANY and field.default != "":
            assert field.read(field.show(field.default)) == field.default
