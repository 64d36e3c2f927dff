"""What can be set about the Route 53 provider."""

import msgspec

from dnssync.domains import DomainFilter


class Route53Options(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one Route 53 provider, named after external-dns's ``--aws-…`` flags.

    Durations are in seconds. ``profiles`` are named profiles of the credentials, one account each; none
    means the default chain. ``region`` and ``endpoint_url`` are for partitions and local servers; empty
    leaves both to boto3 (``AWS_DEFAULT_REGION``, ``AWS_ENDPOINT_URL``).
    """

    domain_filter: DomainFilter = DomainFilter()
    zone_ids: tuple[str, ...] = ()
    zone_type: str = ""
    zone_tags: tuple[str, ...] = ()
    zone_match_parent: bool = False
    zones_cache_duration: float = 0.0
    batch_size: int = 1000
    batch_characters: int = 32000
    batch_values: int = 1000
    batch_interval: float = 1.0
    evaluate_target_health: bool = True
    prefer_cname: bool = False
    attempts: int = 3
    profiles: tuple[str, ...] = ()
    assume_role: str = ""
    assume_role_external_id: str = ""
    region: str = ""
    endpoint_url: str = ""
