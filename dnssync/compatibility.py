"""Options of external-dns without effect here: accepted with a warning, so that changing the image works.

One table: why an option has none, and the options that this is true of. A trailing ``!`` marks a switch,
which takes no value.
"""

import msgspec


class Ignored(msgspec.Struct, frozen=True):
    """An option without effect: whether it takes a value, and why it is ignored."""

    takes_value: bool
    why: str


def _no_source(kind: str) -> str:
    return f"objects of {kind} are not read"


def _no_provider(provider: str) -> str:
    return f"the provider {provider} is not supported"


_TABLE: tuple[tuple[str, str], ...] = (
    (
        _no_source("kind Service, Pod or Node"),
        "service-type-filter publish-internal-services! publish-host-ip! always-publish-not-ready-addresses! "
        "resolve-service-load-balancer-hostname! listen-endpoint-events! exclude-unschedulable! "
        "expose-internal-ipv6! ignore-non-host-network-pods! pod-source-domain compatibility",
    ),
    (
        _no_source("the Gateway API"),
        "gateway-name gateway-namespace gateway-label-filter gateway-listener-sets!",
    ),
    (
        _no_source("other controllers' kinds"),
        "gloo-namespace openshift-router-name skipper-routegroup-groupversion traefik-enable-legacy! "
        "traefik-disable-new! unstructured-resource crd-source-apiversion crd-source-kind "
        "connector-source-server",
    ),
    (
        "Ingresses have targets of their own",
        "target-template fqdn-target-template",
    ),
    ("PTR records are not written", "create-ptr!"),
    (
        "what is known of the zones is kept in memory and read again at each --interval",
        "provider-cache-time txt-cache-interval",
    ),
    (
        "objects are watched, which takes few requests",
        "kube-api-qps kube-api-burst",
    ),
    (
        "only the registries txt and noop are supported",
        "crd-registry-namespace dynamodb-region dynamodb-table",
    ),
    (_no_provider("aws-sd"), "aws-sd-service-cleanup! aws-sd-create-tag"),
    (
        _no_provider("azure"),
        "azure-config-file azure-resource-group azure-subscription-id "
        "azure-user-assigned-identity-client-id azure-zones-cache-duration azure-maxretries-count "
        "zone-name-filter",
    ),
    (
        _no_provider("oci"),
        "oci-config-file oci-compartment-ocid oci-zone-scope oci-auth-instance-principal! "
        "oci-zones-cache-duration",
    ),
    (_no_provider("alibabacloud"), "alibaba-cloud-config-file alibaba-cloud-zone-type"),
    (
        _no_provider("cloudflare"),
        "cloudflare-proxied! cloudflare-custom-hostnames! cloudflare-custom-hostnames-min-tls-version "
        "cloudflare-custom-hostnames-certificate-authority cloudflare-dns-records-per-page "
        "cloudflare-regional-services! cloudflare-region-key cloudflare-record-comment "
        "batch-change-size batch-change-interval",
    ),
    (
        _no_provider("rfc2136"),
        "rfc2136-host rfc2136-port rfc2136-zone rfc2136-insecure! rfc2136-tsig-keyname rfc2136-tsig-secret "
        "rfc2136-tsig-secret-alg rfc2136-axfr! rfc2136-tsig-axfr! rfc2136-min-ttl rfc2136-gss-tsig! "
        "rfc2136-kerberos-username rfc2136-kerberos-password rfc2136-kerberos-realm "
        "rfc2136-batch-change-size rfc2136-use-tls! rfc2136-skip-tls-verify! rfc2136-load-balancing-strategy",
    ),
    ("the providers rfc2136 and pdns are not supported", "tls-ca tls-client-cert tls-client-cert-key"),
    (_no_provider("pdns"), "pdns-server pdns-server-id pdns-api-key pdns-skip-tls-verify!"),
    (_no_provider("coredns"), "coredns-prefix coredns-strictly-owned!"),
    (_no_provider("ovh"), "ovh-endpoint ovh-api-rate-limit ovh-enable-cname-relative!"),
    (_no_provider("ns1"), "ns1-endpoint ns1-ignoressl! ns1-min-ttl"),
    (_no_provider("godaddy"), "godaddy-api-key godaddy-api-secret godaddy-api-ttl godaddy-api-ote!"),
    (
        _no_provider("exoscale"),
        "exoscale-apienv exoscale-apizone exoscale-apikey exoscale-apisecret exoscale-zones-cache-duration",
    ),
    (_no_provider("pihole"), "pihole-server pihole-password pihole-tls-skip-verify!"),
    (
        _no_provider("webhook"),
        "webhook-provider-url webhook-provider-read-timeout webhook-provider-write-timeout "
        "webhook-provider-read-header-timeout webhook-provider-idle-timeout webhook-provider-max-body-size "
        "webhook-server!",
    ),
)

IGNORED: dict[str, Ignored] = {
    word.removesuffix("!"): Ignored(not word.endswith("!"), why)
    for why, words in _TABLE
    for word in words.split()
}


def warning(name: str, where: str) -> str:
    """The line for an option without effect; ``where`` is a flag, a variable or a line of a file."""
    return f"{where} has no effect here: {IGNORED[name].why}"
