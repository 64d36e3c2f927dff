"""A fed resolver that stays alive: a dead process is replaced, on the same ports, with all its records."""

import logging
import threading
import time
from collections.abc import Sequence

import msgspec

from resolver.config import ResolverConfig
from resolver.errors import ResolverError
from resolver.feeding.child import Child
from resolver.feeding.protocol import Ack, FeedRecord, FeedUpdate, Start

log = logging.getLogger(__name__)

# Seconds: how long ``send`` waits for a new process, the pauses before one, and the life that ends them.
PATIENCE = 10.0
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0
_GOOD_LIFE = 10.0

_Held = dict[tuple[str, str], FeedRecord]


class Supervisor:
    """Owns the process and remembers what it was fed. All methods may be called from any thread."""

    def __init__(self, config: ResolverConfig) -> None:
        self._config = config
        self._held: dict[str, _Held] = {}
        self._serials: dict[str, int] = {}
        self._child: Child | None = None
        # Guards everything above and is notified when there is a new child.
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None
        self.addresses: tuple[str, ...] = ()

    @property
    def pid(self) -> int | None:
        """The id of the process that answers now; None while there is none."""
        child = self._child
        return child.pid if child else None

    def start(self) -> tuple[str, ...]:
        """Start the process if it was not yet, and give its addresses; raises ResolverError."""
        with self._changed:
            if self._watcher is None:
                child = self._spawn()
                self._watcher = threading.Thread(
                    target=self._watch, args=(child,), name="resolver-watch", daemon=True
                )
                self._watcher.start()
            return self.addresses

    def send(self, updates: Sequence[FeedUpdate]) -> list[Ack]:
        """Feed the updates; one acknowledgement each, in order.

        Fewer come back if no process is there to take the rest within ``PATIENCE``; what is missing is
        not in effect and will not be.
        """
        self.start()
        acks: list[Ack] = []
        deadline = time.monotonic() + PATIENCE
        while len(acks) < len(updates):
            with self._changed:
                left = max(0.0, deadline - time.monotonic())
                if not self._changed.wait_for(lambda: self._child or self._closing.is_set(), left):
                    break
                if self._child is None:
                    break
                acks += self._exchange(self._child, updates[len(acks) :])
        return acks

    def close(self) -> None:
        """End the process for good; safe to call twice."""
        self._closing.set()
        with self._changed:
            if self._child:
                self._child.close()
            self._child = None
            self._changed.notify_all()
        if self._watcher:
            self._watcher.join()

    def _exchange(self, child: Child, updates: Sequence[FeedUpdate]) -> list[Ack]:
        acks = child.exchange(updates)
        for update, ack in zip(updates, acks, strict=False):
            if not ack.error:
                self._remember(update, ack.serial)
        if len(acks) < len(updates):
            self._child = None
        return acks

    def _remember(self, update: FeedUpdate, serial: int) -> None:
        held = self._held.setdefault(update.zone, {})
        self._serials[update.zone] = serial
        if update.replace:
            held.clear()
        for key in update.delete:
            held.pop(key, None)
        held.update({(entry.name, entry.type): entry for entry in update.set})

    def _spawn(self) -> Child:
        """Start a process with all that the last one held, on the ports that it had."""
        config = msgspec.structs.replace(self._config, listen=self.addresses or self._config.listen)
        updates = tuple(FeedUpdate(zone, tuple(held.values())) for zone, held in self._held.items())
        child = Child(Start(config, updates, self._serials))
        self._child, self.addresses = child, child.addresses
        self._changed.notify_all()
        return child

    def _watch(self, child: Child) -> None:
        pause = _FIRST_PAUSE
        while True:
            born = time.monotonic()
            code = child.wait()
            pause = _FIRST_PAUSE if time.monotonic() - born > _GOOD_LIFE else pause
            with self._changed:
                self._child = None
            child.close()
            while not self._closing.wait(pause):
                log.warning(
                    "starting a new resolver process",
                    extra={"reason": f"the last one ended with code {code}"},
                )
                pause = min(pause * 2, _LONGEST_PAUSE)
                replacement = self._replace()
                if replacement:
                    child = replacement
                    break
            else:
                return

    def _replace(self) -> Child | None:
        with self._changed:
            if self._closing.is_set():
                return None
            try:
                return self._spawn()
            except (ResolverError, OSError) as error:
                log.error("the resolver process cannot be started: %s", error, extra={"reason": str(error)})
                return None
