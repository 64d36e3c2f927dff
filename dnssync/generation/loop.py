"""The generator's loop: one thread that takes what the watches show, and writes hostnames in fair turns.

    seen ──> book ──> decide ──nothing to do──> silence
                        │
                        └──> turns ──allowed──> decide again on the newest state ──> patch ──> Event, probe

Nothing is written before every watched kind was read whole, or at least tried: only then is it known which
names are taken. A refusal for an object that changed meanwhile (409) costs one request; the next is made on
the newer state.
"""

import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from dnssync.backoff import Backoff
from dnssync.errors import ConfigError, RetryableError
from dnssync.generation.book import Book
from dnssync.generation.deciding import Decision, Note, generated
from dnssync.generation.patching import make_patch
from dnssync.generation.reading import RESOURCES, Gateway, read_gateway, read_subject
from dnssync.generation.record import age, encode_record, stamp
from dnssync.generation.retries import Retries
from dnssync.generation.subject import Subject
from dnssync.generation.turns import Allowance, Turns
from dnssync.generation.voice import Voice
from dnssync.generation.writer import Writer
from dnssync.kube.advice import explain, is_lasting
from dnssync.kube.wire import ApiError
from dnssync.objects import ObjectRef
from dnssync.sources import RawObject

OUTAGE = Backoff(first=0.5, cap=30.0)

_LONGEST_WAIT = 0.5
_LONGEST_WISH = 120.0
_RECHECK_SECONDS = 0.2
_CONFLICTS = (409, 422)
_RECENT = 600.0
"""Seconds in which a process that was killed is started again."""
_QUARREL = 3
_QUARREL_TEXT = (
    "somebody keeps taking the generated hostname back, perhaps a GitOps tool that holds the former spec: "
    "use --hostname-mode annotate, or let that tool ignore the hosts"
)

Probe = Callable[[Subject], None]
"""Ask, from elsewhere, until the object's hosts are answered; or no more, if its record is empty."""


class _Gone(msgspec.Struct, frozen=True):
    ref: ObjectRef


class _Listed(msgspec.Struct, frozen=True):
    source: str
    refs: frozenset[ObjectRef]


class _Failed(msgspec.Struct, frozen=True):
    source: str


_Message = Subject | Gateway | _Gone | _Listed | _Failed


class LoopTiming(msgspec.Struct, frozen=True):
    """``rate``: writes in a second. ``grace``: seconds after which a missing address is worth a word."""

    rate: float = 50.0
    grace: float = 60.0


