"""Options of the sources: the cluster, the objects, the names and targets in them."""

from typing import Annotated

from dnssync.option import Option, duration, nat64_network, network, ttl
from dnssync.settings.running import RunSettings

KUBE = "Kubernetes connection"
SOURCE = "Sources"
NAMES = "Names and targets"
SOURCES = ("ingress",)


class SourceSettings(RunSettings, frozen=True, kw_only=True):
    """Where objects come from, and the names and targets read from them. Durations are seconds."""

    kubeconfig: Annotated[
        str,
        Option(
            KUBE,
            "Path of a kubeconfig; without it $KUBECONFIG, ~/.kube/config, or the pod's own.",
            metavar="FILE",
        ),
    ] = ""
    context: Annotated[str, Option(KUBE, "Context of the kubeconfig to use.", metavar="NAME")] = ""
    server: Annotated[
        str, Option(KUBE, "URL of the API server, instead of the kubeconfig's.", metavar="URL")
    ] = ""
    kube_api_request_timeout: Annotated[
        float,
        Option(
            KUBE,
            "Time for one request to the API server; 0 for none.",
            duration,
            aliases=("request-timeout",),
        ),
    ] = 30.0

    source: Annotated[
        tuple[str, ...], Option(SOURCE, "Kind of object to read. (external-dns: none)", choices=SOURCES)
    ] = ("ingress",)
    manifests: Annotated[
        tuple[str, ...],
        Option(
            SOURCE, "YAML or JSON file or folder to read objects from, instead of a cluster.", metavar="PATH"
        ),
    ] = ()
    namespace: Annotated[str, Option(SOURCE, "Read the objects of this namespace only.", metavar="NAME")] = ""
    annotation_filter: Annotated[
        str,
        Option(SOURCE, "Read only objects whose annotations match this label selector.", metavar="SELECTOR"),
    ] = ""
    label_filter: Annotated[
        str, Option(SOURCE, "Read only objects whose labels match this selector.", metavar="SELECTOR")
    ] = ""
    annotation_prefix: Annotated[
        str,
        Option(
            SOURCE,
            "The only prefix of annotations to read, ending in '/'; without it dnssync.io/, "
            "external-dns.kubernetes.io/ and external-dns.alpha.kubernetes.io/ are all read.",
            metavar="PREFIX",
        ),
    ] = ""
    ingress_class: Annotated[
        tuple[str, ...], Option(SOURCE, "Read only Ingresses of this class.", metavar="CLASS")
    ] = ()

    fqdn_template: Annotated[
        tuple[str, ...],
        Option(NAMES, "Go template that makes host names of an object which names none.", metavar="TEMPLATE"),
    ] = ()
    combine_fqdn_annotation: Annotated[
        bool, Option(NAMES, "Use the template's names as well as those that the object names.")
    ] = False
    ignore_hostname_annotation: Annotated[bool, Option(NAMES, "Do not read the hostname annotation.")] = False
    ignore_ingress_tls_spec: Annotated[bool, Option(NAMES, "Do not read spec.tls of Ingresses.")] = False
    ignore_ingress_rules_spec: Annotated[bool, Option(NAMES, "Do not read spec.rules of Ingresses.")] = False
    default_targets: Annotated[
        tuple[str, ...], Option(NAMES, "Target for names that have none.", metavar="TARGET")
    ] = ()
    force_default_targets: Annotated[
        bool, Option(NAMES, "Put the default targets in the place of every name's own.")
    ] = False
    target_net_filter: Annotated[
        tuple[str, ...], Option(NAMES, "Keep only targets inside this network.", network, metavar="CIDR")
    ] = ()
    exclude_target_net: Annotated[
        tuple[str, ...], Option(NAMES, "Drop targets inside this network.", network, metavar="CIDR")
    ] = ()
    nat64_networks: Annotated[
        tuple[str, ...],
        Option(NAMES, "For each AAAA in this /96 also write the A inside it.", nat64_network, metavar="CIDR"),
    ] = ()
    prefer_alias: Annotated[
        bool, Option(NAMES, "Ask the provider for an alias in the place of each CNAME.")
    ] = False
    min_ttl: Annotated[
        float, Option(NAMES, "TTL for names that set none; 0 leaves it to the provider.", ttl)
    ] = 0.0
