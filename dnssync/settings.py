"""The settings: every option of ``dnssync``, once.

Flags, ``DNSSYNC_…`` variables, keys of the YAML file, ``--help`` and docs/options.md are made from these
models. Names and defaults are external-dns's wherever an option means the same; where a default differs, the
help says so.
"""

from typing import Annotated

import msgspec

from dnssync.option import (
    Option,
    count,
    duration,
    nat64_network,
    network,
    pattern,
    percent,
    socket_address,
)

LOOP = "Running"
OUTPUT = "Logs and metrics"
KUBE = "Kubernetes connection"
SOURCE = "Sources"
NAMES = "Names and targets"
RECORDS = "Provider, zones and records"
OWNERSHIP = "Ownership"
SAFETY = "Safety"
AWS = "Route 53 (--provider aws)"
GOOGLE = "Cloud DNS (--provider google)"
BUILTIN = "Bundled resolver (--provider builtin)"
INMEMORY = "In memory (--provider inmemory)"
ANSWERS = "What is answered"
LISTENING = "Listening"

SOURCES = ("ingress",)
PROVIDERS = ("aws", "google", "builtin", "inmemory")
POLICIES = ("sync", "upsert-only", "create-only")
LOG_LEVELS = ("trace", "debug", "info", "warning", "error", "fatal", "panic")
RECORD_TYPES = ("A", "AAAA", "CAA", "CNAME", "DS", "MX", "NAPTR", "NS", "PTR", "SRV", "TLSA", "TXT")

