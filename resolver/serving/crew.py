"""The workers as the keeper sees them: started, told of changes, replaced when they end. Threads inside."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from resolver.config import ResolverConfig
from resolver.errors import ResolverError
from resolver.serving.messages import (
    Apply,
    Count,
    Done,
    Forget,
    Forward,
    Line,
    Load,
    More,
    Reload,
    Reply,
    Socket,
    State,
    ToKeeper,
    frame,
)
from resolver.serving.process import START_TIMEOUT, Process
from resolver.serving.scheduling import give_way
from resolver.serving.sockets import Opened
from resolver.telemetry.tally import Counts
from resolver.zones.contents import Change
from resolver.zones.truth import Truth

log = logging.getLogger(__name__)

# Seconds: the pauses before a new process, and the life that ends them.
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 5.0
_GOOD_LIFE = 10.0
# Seconds that the answer to an update waits for the other workers to have it.
_UPDATE_TIMEOUT = 0.5

Handle = Callable[[Forward], Iterator[bytes]]


class Crew:
    """All workers, one per share of the sockets; they follow ``truth``.

    ``handle`` answers what the workers forward, message by message as they are taken, in one thread for all;
    None: they forward nothing.
    """

    def __init__(
        self,
        config: ResolverConfig,
        truth: Truth,
        shares: Sequence[Sequence[Opened]],
        handle: Handle | None = None,
    ) -> None:
        self.handle = handle
        self.changed = threading.Condition()
        self.closing = threading.Event()
        self._config = config
        self._truth = truth
        self._owner = ThreadPoolExecutor(1, thread_name_prefix="owner", initializer=give_way)
        self.places = [Place(self, index, share) for index, share in enumerate(shares)]
        truth.listeners.append(self._broadcast)

    def start(self) -> None:
        """Start the processes and wait until all answer; raises ResolverError if one does not."""
        for place in self.places:
            place.start()
        with self.changed:
            ready = self.changed.wait_for(
                lambda: all(place.is_live or place.failure for place in self.places), START_TIMEOUT
            )
        failure = "" if ready else f"it does not answer after {START_TIMEOUT:.0f} seconds"
        failure = next(filter(None, (place.failure for place in self.places)), failure)
        if failure:
            self.close()
            raise ResolverError(f"a worker process did not start: {failure}")

    def enlist(self, place: "Place", process: Process) -> None:
        """Give a new process all there is, and every change from then on."""
        sockets = tuple(Socket(opened.sock.fileno(), opened.secure) for opened in place.share)
        level = logging.getLogger().getEffectiveLevel()
        with self._truth.lock:
            states = tuple(
                State(zone.origin, zone.serial, tuple(zone.rrsets())) for zone in self._truth.zones.values()
            )
            load = Load(self._config, sockets, states, self._truth.number, self.handle is not None, level)
            process.send(load)
            place.process = process

    def advance(self, process: Process, request: int, answer: Iterator[bytes]) -> bool:
        """Have the next message of an answer sent; whether there was one. For the owner's thread."""
        number = self._truth.number
        try:
            wire = next(answer, None)
        except Exception:
            # The top of what strangers can reach in this thread.
            log.exception("a forwarded message could not be answered")
            wire = None
        if self._truth.number != number:
            # Whoever is told that a record is set may ask any worker for it.
            self.settle(self._truth.number, _UPDATE_TIMEOUT)
        process.send(frame(Reply(request, wire)))
        return wire is not None

    def own(self, task: Callable[[], object]) -> None:
        """Have a task done by the owner's thread, after those before it."""
        if not self.closing.is_set():
            self._owner.submit(task)

    def reload(self) -> None:
        """Have the workers read their own files again."""
        for place in self.places:
            place.send(frame(Reload()))

    def settle(self, number: int, timeout: float) -> bool:
        """Wait until all workers that answer do so from every change up to ``number``; whether they do."""
        with self.changed:
            return self.changed.wait_for(
                lambda: all(not place.is_live or place.done >= number for place in self.places), timeout
            )

    def close(self) -> None:
        """End all processes, by force after two seconds; safe to call twice."""
        self.closing.set()
        for place in self.places:
            place.close()
        for place in self.places:
            place.join()
        self._owner.shutdown(cancel_futures=True)

    def _broadcast(self, number: int, change: Change) -> None:
        message = frame(Apply(number, change))
        for place in self.places:
            place.send(message)


