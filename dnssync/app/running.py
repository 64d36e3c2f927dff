"""``dnssync run``: watchers, controller, schedule and web server, joined and ended together."""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from dnssync import __version__
from dnssync.app import hostnames, parts
from dnssync.app.pool import DaemonPool
from dnssync.computing import sources
from dnssync.controller.deleting import DeletionGate
from dnssync.controller.inbox import Crashed, Inbox, ResyncDue, Stop
from dnssync.controller.loop import Controller, LoopOptions
from dnssync.controller.planning import Planner
from dnssync.controller.remote import Remote
from dnssync.controller.report import Announce, Reporter
from dnssync.controller.schedule import Job, Schedule
from dnssync.controller.status import health, ready
from dnssync.controller.wants import Wants
from dnssync.deletions import DeletionLimits
from dnssync.errors import DnssyncError
from dnssync.kube.client import Connection
from dnssync.kube.credentials import KubeOptions
from dnssync.kube.events import EventRecorder, ObjectEvent
from dnssync.kube.watch import KubeWatcher
from dnssync.manifests import ManifestWatcher
from dnssync.metrics import Metrics
from dnssync.objects import ObjectClaims
from dnssync.ownership import Registry
from dnssync.providers import Provider
from dnssync.providers.dry_run import DryRunProvider
from dnssync.settings import Settings
from dnssync.sources import Sink, Source
from dnssync.web import Pages, WebServer

log = logging.getLogger(__name__)

PROVIDER_THREADS = 8
"""Zones that are read or written at the same time."""

SWITCH_SECONDS = 0.001
"""How long one thread keeps the interpreter from the others. An event passes three threads on its way to the
provider; with Python's 5 ms at each step it would crawl while a big zone is read."""


class Watcher(Protocol):
    """Something that feeds a sink until it is told to stop."""

    def run(self, stop: threading.Event) -> None:
        """Return soon after ``stop`` is set."""

    def read_once(self, stop: threading.Event | None = None) -> None:
        """Read everything and return; DnssyncError, told to the sink as well, if that is impossible."""


def run(settings: Settings) -> int:
    """Keep DNS in step with the objects until interrupted; the exit code."""
    metrics = Metrics(__version__)
    provider = parts.provider(settings)
    with ExitStack() as stack:
        stack.callback(provider.close)
        readers = sources(settings)
        connection = None if settings.manifests else Connection(kube_options(settings))
        events = event_writer(settings, connection, readers)
        inbox = Inbox()
        if connection is None:
            joined = hostnames.join(settings, readers, inbox)
        else:
            process = hostnames.Process(
                connection=connection,
                metrics=metrics,
                provider=provider,
                zones=lambda: controller.status.zones,
            )
            joined = hostnames.join_cluster(settings, readers, inbox, process)
        controller = assemble(
            settings,
            DryRunProvider(provider) if settings.dry_run else provider,
            joined.readers,
            inbox,
            _reporter(settings, metrics, events and events[1]),
        )
        if settings.metrics_address:
            stack.callback(_web_server(settings.metrics_address, controller, metrics).close)
        stack.enter_context(stopping_on_signals(inbox))
        background = watchers(settings, joined.readers, connection, joined.sink)
        if connection and joined.further_sink:
            background += watchers(settings, joined.further, connection, joined.further_sink)
        count_watches(metrics, background)
        jobs: list[Callable[[threading.Event], None]] = [
            watcher.read_once if settings.once else watcher.run for watcher in background
        ]
        jobs += [*joined.jobs, *([events[0].run] if events else [])]
        stack.enter_context(in_background(jobs, inbox))
        if not settings.once:
            job = Job("resync", settings.interval, lambda: inbox.put(ResyncDue()))
            stack.callback(Schedule([job]).close)
        good = work(controller)
    return 0 if good or not settings.once else 1


def _reporter(settings: Settings, metrics: Metrics, announce: Announce | None) -> Reporter:
    return Reporter(
        metrics,
        parts.registry(settings).owner_id,
        announce=announce,
        events_emit=settings.events_emit,
        dry_run=settings.dry_run,
    )


def _web_server(address: str, controller: Controller, metrics: Metrics) -> WebServer:
    pages = Pages(
        lambda: health(controller.status, time.monotonic()),
        lambda: ready(controller.status),
        metrics.exposition,
    )
    return WebServer(address, pages)


