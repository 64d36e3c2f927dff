"""Automatic hostnames joined to a running process: the taps in its watches, the generator, the probe."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

import msgspec

from dnssync.app import parts
from dnssync.computing import generating, generation_options
from dnssync.generation.book import Book
from dnssync.generation.deciding import Note
from dnssync.generation.endpoints import GatewaySource
from dnssync.generation.loop import Generator, LoopTiming, shown
from dnssync.generation.naming import Covered
from dnssync.generation.probe import Prober, Servers, authoritative
from dnssync.generation.reading import RESOURCES, Gateway
from dnssync.generation.subject import Subject
from dnssync.generation.tap import ForkedSink, TappedSource
from dnssync.generation.voice import Announce, Voice
from dnssync.generation.writer import DryWriter, KubeWriter
from dnssync.kube.client import Connection
from dnssync.kube.events import EventRecorder, ObjectEvent
from dnssync.metrics import Metrics
from dnssync.names import longest_zone
from dnssync.providers import Provider
from dnssync.providers.builtin import BuiltinProvider
from dnssync.settings import Settings
from dnssync.sources import Sink, Source

log = logging.getLogger(__name__)

_DELEGATION_SECONDS = 300.0
_UNKNOWN_SECONDS = 15.0
_PROBES = 4

Job = Callable[[threading.Event], None]

Zones = Callable[[], tuple[str, ...] | None]
"""The names of the provider's zones at the moment; None before they were read."""


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a process with a cluster that generation makes use of."""

    connection: Connection
    metrics: Metrics
    provider: Provider
    zones: Zones


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """What generation makes of the parts of a process: ``readers`` and ``sink`` take the place of the former
    ones, ``further`` sources are watched for the generator alone (``further_sink``), ``jobs`` run beside."""

    readers: Sequence[Source]
    sink: Sink
    further: Sequence[Source] = ()
    further_sink: Sink | None = None
    jobs: Sequence[Job] = ()


def join(
    settings: Settings, readers: Sequence[Source], sink: Sink, gateways: Iterable[Gateway] = ()
) -> Joined:
    """What runs without writing to objects: files keep as they are, and hostnames live in memory."""
    if not settings.generate_hostnames:
        return Joined(readers=readers, sink=sink)
    sources = generating(settings, readers, _say, gateways)
    return Joined(readers=sources, sink=ForkedSink(sink, *sources))


def join_cluster(settings: Settings, readers: Sequence[Source], sink: Sink, process: Process) -> Joined:
    """What runs with a cluster: hostnames are written to the objects, and Events say so."""
    options = generation_options(settings)
    if options is None:
        return Joined(readers=readers, sink=sink)
    recorder = None if settings.dry_run else EventRecorder(process.connection)
    voice = Voice(process.metrics, _announcer(recorder) if recorder else None)
    prober = Prober(name_servers(settings, process.provider), voice, settings.hostname_ready)
    further = [GatewaySource()] if "httproute" in settings.hostname_kind else []
    tapped = [source for source in readers if source.ref("", "").kind in settings.hostname_kind]
    generator = Generator(
        Book(options, _coverage(settings, process.zones)),
        KubeWriter(process.connection) if recorder else DryWriter(),
        voice,
        sources={source.name: source.ref("", "").kind for source in (*tapped, *further)},
        probe=prober.ask_for if settings.hostname_ready else None,
        timing=LoopTiming(rate=settings.hostname_writes, grace=settings.hostname_grace),
    )
    return Joined(
        readers=[
            TappedSource(source, shown(source.ref("", "").kind, generator)) if source in tapped else source
            for source in readers
        ],
        sink=ForkedSink(sink, generator),
        further=[TappedSource(source, generator.show_gateway) for source in further],
        further_sink=ForkedSink(None, generator),
        jobs=[generator.run, *[prober.run] * _PROBES, *([recorder.run] if recorder else [])],
    )


def _say(subject: Subject, note: Note) -> None:
    level = logging.WARNING if note.reason == "HostnameNotGenerated" else logging.INFO
    log.log(level, note.text, extra={"object": subject.ref, "reason": note.reason})


def _announcer(recorder: EventRecorder) -> Announce:
    def announce(subject: Subject, note: Note, warning: bool) -> None:
        """Write the note as an Event on the object."""
        event = ObjectEvent(
            kind=RESOURCES[subject.ref.kind].kind,
            api_version=subject.api_version,
            namespace=subject.ref.namespace,
            name=subject.ref.name,
            uid=subject.uid,
            reason=note.reason,
            note=note.text,
            warning=warning,
            action="GenerateHostname",
            occasion=note.occasion,
        )
        recorder.record(event)

    return announce


def _coverage(settings: Settings, zones: Zones) -> Covered:
    """Whether a zone of the provider holds a name that we may touch."""
    wanted = parts.domain_filter(settings)

    def covered(name: str) -> bool | None:
        known = zones()
        if known is None:
            return None
        return wanted.matches(name) and longest_zone(name, known) is not None

    return covered


def name_servers(settings: Settings, provider: Provider) -> Servers:
    """Whom to ask: the given servers, the bundled resolver for a domain in its zones, or those to which the
    domain is delegated."""
    if settings.hostname_server:
        return lambda domain: settings.hostname_server
    delegated = _delegated()

    def of_domain(domain: str) -> list[str]:
        if isinstance(provider, BuiltinProvider) and longest_zone(domain, settings.zone):
            return [reachable(address) for address in provider.addresses[:1]]
        return delegated(domain)

    return of_domain


def _delegated() -> Callable[[str], list[str]]:
    """Finds the servers of domains and remembers them; also, for a while, that there are none."""
    found: dict[str, tuple[float, list[str]]] = {}

    def delegated(domain: str) -> list[str]:
        due, servers = found.get(domain, (float("-inf"), []))
        if time.monotonic() > due:
            servers = authoritative(domain)
            due = time.monotonic() + (_DELEGATION_SECONDS if servers else _UNKNOWN_SECONDS)
            found[domain] = (due, servers)
        return servers

    return delegated


def reachable(address: str) -> str:
    """Where this machine reaches what listens at ``address:port``, which may be every address it has."""
    host, _, port = address.rpartition(":")
    local = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "": "127.0.0.1"}
    return f"{local.get(host, host)}:{port}"
