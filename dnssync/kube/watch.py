"""Follow one kind of object: list it in pages, then watch it, and never take a failure for an empty cluster.

    list ──complete──> watch ──end, silence, cut──> watch again from the last resource version
     ^                   │
     └── 410, ERROR, a refusal, or three failures in a row

Between failures stand growing pauses with jitter; whatever the server delivers resets them. A watch that ends
cleanly after a while is no failure and is taken up again at once.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import msgspec

from dnssync.backoff import Backoff
from dnssync.errors import RetryableError
from dnssync.kube.advice import explain, is_lasting
from dnssync.kube.client import Connection, SilentError, Stream, resource_path
from dnssync.kube.intake import Intake
from dnssync.kube.wire import ApiError, ListPage, WatchEvent, decode_event, decode_page
from dnssync.objects import ObjectRef
from dnssync.sources import Sink, Source

log = logging.getLogger(__name__)

_STABLE_SECONDS = 5.0
_PATIENCE = 3
_LONGEST_WISH_SECONDS = 120.0
_CRASH_CHECK_SECONDS = 1.0
_STOP_SECONDS = 0.8
_ONCE_TRIES = 4


class WatchTiming(msgspec.Struct, frozen=True):
    """Times in seconds. ``idle`` must exceed the minute between two bookmarks of a quiet server."""

    page_size: int = 500
    idle: float = 90.0
    lifetime: tuple[float, float] = (240.0, 300.0)
    backoff: Backoff = Backoff()


_DEFAULT_TIMING = WatchTiming()


class WatchStatus(msgspec.Struct, frozen=True):
    """How a watcher fares, for health and metrics. ``state`` is starting, listing, watching, waiting or
    stopped; ``last_contact`` is the monotonic time at which the server last said something useful; ``error``
    is empty while all is well."""

    state: str = "starting"
    last_contact: float | None = None
    error: str = ""
    lists: int = 0
    watches: int = 0
    undecodable: int = 0


class KubeWatcher:
    """Feeds a sink with one source's objects, for as long as it runs; one thread per watcher.

    ``seen`` comes for each object as it arrives; nothing is kept here. An object that the source cannot
    decode is logged and counted, and is taken for present, as it was.
    """

    def __init__(
        self,
        connection: Connection,
        source: Source,
        sink: Sink,
        *,
        namespace: str = "",
        timing: WatchTiming = _DEFAULT_TIMING,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._connection = connection
        self._source = source
        self._sink = sink
        self._namespace = namespace
        self._timing = timing
        self._chance = chance
        self._path = resource_path(source.resource, namespace)
        self._intake = Intake(source, sink)
        self._status = WatchStatus()
        self._version = ""
        self._failures = 0
        self._last_contact: float | None = None
        self._stream: Stream | None = None

    @property
    def source_name(self) -> str:
        """Whose objects these are."""
        return self._source.name

    def lists_and_watches(self) -> tuple[int, int]:
        """How many full lists were read and how many watches begun so far."""
        return self._status.lists, self._status.watches

    @property
    def status(self) -> WatchStatus:
        """The state of this moment; may be read from any thread."""
        return msgspec.structs.replace(
            self._status, last_contact=self._last_contact, undecodable=self._intake.undecodable
        )

    def run(self, stop: threading.Event) -> None:
        """List and watch until ``stop`` is set, then return within a second, whatever the server does.

        The work is done in a thread of its own: a request to a server that hangs cannot be called back, only
        left behind; it ends by its time-out and touches nothing any more.
        """
        crash: list[BaseException] = []

        def work() -> None:
            try:
                self._follow(stop)
            except BaseException as error:  # noqa: BLE001 - the top of a thread; raised again below
                crash.append(error)

        worker = threading.Thread(target=work, name=f"watch-{self._source.name}", daemon=True)
        worker.start()
        while worker.is_alive() and not stop.wait(_CRASH_CHECK_SECONDS):
            pass
        stream = self._stream
        if stream is not None:
            stream.interrupt()
        worker.join(_STOP_SECONDS)
        self._note(state="stopped")
        if crash:
            raise crash[0]

    def read_once(self, stop: threading.Event | None = None) -> None:
        """List everything once, for ``--once`` and plans; passing troubles are retried for a few seconds.

        Raises RetryableError, with the whole explanation, after telling the sink that the source failed.
        """
        stop = stop or threading.Event()
        self._failures = 0
        while not stop.is_set():
            try:
                self._list(stop)
                return
            except RetryableError as error:
                self._failures += 1
                if is_lasting(error) or self._failures >= _ONCE_TRIES:
                    message = explain(error, "list", self._source.resource, self._namespace)
                    self._sink.failed(self._source.name, message)
                    raise RetryableError(message) from None
                stop.wait(self._pause(error))

    def _follow(self, stop: threading.Event) -> None:
        while not stop.is_set():
            verb = "watch" if self._version else "list"
            error: RetryableError | None = None
            try:
                if not self._version:
                    self._version = self._list(stop)
                    verb = "watch"
                self._watch(stop)
            except RetryableError as failure:
                error = failure
            if stop.is_set():
                return
            if error is not None:
                self._weigh(error, verb)
            pause = self._pause(error)
            if pause:
                self._note(state="waiting")
                stop.wait(pause)

    def _list(self, stop: threading.Event) -> str:
        """Read everything; the resource version to watch from. Only a complete list reaches ``listed``."""
        self._note(state="listing")
        try:
            return self._read_pages({"limit": str(self._timing.page_size)}, stop)
        except ApiError as error:
            if not error.expired:
                raise
            # The server forgot the snapshot between two pages. Its offer of a token that goes on from another
            # moment would lose what changed in between, so the second try asks for everything at once.
            log.info("list of %s outlived its snapshot; reading it in one piece", self._source.name)
            return self._read_pages({}, stop)

    def _read_pages(self, query: Mapping[str, str], stop: threading.Event) -> str:
        refs: set[ObjectRef] = set()
        version = ""
        for page in self._pages(query):
            if stop.is_set():
                return version
            refs.update(ref for raw in page.items or () if (ref := self._intake.take_listed(raw)) is not None)
            version = page.metadata.resource_version
        self._sink.listed(self._source.name, frozenset(refs))
        self._note(lists=self._status.lists + 1, error="")
        return version

    def _pages(self, query: Mapping[str, str]) -> Iterator[ListPage]:
        token = ""
        while True:
            page = decode_page(
                self._connection.get(self._path, {**query, "continue": token} if token else query)
            )
            self._last_contact = time.monotonic()
            yield page
            token = page.metadata.next
            if not token:
                return

    def _watch(self, stop: threading.Event) -> None:
        """Follow one stream to its end; a silent one ends like one that the server closed."""
        opened = time.monotonic()
        heard = False
        stream = self._connection.open_stream(self._path, self._watch_query(), idle=self._timing.idle)
        self._stream = stream
        self._note(state="watching", watches=self._status.watches + 1)
        try:
            for line in () if stop.is_set() else stream.lines():
                if stop.is_set():
                    return
                self._handle(decode_event(line))
                heard = True
        except SilentError:
            log.info("watch of %s was silent for %gs; reconnecting", self._source.name, self._timing.idle)
            self._failures = 0
        else:
            self._failures += 1
        finally:
            self._stream = None
            stream.close()
            if time.monotonic() - opened >= _STABLE_SECONDS:
                self._failures = 0
        if not heard and not stop.is_set():
            self._check_version()

    def _watch_query(self) -> dict[str, str]:
        shortest, longest = self._timing.lifetime
        lifetime = shortest + (longest - shortest) * self._chance()
        return {
            "watch": "1",
            "resourceVersion": self._version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(max(1, round(lifetime))),
        }

    def _check_version(self) -> None:
        """Ask whether we are ahead of the server, as after a restore of its store from a backup: a watch
        from the future is answered by silence and not by an error."""
        newest = decode_page(self._connection.get(self._path, {"limit": "1"})).metadata.resource_version
        self._last_contact = time.monotonic()
        if newest.isdigit() and self._version.isdigit() and int(newest) < int(self._version):
            log.warning("the API server went back in time to resource version %s; listing anew", newest)
            self._version = ""

    def _handle(self, event: WatchEvent) -> None:
        if event.type == "ERROR":
            # Whatever it is about, the stream is no longer trusted to go on from where it was.
            self._version = ""
        self._version = self._intake.take_event(event) or self._version
        self._last_contact = time.monotonic()
        self._failures = 0

    def _weigh(self, error: RetryableError, verb: str) -> None:
        """Count a failure, and decide whether it is worth telling and whether the watch can be resumed."""
        self._failures += 1
        message = explain(error, verb, self._source.resource, self._namespace)
        expired = isinstance(error, ApiError) and error.expired
        if expired:
            self._version = ""
        if verb == "list" or is_lasting(error) or self._failures >= _PATIENCE:
            self._version = ""
            self._note(error=message)
            self._sink.failed(self._source.name, message)
            log.debug("%s", message, extra={"reason": "source failed"})
        else:
            log.info("%s; %s", message, "resuming" if self._version else "listing anew")

    def _pause(self, error: RetryableError | None) -> float:
        """Seconds until the next try: the backoff, or longer if the server wishes so."""
        wish = (error.retry_after or 0.0) if error is not None else 0.0
        delay = self._timing.backoff.delay(self._failures, self._chance())
        return max(delay, min(wish, _LONGEST_WISH_SECONDS))

    def _note(self, **changes: object) -> None:
        self._status = msgspec.structs.replace(self._status, **changes)