def assemble(
    settings: Settings, provider: Provider, readers: Sequence[Source], inbox: Inbox, reporter: Reporter
) -> Controller:
    """A controller over ``provider`` for what ``readers`` will put into ``inbox``."""
    registry: Registry = parts.registry(settings)
    kinds = {source.name: source.ref("", "").kind for source in readers}
    rules = parts.rules(settings, registry.owner_id)
    return Controller(
        Remote(inbox, DaemonPool(PROVIDER_THREADS, "provider"), provider, registry),
        Wants(kinds, settings.hold_targets, reporter),
        Planner(provider, registry, rules, parts.shaper(settings)),
        DeletionGate(
            DeletionLimits(settings.max_deletes, settings.max_delete_percent),
            answered=parts.answered_without_records(settings),
        ),
        reporter=reporter,
        options=LoopOptions(
            settle=settings.min_event_sync_interval, act_on_events=settings.events, once=settings.once
        ),
    )


def work(controller: Controller) -> bool:
    """Run the controller to its end in this thread. Whether all went well."""
    sys.setswitchinterval(SWITCH_SECONDS)
    return controller.run()


def kube_options(settings: Settings) -> KubeOptions:
    """How to reach the cluster."""
    return KubeOptions(
        kubeconfig=settings.kubeconfig,
        context=settings.context,
        server=settings.server,
        request_timeout=settings.kube_api_request_timeout,
    )


def watchers(
    settings: Settings, readers: Sequence[Source], connection: Connection | None, sink: Sink
) -> list[Watcher]:
    """One watcher per source of the cluster, or one for all manifest files."""
    if connection is None:
        return [ManifestWatcher(settings.manifests, readers, sink)]
    return [KubeWatcher(connection, source, sink, namespace=settings.namespace) for source in readers]


def count_watches(metrics: Metrics, running: Sequence[Watcher]) -> None:
    """Let the metrics tell how often each source of a cluster was listed and watched."""
    for watcher in running:
        if isinstance(watcher, KubeWatcher):
            metrics.follow_watches(watcher.source_name, watcher.lists_and_watches)


@contextmanager
def in_background(jobs: Sequence[Callable[[threading.Event], None]], inbox: Inbox) -> Iterator[None]:
    """Run the jobs in threads until the end of the block; a bug in one ends the process by the inbox."""
    stop = threading.Event()

    def guarded(job: Callable[[threading.Event], None]) -> None:
        try:
            job(stop)
        except DnssyncError as error:
            log.debug("ended: %s", error)
        except BaseException as error:  # noqa: BLE001 - the top of a thread; the loop raises it
            inbox.put(Crashed(error))

    threads = [threading.Thread(target=guarded, args=(job,), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=2.0)


@contextmanager
def stopping_on_signals(inbox: Inbox) -> Iterator[None]:
    """SIGTERM and SIGINT end the loop cleanly; a second one ends the process at once."""
    previous: dict[int, Any] = {}

    def stop(number: int, _frame: object) -> None:
        for name in previous:
            # Not Python's own handler: that would unwind, and wait for what hangs.
            signal.signal(name, signal.SIG_DFL)
        # The handler may have interrupted the inbox's own lock: let another thread take it.
        threading.Thread(target=inbox.put, args=(Stop(),), daemon=True).start()
        log.info("%s: finishing what is under way", signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGINT):
        previous[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)


def event_writer(
    settings: Settings, connection: Connection | None, readers: Sequence[Source]
) -> tuple[EventRecorder, Announce] | None:
    """What writes Kubernetes Events, if there is a cluster and the user wants them."""
    if connection is None or not settings.events_emit or settings.dry_run:
        return None
    kinds = {source.ref("", "").kind: source.resource.kind for source in readers}
    recorder = EventRecorder(connection)

    def announce(claims: ObjectClaims, severity: str, reason: str, note: str) -> None:
        """Write an Event on the object that the claims are of."""
        event = ObjectEvent(
            kind=kinds[claims.ref.kind],
            api_version=claims.api_version,
            namespace=claims.ref.namespace,
            name=claims.ref.name,
            uid=claims.uid,
            reason=reason,
            note=note,
            warning=severity == "Warning",
        )
        recorder.record(event)

    return recorder, announce
