"""Settings in, concrete parts out: provider, registry, rules. Each part gets plain values, never Settings."""

from collections.abc import Callable, Sequence

from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError
from dnssync.merging import merge, with_one_target
from dnssync.ownership import NoopRegistry, Registry, TxtOptions, TxtRegistry
from dnssync.plan import PlanRules
from dnssync.policy import Policy
from dnssync.providers import Provider
from dnssync.settings import Settings
from dnssync.sources.shaping import ShapeOptions, shape
from resolver import decode


def domain_filter(settings: Settings) -> DomainFilter:
    """The names that the user lets us touch."""
    return DomainFilter(
        include=settings.domain_filter,
        exclude=settings.exclude_domains,
        regex_include=settings.regex_domain_filter,
        regex_exclude=settings.regex_domain_exclusion,
    )


def provider(settings: Settings) -> Provider:
    """The provider that the settings name, not yet connected."""
    makers: dict[str, Callable[[Settings], Provider]] = {
        "aws": _route53,
        "google": _cloud_dns,
        "builtin": _builtin,
        "inmemory": _in_memory,
    }
    return makers[settings.provider](settings)


def registry(settings: Settings) -> Registry:
    """Who owns what. The bundled resolver holds nothing but what we give it, so no marker is needed there."""
    if settings.provider == "builtin":
        return NoopRegistry(labels_survive=True)
    if settings.registry == "noop":
        return NoopRegistry()
    return TxtRegistry(
        TxtOptions(
            owner_id=settings.txt_owner_id,
            prefix=settings.txt_prefix,
            suffix=settings.txt_suffix,
            wildcard_replacement=settings.txt_wildcard_replacement,
            encrypt=settings.txt_encrypt_enabled,
            aes_key=settings.txt_encrypt_aes_key,
            managed_types=frozenset(settings.managed_record_types),
            excluded_types=frozenset(settings.exclude_record_types),
            migrate_from=settings.migrate_from_txt_owner,
        )
    )


def answered_without_records(settings: Settings) -> Callable[[str], bool]:
    """Whether a name is answered also when it has no record: the bundled resolver reads the address in it."""
    zones = settings.zone if settings.provider == "builtin" else ()
    return lambda name: any(decode(name, zone) is not None for zone in zones)


def rules(settings: Settings, owner_id: str) -> PlanRules:
    """What a plan may touch."""
    return PlanRules(
        policy=Policy(settings.policy),
        managed_types=frozenset(settings.managed_record_types),
        excluded_types=frozenset(settings.exclude_record_types),
        owner_id=owner_id,
        domain_filters=(domain_filter(settings),),
    )


def shaper(settings: Settings) -> Callable[[Sequence[Endpoint]], list[Endpoint]]:
    """What is done to the endpoints of one name between sources and plan."""
    options = ShapeOptions(
        default_targets=settings.default_targets,
        force_default_targets=settings.force_default_targets,
        nat64_networks=settings.nat64_networks,
        target_net_filter=settings.target_net_filter,
        exclude_target_net=settings.exclude_target_net,
        min_ttl=int(settings.min_ttl),
        provider=settings.provider,
        prefer_alias=settings.prefer_alias,
    )
    return lambda endpoints: [with_one_target(endpoint) for endpoint in shape(merge(endpoints), options)]


def _route53(settings: Settings) -> Provider:
    from dnssync.providers.route53 import Route53Options, Route53Provider

    return Route53Provider(
        Route53Options(
            domain_filter=domain_filter(settings),
            zone_ids=settings.zone_id_filter,
            zone_type=settings.aws_zone_type,
            zone_tags=settings.aws_zone_tags,
            zone_match_parent=settings.aws_zone_match_parent,
            zones_cache_duration=settings.aws_zones_cache_duration,
            batch_size=settings.aws_batch_change_size,
            batch_characters=settings.aws_batch_change_size_bytes,
            batch_values=settings.aws_batch_change_size_values,
            batch_interval=settings.aws_batch_change_interval,
            evaluate_target_health=settings.aws_evaluate_target_health,
            prefer_cname=settings.aws_prefer_cname,
            attempts=settings.aws_api_retries,
            profiles=settings.aws_profile,
            assume_role=settings.aws_assume_role,
            assume_role_external_id=settings.aws_assume_role_external_id,
        )
    )


def _cloud_dns(settings: Settings) -> Provider:
    from dnssync.providers.clouddns import CloudDnsOptions, CloudDnsProvider

    return CloudDnsProvider(
        CloudDnsOptions(
            project=settings.google_project,
            endpoint=settings.google_api_endpoint,
            domain_filter=domain_filter(settings),
            zone_ids=settings.zone_id_filter,
            zone_visibility=settings.google_zone_visibility,
            batch_size=settings.google_batch_change_size,
            batch_interval=settings.google_batch_change_interval,
        )
    )


def _builtin(settings: Settings) -> Provider:
    from dnssync.providers.builtin import BuiltinProvider
    from resolver.config import ResolverConfig
    from resolver.errors import ResolverError

    try:
        return BuiltinProvider(
            ResolverConfig(
                listen=settings.listen,
                zones=settings.zone,
                ns=settings.ns,
                tsig_keys=settings.tsig_key,
                tsig_key_files=settings.tsig_key_file,
                allow_updates=settings.allow_update,
            )
        )
    except ResolverError as error:
        raise ConfigError(f"bundled resolver: {error}") from None


def _in_memory(settings: Settings) -> Provider:
    from dnssync.providers.inmemory import InMemoryProvider

    return InMemoryProvider(settings.inmemory_zone)
