"""Options of the records: zones, ownership, safety."""

from typing import Annotated

from dnssync.option import Option, count, duration, excluded_domain, included_domain, pattern, percent
from dnssync.settings.hostnames import HostnameSettings

RECORDS = "Provider, zones and records"
OWNERSHIP = "Ownership"
SAFETY = "Safety"
PROVIDERS = ("aws", "google", "builtin", "inmemory")
POLICIES = ("sync", "upsert-only", "create-only")
RECORD_TYPES = ("A", "AAAA", "CAA", "CNAME", "DNAME", "DS", "MX", "NAPTR", "NS", "PTR", "SRV", "TLSA", "TXT")


class RecordSettings(HostnameSettings, frozen=True, kw_only=True):
    """Which records may be touched, whose they are, and what keeps them safe. Durations are seconds."""

    provider: Annotated[
        str, Option(RECORDS, "The service that holds the zones (required).", choices=PROVIDERS)
    ] = ""
    domain_filter: Annotated[
        tuple[str, ...],
        Option(RECORDS, "Touch only names in this domain.", included_domain, metavar="DOMAIN"),
    ] = ()
    exclude_domains: Annotated[
        tuple[str, ...],
        Option(RECORDS, "Leave names in this domain alone.", excluded_domain, metavar="DOMAIN"),
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
