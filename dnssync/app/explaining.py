"""``dnssync explain``: everything that can be found out of one host name, from every side."""

from collections.abc import Mapping, Sequence

import msgspec

from dnssync.app import parts
from dnssync.app.hostnames import reachable
from dnssync.app.review import read_objects
from dnssync.computing import generation_options, preview_book
from dnssync.controller.planning import Planner, Wanted
from dnssync.errors import ConfigError
from dnssync.generation.account import Account, account
from dnssync.generation.book import Book
from dnssync.generation.naming import is_number
from dnssync.generation.options import GenerationOptions
from dnssync.generation.probe import ask, authoritative
from dnssync.generation.reading import RESOURCES, read_gateway, read_subject
from dnssync.generation.tap import TappedSource
from dnssync.hostnames import DEFAULT_DOMAIN, decode_host
from dnssync.names import ascii_name, host_problem, is_within, longest_zone, normalise
from dnssync.objects import ObjectClaims, ObjectRef
from dnssync.providers import Provider
from dnssync.settings import Settings
from dnssync.sources import RawObject, Source
from dnssync.story import Answer, Place, Story, Wish


def explain(settings: Settings, host: str) -> Story:
    """The story of ``host``. Raises ConfigError for what is no host name, and DnssyncError if the objects
    or the zones cannot be read; a name server that does not answer is part of the story."""
    name = ascii_name(host)
    problem = "it is an address" if is_number(name) else host_problem(name)
    if problem:
        raise ConfigError(f"{host!r} is no host name: {problem}")
    book = preview_book(generation_options(settings) or GenerationOptions(domain=DEFAULT_DOMAIN), settings)
    wanted = read_objects(settings, lambda source: _noting(source, book))
    accounts = _accounts(name, book, settings)
    made = (each.entry.domain for each in accounts.values() if each.entry)
    domain = next(made, "") or _domain(settings, name)
    encoded = decode_host(name, domain) if domain else None
    return Story(
        host=name,
        wishes=_wishes(name, wanted, accounts),
        places=_places(settings, name, wanted),
        encodes=encoded.address if encoded else "",
        domain=domain if encoded else "",
        answers=tuple(_answer(name, server) for server in _servers(settings, domain or name)),
    )


def _noting(source: Source, book: Book) -> Source:
    """The source, with everything that matters for generated names put into the book."""
    kind = source.ref("", "").kind
    noted: set[ObjectRef] = set()

    def take(raw: RawObject) -> None:
        """Put one object into the book."""
        if kind not in RESOURCES:
            book.set_gateway(read_gateway(raw))
            return
        subject = read_subject(kind, raw, book.options)
        # Where names are generated in memory, an object comes a second time, with its name.
        if subject.ref not in noted:
            noted.add(subject.ref)
            book.see(subject)

    return TappedSource(source, take) if kind in (*RESOURCES, "gateway") else source


def _accounts(name: str, book: Book, settings: Settings) -> dict[ObjectRef, Account]:
    """What the name has to do with each object by generation; without decisions where that is off."""
    found = {}
    for ref in [subject.ref for subject in book]:
        seen = book.decide(ref)
        assert seen is not None, "it came from the book"
        subject, decision = seen
        told = account(name, subject, decision if settings.generate_hostnames else None, book.options)
        if told and told.state == "planned" and settings.manifests:
            told = msgspec.structs.replace(told, state="in memory")
        if told:
            found[ref] = told
    return found


def _wishes(name: str, wanted: Wanted, accounts: Mapping[ObjectRef, Account]) -> tuple[Wish, ...]:
    claims = {each.ref: each for each in wanted.desired.claimants(normalise(name))}
    return tuple(_wish(name, ref, claims.get(ref), accounts.get(ref)) for ref in sorted({*claims, *accounts}))


def _wish(name: str, ref: ObjectRef, claims: ObjectClaims | None, generation: Account | None) -> Wish:
    if claims is None:
        return Wish(object=str(ref), generation=generation)
    key = normalise(name)
    return Wish(
        object=str(ref),
        endpoints=tuple(each for each in claims.endpoints if normalise(each.dns_name) == key),
        waiting=key in map(normalise, claims.waiting),
        generation=generation,
        problems=tuple(problem.message for problem in claims.problems),
    )


def _domain(settings: Settings, name: str) -> str:
    """The domain of ours before which an address may stand in the name."""
    options = generation_options(settings)
    domains = [*settings.zone, *([options.domain, *options.class_domains.values()] if options else [])]
    return max((domain for domain in domains if is_within(name, domain)), key=len, default="")


def _places(settings: Settings, name: str, wanted: Wanted) -> tuple[Place, ...] | None:
    """The provider's zones that hold the name. The bundled resolver holds what its own process was given:
    there only the answer tells."""
    if settings.provider in ("", "builtin"):
        return None
    provider = parts.provider(settings)
    try:
        return _places_at(settings, provider, name, wanted)
    finally:
        provider.close()


def _places_at(settings: Settings, provider: Provider, name: str, wanted: Wanted) -> tuple[Place, ...]:
    registry = parts.registry(settings)
    planner = Planner(provider, registry, parts.rules(settings, registry.owner_id), parts.shaper(settings))
    zones = provider.zones()
    planner.use_zones(zones)
    places = []
    for zone in zones:
        if is_within(name, ascii_name(zone.name)):
            content = registry.read(provider.records(zone), zone.name)
            planned = planner.plan_zone(zone, content, [normalise(name)], wanted)
            places.append(Place(str(zone), tuple(content.at(normalise(name))), planned.plan))
    return tuple(places)


def _servers(settings: Settings, domain: str) -> Sequence[str]:
    if settings.hostname_server:
        return settings.hostname_server
    if settings.provider == "builtin" and longest_zone(domain, settings.zone):
        return [reachable(address) for address in settings.listen[:1]]
    return authoritative(domain)


def _answer(name: str, server: str) -> Answer:
    import dns.exception

    try:
        replies = [ask(name, kind, server) for kind in ("A", "AAAA")]
    except (OSError, dns.exception.DNSException) as error:
        return Answer(server, problem=f"no answer: {error}")
    data = dict.fromkeys(text for reply in replies for text in reply.data)
    return Answer(server, tuple(data), next((reply.problem for reply in replies if reply.problem), ""))