_CONFIG_HELP = "YAML file with any of these options by name; environment and flags overrule it."
_LOG_LEVEL_HELP = "The least severe messages to show."
_LOG_FORMAT_HELP = "Lines for people, or one JSON object per line."


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The options of ``run``, ``plan``, ``apply``, ``endpoints``, ``records`` and ``demo``.

    Durations are seconds. ``repr`` shows secrets: log ``config.describe`` instead.
    """

    config: Annotated[str, Option(LOOP, _CONFIG_HELP, metavar="FILE")] = ""
    interval: Annotated[
        float, Option(LOOP, "Time between two full resyncs, which read every zone again.", duration)
    ] = 60.0
    events: Annotated[
        bool, Option(LOOP, "Act on changes of objects at once, not only at each resync. (external-dns: off)")
    ] = True
    min_event_sync_interval: Annotated[
        float,
        Option(
            LOOP,
            "Collect changes of objects for this long before acting on them. (external-dns: 5s)",
            duration,
        ),
    ] = 0.05
    once: Annotated[bool, Option(LOOP, "Do one full sync and exit: 0 if all went well, else 1.")] = False
    dry_run: Annotated[bool, Option(LOOP, "Say what would be changed and change nothing.")] = False

    log_level: Annotated[str, Option(OUTPUT, _LOG_LEVEL_HELP, choices=LOG_LEVELS)] = "info"
    log_format: Annotated[str, Option(OUTPUT, _LOG_FORMAT_HELP, choices=("text", "json"))] = "text"
    metrics_address: Annotated[
        str,
        Option(
            OUTPUT,
            "Where /metrics, /healthz and /readyz are served; ':7979' for all addresses of the machine, "
            "empty for nowhere. (external-dns: ':7979')",
            socket_address,
            metavar="ADDR:PORT",
        ),
    ] = "127.0.0.1:7979"
    events_emit: Annotated[
        tuple[str, ...],
        Option(
            OUTPUT,
            "Kubernetes Events to write on the objects.",
            choices=("RecordReady", "RecordDeleted", "RecordError"),
        ),
    ] = ()

    kubeconfig: Annotated[
        str, Option(KUBE, "Path of a kubeconfig; without it $KUBECONFIG, ~/.kube/config, or the pod's own.")
    ] = ""
    context: Annotated[str, Option(KUBE, "Context of the kubeconfig to use.")] = ""
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
    namespace: Annotated[str, Option(SOURCE, "Read the objects of this namespace only.")] = ""
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
        float, Option(NAMES, "TTL for names that set none; 0 leaves it to the provider.", duration)
    ] = 0.0

    provider: Annotated[
        str, Option(RECORDS, "The service that holds the zones (required).", choices=PROVIDERS)
    ] = ""
    domain_filter: Annotated[
        tuple[str, ...], Option(RECORDS, "Touch only names in this domain.", metavar="DOMAIN")
    ] = ()
    exclude_domains: Annotated[
        tuple[str, ...], Option(RECORDS, "Leave names in this domain alone.", metavar="DOMAIN")
    ] = ()
    regex_domain_filter: Annotated[
        str,
        Option(RECORDS, "Touch only names that match; overrules the two lists.", pattern, metavar="REGEX"),
    ] = ""
    regex_domain_exclusion: Annotated[
        str, Option(RECORDS, "Leave names that match alone.", pattern, metavar="REGEX")
    ] = ""
    zone_id_filter: Annotated[
        tuple[str, ...], Option(RECORDS, "Touch only zones whose id ends in this.", metavar="ID")
    ] = ()
    managed_record_types: Annotated[
        tuple[str, ...], Option(RECORDS, "Record type to look after.", choices=RECORD_TYPES)
    ] = ("A", "AAAA", "CNAME")
    exclude_record_types: Annotated[
        tuple[str, ...], Option(RECORDS, "Record type to leave alone even so.", choices=RECORD_TYPES)
    ] = ()

    registry: Annotated[
        str,
        Option(
            OWNERSHIP,
            "Where it is kept whose a record is: in TXT records, or nowhere.",
            choices=("txt", "noop"),
        ),
    ] = "txt"
    txt_owner_id: Annotated[
        str, Option(OWNERSHIP, "The name under which records are owned; one per installation.", metavar="ID")
    ] = "default"
    txt_prefix: Annotated[
        str, Option(OWNERSHIP, "Prefix of the TXT records' names; may hold %{record_type}.", metavar="TEXT")
    ] = ""
    txt_suffix: Annotated[
        str,
        Option(OWNERSHIP, "Suffix of the TXT records' first label; not with --txt-prefix.", metavar="TEXT"),
    ] = ""
    txt_wildcard_replacement: Annotated[
        str, Option(OWNERSHIP, "Word in the place of '*' in the TXT records' names.", metavar="TEXT")
    ] = ""
    txt_encrypt_enabled: Annotated[bool, Option(OWNERSHIP, "Encrypt the TXT records (AES-256-GCM).")] = False
    txt_encrypt_aes_key: Annotated[
        str, Option(OWNERSHIP, "The key: 32 bytes, or base64 of 32 bytes.", secret=True, metavar="KEY")
    ] = ""
    migrate_from_txt_owner: Annotated[
        str, Option(OWNERSHIP, "Take over the records of this owner.", metavar="ID")
    ] = ""

    policy: Annotated[
        str,
        Option(
            SAFETY,
            "What may be done to records of ours: all, all but delete, or create only. (external-dns: none)",
            choices=POLICIES,
        ),
    ] = "sync"
    max_deletes: Annotated[
        int,
        Option(
            SAFETY, "Hold the deletes of a plan that has more of them than this; 5 are always allowed.", count
        ),
    ] = 100
    max_delete_percent: Annotated[
        float, Option(SAFETY, "… or more than this share of the records that are ours.", percent)
    ] = 30.0
    hold_targets: Annotated[
        float,
        Option(
            SAFETY,
            "Keep the last known targets for this long when an object still asks for a host but has no "
            "address any more; 0 for not at all.",
            duration,
        ),
    ] = 300.0

    aws_zone_type: Annotated[
        str, Option(AWS, "Touch only public or only private zones.", choices=("", "public", "private"))
    ] = ""
    aws_zone_tags: Annotated[
        tuple[str, ...], Option(AWS, "Touch only zones with this tag; all must match.", metavar="KEY[=VALUE]")
    ] = ()
    aws_zone_match_parent: Annotated[
        bool, Option(AWS, "Also touch zones above those of --domain-filter.")
    ] = False
    aws_profile: Annotated[
        tuple[str, ...], Option(AWS, "Named profile of the credentials.", metavar="NAME")
    ] = ()
    aws_assume_role: Annotated[str, Option(AWS, "Role to assume.", metavar="ARN")] = ""
    aws_assume_role_external_id: Annotated[str, Option(AWS, "External id for that role.", metavar="ID")] = ""
    aws_batch_change_size: Annotated[int, Option(AWS, "Most changes in one request.", count)] = 1000
    aws_batch_change_size_bytes: Annotated[
        int, Option(AWS, "Most characters of values in one request.", count)
    ] = 32000
    aws_batch_change_size_values: Annotated[int, Option(AWS, "Most values in one request.", count)] = 1000
    aws_batch_change_interval: Annotated[
        float, Option(AWS, "Pause between two requests for one zone.", duration)
    ] = 1.0
    aws_evaluate_target_health: Annotated[
        bool, Option(AWS, "Whether aliases look at their target's health.")
    ] = True
    aws_api_retries: Annotated[int, Option(AWS, "Times a request is tried.", count)] = 3
    aws_prefer_cname: Annotated[
        bool, Option(AWS, "Write CNAMEs, not aliases, for load balancers of AWS.")
    ] = False
    aws_zones_cache_duration: Annotated[
        float, Option(AWS, "Time for which the list of zones is kept.", duration)
    ] = 0.0

    google_project: Annotated[
        str, Option(GOOGLE, "Project of the zones; without it that of the credentials.", metavar="ID")
    ] = ""
    google_zone_visibility: Annotated[
        str, Option(GOOGLE, "Touch only public or only private zones.", choices=("", "public", "private"))
    ] = ""
    google_batch_change_size: Annotated[
        int, Option(GOOGLE, "Most changes in one request; 0 for any.", count)
    ] = 1000
    google_batch_change_interval: Annotated[
        float, Option(GOOGLE, "Pause between two requests for one zone.", duration)
    ] = 1.0
    google_api_endpoint: Annotated[
        str,
        Option(GOOGLE, "URL of another server that speaks the API; used without credentials.", metavar="URL"),
    ] = ""

    listen: Annotated[
        tuple[str, ...],
        Option(BUILTIN, "Address for DNS over UDP and TCP.", socket_address, metavar="ADDR:PORT"),
    ] = ("127.0.0.1:5300",)
    zone: Annotated[tuple[str, ...], Option(BUILTIN, "Zone to serve.", metavar="ZONE")] = ()

    inmemory_zone: Annotated[tuple[str, ...], Option(INMEMORY, "Zone to begin with.", metavar="ZONE")] = ()


class ResolverSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The options of ``dnssync resolver``, the wildcard DNS server alone. Durations are seconds."""

    config: Annotated[str, Option(LOOP, _CONFIG_HELP, metavar="FILE")] = ""
    log_level: Annotated[str, Option(OUTPUT, _LOG_LEVEL_HELP, choices=LOG_LEVELS)] = "info"
    log_format: Annotated[str, Option(OUTPUT, _LOG_FORMAT_HELP, choices=("text", "json"))] = "text"

    listen: Annotated[
        tuple[str, ...],
        Option(LISTENING, "Address for DNS over UDP and TCP.", socket_address, metavar="ADDR:PORT"),
    ] = ("127.0.0.1:5300",)

    zone: Annotated[tuple[str, ...], Option(ANSWERS, "Zone to serve.", metavar="ZONE")] = ()
    ns: Annotated[
        tuple[str, ...], Option(ANSWERS, "Name of a name server of the zones.", metavar="NAME")
    ] = ()
    ttl: Annotated[float, Option(ANSWERS, "TTL of answers.", duration)] = 3600.0
    allow_net: Annotated[
        tuple[str, ...],
        Option(ANSWERS, "Answer only addresses inside this network.", network, metavar="CIDR"),
    ] = ()
    deny_net: Annotated[
        tuple[str, ...],
        Option(ANSWERS, "Never answer addresses inside this network.", network, metavar="CIDR"),
    ] = ()
    private_only: Annotated[bool, Option(ANSWERS, "Answer private addresses only.")] = False
