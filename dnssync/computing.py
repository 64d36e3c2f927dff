"""From settings and objects to endpoints, without a cluster and before ``sources.shaping``."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from dnssync.annotations import prefixes
from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError
from dnssync.generation.book import Book
from dnssync.generation.endpoints import HostnameSource
from dnssync.generation.options import PREFIX, Family, GenerationOptions
from dnssync.generation.preview import GeneratingSource, Tell
from dnssync.generation.reading import Gateway
from dnssync.hostnames import AddressForm
from dnssync.merging import merge
from dnssync.names import longest_zone
from dnssync.objects import ObjectClaims
from dnssync.settings import Settings
from dnssync.sources import Source
from dnssync.sources.ingress import IngressOptions, IngressSource


def ingress_options(settings: Settings) -> IngressOptions:
    """What the settings say about Ingresses."""
    return IngressOptions(
        namespace=settings.namespace,
        annotation_filter=settings.annotation_filter,
        label_filter=settings.label_filter,
        annotation_prefix=settings.annotation_prefix,
        ingress_classes=settings.ingress_class,
        fqdn_templates=settings.fqdn_template,
        combine_fqdn=settings.combine_fqdn_annotation,
        ignore_hostname_annotation=settings.ignore_hostname_annotation,
        ignore_tls_spec=settings.ignore_ingress_tls_spec,
        ignore_rules_spec=settings.ignore_ingress_rules_spec,
        generation=generation_options(settings),
    )


def generation_options(settings: Settings) -> GenerationOptions | None:
    """What the settings say about automatic hostnames; None if there are none."""
    if not settings.generate_hostnames:
        return None
    own = settings.annotation_prefix
    return GenerationOptions(
        domain=settings.hostname_domain or next(iter(settings.zone), ""),
        class_domains=dict(pair.split("=", 1) for pair in settings.hostname_class_domain),
        template=settings.hostname_template,
        rewrite=settings.hostname_mode == "rewrite",
        family=cast(Family, settings.hostname_address_family),
        form=cast(AddressForm, settings.hostname_address_form),
        prefix=own or PREFIX,
        target_prefixes=prefixes(own),
    )


def preview_book(options: GenerationOptions, settings: Settings, gateways: Iterable[Gateway] = ()) -> Book:
    """An empty book for decisions without a provider: the zones are those that the options speak of."""
    zones = (*settings.zone, *settings.inmemory_zone, *settings.domain_filter)
    book = Book(options, lambda name: longest_zone(name, zones) is not None)
    for gateway in gateways:
        book.set_gateway(gateway)
    return book


def generating(
    settings: Settings, readers: Sequence[Source], tell: Tell, gateways: Iterable[Gateway] = ()
) -> list[GeneratingSource]:
    """The sources with hostnames generated in memory: for objects that nobody writes to."""
    options = generation_options(settings)
    assert options is not None, "called only where hostnames are generated"
    book = preview_book(options, settings, gateways)
    return [GeneratingSource(reader, book, tell) for reader in readers]


def sources(settings: Settings) -> list[Source]:
    """The sources that the settings name, each once; ConfigError for options that cannot be."""
    makers = {IngressSource.name: lambda: IngressSource(ingress_options(settings))}
    unknown = [name for name in settings.source if name not in makers]
    if unknown:
        raise ConfigError(f"--source: {unknown[0]!r} is not supported; there is {', '.join(makers)}")
    return [*(makers[name]() for name in dict.fromkeys(settings.source)), *_hostname_sources(settings)]


def _hostname_sources(settings: Settings) -> list[Source]:
    """Kinds that are read for their generated hostnames alone."""
    options = generation_options(settings)
    kinds = dict.fromkeys(settings.hostname_kind) if options else ()
    return [HostnameSource(kind, options) for kind in kinds if options and kind != IngressSource.name]


def endpoints(objects: Iterable[Mapping[str, Any]], settings: Settings) -> list[Endpoint]:
    """What the objects give, merged inside each source; objects of kinds that no source reads are left out.

    Raises ConfigError for an object that cannot be read, or that a template does not fit.
    """
    by_source: dict[str, list[ObjectClaims]] = {}
    readers = sources(settings)
    if settings.generate_hostnames:
        readers = [*generating(settings, readers, lambda *_: None)]
    for document in objects:
        for source in readers:
            if _is_of(source, document):
                claims = source.claims(document)
                if claims is not None:
                    by_source.setdefault(source.name, []).append(claims)
    return [
        endpoint
        for found in by_source.values()
        for endpoint in merge(
            endpoint for claims in sorted(found, key=lambda each: each.ref) for endpoint in claims.endpoints
        )
    ]


def _is_of(source: Source, document: Mapping[str, Any]) -> bool:
    resource = source.resource
    return document.get("kind") == resource.kind and document.get("apiVersion") == resource.api_version