class Place:
    """One worker's place: its sockets stay, its process may change.

    ``done`` is the last change that the process answers from; ``starts`` how many processes there were;
    ``failure`` why there is none before the first has answered.
    """

    def __init__(self, crew: Crew, index: int, share: Sequence[Opened]) -> None:
        self.index = index
        self.share = share
        self.process: Process | None = None
        self.starts = 0
        self.is_live = False
        self.failure = ""
        self.done = -1
        self._crew = crew
        # Of the former processes and of this one; together, for others read them at any moment.
        self._counts = Counts(), Counts()
        self._thread = threading.Thread(target=self._run, name=f"worker-{index}", daemon=True)

    @property
    def counts(self) -> Counts:
        """What was counted at this place, over all its processes."""
        former, current = self._counts
        return former + current

    def start(self) -> None:
        """Start the process, and others after it."""
        self._thread.start()

    def send(self, message: bytes) -> None:
        """Send a frame to the process if there is one."""
        process = self.process
        if process:
            process.send(message)

    def close(self) -> None:
        """End the process; with the crew closing there will be no other."""
        process = self.process
        if process:
            process.close()

    def join(self) -> None:
        """Wait for the end of it all."""
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._crew.closing.is_set():
            born = time.monotonic()
            reason = self._live()
            if self._crew.closing.wait(pause):
                return
            long_ago = time.monotonic() - born > _GOOD_LIFE
            pause = _FIRST_PAUSE if long_ago else min(pause * 2, _LONGEST_PAUSE)
            log.warning("starting a new worker process", extra={"reason": reason})

    def _live(self) -> str:
        """One process from its start to its end; why it ended."""
        try:
            process = Process([opened.sock.fileno() for opened in self.share])
        except OSError as error:
            failure = f"cannot run {error.filename or 'it'}: {error.strerror or error}"
            self._note(failure=failure)
            return failure
        answers = _Answers(self._crew, process)
        try:
            self._crew.enlist(self, process)
            if self._crew.closing.is_set():
                process.close()
            for message in process.messages():
                self._take(message, answers)
        finally:
            code = self._part(process)
        return f"the last one ended with code {code}"

    def _part(self, process: Process) -> int:
        self.process = None
        code = process.end()
        self._counts = self.counts, Counts()
        self._note(failure="" if self.starts else f"it ended with code {code}; what it said stands above")
        return code

    def _take(self, message: ToKeeper, answers: "_Answers") -> None:
        if isinstance(message, Done):
            self._note(done=message.number)
        elif isinstance(message, Count):
            self._counts = self._counts[0], message.counts
        elif isinstance(message, Line):
            logging.getLogger(message.logger).log(message.level, "%s", message.text)
        else:
            self._crew.own(lambda: answers.take(message))

    def _note(self, *, done: int | None = None, failure: str = "") -> None:
        """What has become of the process: it answers from ``done`` on, or it is gone (None)."""
        with self._crew.changed:
            self.starts += done is not None and not self.is_live
            self.is_live = done is not None
            self.done = -1 if done is None else done
            self.failure = failure
            self._crew.changed.notify_all()


class _Answers:
    """The answers that one process is fetching. All in the owner's thread."""

    def __init__(self, crew: Crew, process: Process) -> None:
        self._crew = crew
        self._process = process
        self._pending: dict[int, Iterator[bytes]] = {}

    def take(self, message: Forward | More | Forget) -> None:
        """Begin, go on with or drop an answer."""
        if isinstance(message, Forward):
            assert self._crew.handle, "the workers were told whether to forward"
            self._pending[message.request] = _answer(self._crew.handle, message)
        answer = self._pending.pop(message.request, None)
        if answer is None or isinstance(message, Forget):
            return
        if self._crew.advance(self._process, message.request, answer):
            self._pending[message.request] = answer


def _answer(handle: Handle, message: Forward) -> Iterator[bytes]:
    """The answer as a generator, so that whatever ``handle`` raises comes where messages are taken."""
    yield from handle(message)