class Generator:
    """Gives hostnames to the objects that it is shown. ``sources``: those that it waits for, and their kinds.

    ``show``, ``show_gateway`` and the methods of a ``tap.Listener`` may be called from any thread.
    """

    def __init__(
        self,
        book: Book,
        writer: Writer,
        voice: Voice,
        *,
        sources: Mapping[str, str],
        probe: Probe | None = None,
        timing: LoopTiming | None = None,
    ) -> None:
        timing = timing or LoopTiming()
        self._book = book
        self._writer = writer
        self._voice = voice
        self._kinds = sources
        self._unread = set(sources)
        self._probe = probe
        self._grace = timing.grace
        self._messages: queue.Queue[_Message] = queue.Queue()
        self._fresh: dict[ObjectRef, None] = {}
        self._turns = Turns()
        self._allowance = Allowance(timing.rate)
        self._retries = Retries()
        self._patience: dict[ObjectRef, float] = {}
        self._outages = 0
        self._paused_until = 0.0
        self._covered: dict[str, bool | None] = {}
        self._checked_at = float("-inf")
        self._began = False
        self._unsaid: deque[ObjectRef] = deque()

    # From any thread

    def show(self, kind: str, raw: RawObject) -> None:
        """An object of a kind that can have hostnames. Raises ConfigError for what cannot be read."""
        self._messages.put(read_subject(kind, raw, self._book.options))

    def show_gateway(self, raw: RawObject) -> None:
        """A Gateway. Raises ConfigError for what cannot be read."""
        self._messages.put(read_gateway(raw))

    def gone(self, source: str, ref: ObjectRef) -> None:
        """See ``tap.Listener``."""
        del source
        self._messages.put(_Gone(ref))

    def listed(self, source: str, refs: frozenset[ObjectRef]) -> None:
        """See ``tap.Listener``."""
        if source in self._kinds:
            self._messages.put(_Listed(source, refs))

    def failed(self, source: str, error: str) -> None:
        """See ``tap.Listener``."""
        del error
        self._messages.put(_Failed(source))

    # In its own thread

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; a write that is under way is finished first."""
        while not stop.is_set():
            self._take(self._timeout(time.monotonic()))
            if self._unread:
                continue
            now = time.monotonic()
            if not self._began:
                self._began = True
                self._unsaid.extend(
                    each.ref for each in self._book if age(each.record, time.time()) < _RECENT
                )
            self._recheck(now)
            for ref in self._fresh:
                self._settle(ref, now)
            self._fresh.clear()
            self._write_next(now)
            self._voice.turned(len(self._book), len(self._turns))

    def _take(self, timeout: float) -> None:
        """All messages that are there, after waiting for the first."""
        try:
            self._handle(self._messages.get(timeout=timeout) if timeout else self._messages.get_nowait())
            while True:
                self._handle(self._messages.get_nowait())
        except queue.Empty:
            pass

    def _handle(self, message: _Message) -> None:
        if isinstance(message, Subject):
            if self._book.see(message):
                self._fresh[message.ref] = None
        elif isinstance(message, Gateway):
            self._fresh.update(dict.fromkeys(self._book.set_gateway(message)))
        elif isinstance(message, _Gone):
            self._forget(message.ref)
        elif isinstance(message, _Failed):
            # A kind that the cluster does not serve shall not hold up the others.
            self._unread.discard(message.source)
        else:
            self._unread.discard(message.source)
            for ref in self._book.missing_from(self._kinds[message.source], message.refs):
                self._forget(ref)

    def _forget(self, ref: ObjectRef) -> None:
        if ref.kind == "gateway":
            self._fresh.update(dict.fromkeys(self._book.set_gateway(Gateway(ref, ()))))
        self._book.drop(ref)
        self._turns.drop(ref)
        self._retries.forget(ref)
        self._patience.pop(ref, None)
        self._voice.settle(ref)
        if self._probe:
            self._probe(Subject(ref=ref))

    def _say_again(self) -> None:
        """Say of one object what a process that was killed after its write may not have said. Where it was
        said the Event is there already, and stays the only one."""
        decided = self._book.decide(self._unsaid.popleft())
        if decided and not decided[1].changes(decided[0]) and decided[0].record:
            self._allowance.take()
            self._announce(decided[0], generated(decided[0].record))

    def _recheck(self, now: float) -> None:
        """Decide anew where time or the list of zones may have changed the outcome."""
        if now < self._checked_at + _RECHECK_SECONDS:
            return
        self._checked_at = now
        covered = {domain: self._book.covered(domain) for domain in self._book.domains}
        if covered != self._covered:
            self._covered = covered
            self._fresh.update((subject.ref, None) for subject in self._book)
        self._fresh.update((ref, None) for ref, due in self._patience.items() if due <= now)

    def _settle(self, ref: ObjectRef, now: float) -> None:
        """Queue the object if something has to be written, and say what cannot be done."""
        decided = self._book.decide(ref)
        if decided is None or not decided[1].changes(decided[0]):
            self._turns.drop(ref)
            self._retries.settle(ref)
        else:
            self._turns.add(ref)
        if decided is None or decided[1].complaint is None:
            self._patience.pop(ref, None)
            self._voice.settle(ref)
        else:
            self._complain(*decided, now)

    def _complain(self, subject: Subject, decision: Decision, now: float) -> None:
        assert decision.complaint is not None
        due = self._patience.setdefault(subject.ref, now + self._grace if decision.passing else now)
        if not decision.passing or due <= now:
            self._patience[subject.ref] = float("inf")
            self._voice.complain(subject, decision.complaint)

    def _write_next(self, now: float) -> None:
        if now < self._paused_until or self._allowance.wait(now) > 0:
            return
        ref = self._turns.next(now)
        if ref is None and self._unsaid:
            self._say_again()
        decided = self._book.decide(ref) if ref else None
        if ref is None or decided is None or not decided[1].changes(decided[0]):
            return
        subject, decision = decided
        wait = self._retries.wait(subject, decision, now)
        if wait > 0:
            self._turns.add(ref, now + wait)
            return
        self._allowance.take()
        self._write(subject, decision)

    def _write(self, subject: Subject, decision: Decision) -> None:
        stamped = replace(decision, record=stamp(decision.record, time.time()))
        operations = make_patch(subject, stamped, self._book.options.prefix)
        try:
            body = self._writer.write(subject, operations)
        except RetryableError as error:
            self._failed(subject, error, time.monotonic())
            return
        self._outages = 0
        if body is None:
            return
        undone = self._retries.wrote(subject, decision, time.monotonic())
        self._voice.wrote("applied")
        written = read_subject(subject.ref.kind, body, self._book.options)
        self._book.see(written)
        self._settle(subject.ref, time.monotonic())
        if undone == _QUARREL:
            self._voice.tell(written, Note("HostnameNotGenerated", _QUARREL_TEXT), warning=True)
        elif decision.note:
            self._announce(written, decision.note)

    def _announce(self, subject: Subject, note: Note) -> None:
        """Tell of new hosts, and have them asked for."""
        self._voice.tell(subject, note._replace(occasion=f"made {encode_record(subject.record)}"))
        if self._probe:
            self._probe(subject)

    def _failed(self, subject: Subject, error: RetryableError, now: float) -> None:
        """Decide when to try again: the object alone, or, if the server is away, everything."""
        code = error.code if isinstance(error, ApiError) else 0
        if code == 404:
            self._voice.wrote("gone")
            self._forget(subject.ref)
            return
        self._voice.wrote("conflict" if code == 409 else "failed")
        # A 500 is about this object, as a rule: an admission webhook that fails for it.
        if not is_lasting(error) and code != 500:
            self._outages += 1
            wish = min(error.retry_after or 0.0, _LONGEST_WISH)
            self._paused_until = now + max(OUTAGE.delay(self._outages, random.random()), wish)
            self._turns.add(subject.ref)
            return
        pause = self._retries.failed(subject, conflict=code in _CONFLICTS, now=now, chance=random.random())
        if code != 409 and (code != 422 or self._retries.tries(subject.ref) > 1):
            why = explain(error, "patch", RESOURCES[subject.ref.kind], subject.ref.namespace)
            self._voice.complain(subject, Note("HostnameNotGenerated", why))
        self._turns.add(subject.ref, now + pause)

    def _timeout(self, now: float) -> float:
        if self._fresh and not self._unread:
            return 0.0
        deadline = now if self._unsaid else self._turns.deadline(now)
        if deadline is None or self._unread:
            return _RECHECK_SECONDS if None in self._covered.values() else _LONGEST_WAIT
        due = max(deadline, self._paused_until, now + self._allowance.wait(now))
        return min(max(0.0, due - now), _LONGEST_WAIT)


def shown(kind: str, generator: Generator) -> Callable[[RawObject], None]:
    """What a tap calls for each object of ``kind``; what cannot be read was complained of by its source."""

    def take(raw: RawObject) -> None:
        try:
            generator.show(kind, raw)
        except ConfigError:
            pass

    return take
