"""``dnssync explain``: everything that can be found out of one host name, from every side."""

from collections.abc import Sequence

from dnssync.app import parts
from dnssync.app.hostnames import reachable
from dnssync.app.review import read_objects
from dnssync.computing import generation_options
from dnssync.controller.planning import Planner, Wanted
from dnssync.errors import ConfigError
from dnssync.generation.options import GenerationOptions
from dnssync.generation.probe import ask, authoritative
from dnssync.generation.reading import RESOURCES, read_subject
from dnssync.generation.record import Entry
from dnssync.generation.subject import Subject
from dnssync.generation.tap import TappedSource
from dnssync.hostnames import DEFAULT_DOMAIN, decode_host
from dnssync.names import ascii_name, host_problem, is_within, normalise
from dnssync.objects import ObjectRef
from dnssync.providers import Provider
from dnssync.settings import Settings
from dnssync.sources import RawObject, Source
from dnssync.story import Answer, Place, Story, Wish


def explain(settings: Settings, host: str) -> Story:
    """The story of ``host``. Raises ConfigError for what is no host name, and DnssyncError if the objects
    or the zones cannot be read; a name server that does not answer is part of the story."""
    name = ascii_name(host)
    problem = host_problem(name)
    if problem:
        raise ConfigError(f"{host!r} is no host name: {problem}")
    subjects: dict[ObjectRef, Subject] = {}
    wanted = read_objects(settings, lambda source: _noting(source, settings, subjects))
    wishes = _wishes(name, wanted, subjects)
    domain = next((wish.generated.domain for wish in wishes if wish.generated), "") or _domain(settings, name)
    encoded = decode_host(name, domain) if domain else None
    return Story(
        host=name,
        wishes=wishes,
        places=_places(settings, name, wanted),
        encodes=encoded.address if encoded else "",
        domain=domain if encoded else "",
        answers=tuple(_answer(name, server) for server in _servers(settings, domain or name)),
    )


def _noting(source: Source, settings: Settings, subjects: dict[ObjectRef, Subject]) -> Source:
    """The source, with a note of every object in which the record of a generated name may stand."""
    kind = source.ref("", "").kind
    options = generation_options(settings) or GenerationOptions(domain=DEFAULT_DOMAIN)

    def take(raw: RawObject) -> None:
        subject = read_subject(kind, raw, options)
        if subject.record:
            subjects[subject.ref] = subject

    return TappedSource(source, take) if kind in RESOURCES else source


def _wishes(name: str, wanted: Wanted, subjects: dict[ObjectRef, Subject]) -> tuple[Wish, ...]:
    key = normalise(name)
    claims = {each.ref: each for each in wanted.desired.claimants(key)}
    made = {ref: entry for ref, subject in subjects.items() if (entry := _entry(subject, name))}
    wishes = []
    for ref in sorted({*claims, *made}):
        claim = claims.get(ref)
        wishes.append(
            Wish(
                object=str(ref),
                endpoints=tuple(each for each in claim.endpoints if normalise(each.dns_name) == key)
                if claim
                else (),
                waiting=bool(claim and key in map(normalise, claim.waiting)),
                generated=made.get(ref),
                problems=tuple(problem.message for problem in claim.problems) if claim else (),
            )
        )
    return tuple(wishes)


def _entry(subject: Subject, name: str) -> Entry | None:
    return next((entry for entry in subject.record.values() if entry.host == name), None)


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
    if settings.provider == "builtin":
        return [reachable(address) for address in settings.listen[:1]]
    return authoritative(domain)


def _answer(name: str, server: str) -> Answer:
    import dns.exception

    try:
        data = [text for kind in ("A", "AAAA") for text in ask(name, kind, server)]
    except (OSError, dns.exception.DNSException) as error:
        return Answer(server, problem=f"no answer: {error}")
    return Answer(server, tuple(dict.fromkeys(data)))
