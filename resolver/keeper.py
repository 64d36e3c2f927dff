"""The server as users start it: one process that owns the truth, and workers that answer from replicas.

The keeper has the zones with all that can change them (files, feed, DNS UPDATE), opens the sockets, starts
the workers and replaces those that end. It answers no common question itself, so that nothing it does
slows an answer.
"""

import logging
import threading
import time
from collections.abc import Mapping
from secrets import token_hex

import msgspec

from resolver.answering import check_files
from resolver.bases import zone_bases
from resolver.config import ResolverConfig
from resolver.cookies import SECRET_SIZE
from resolver.crew import Crew
from resolver.errors import ResolverError
from resolver.names import Labels
from resolver.sockets import Opened, addresses_of, close_all, open_all
from resolver.truth import Truth
from resolver.zone import Layer, Update

log = logging.getLogger(__name__)

# Seconds in which every worker must answer from a change; it takes a millisecond.
SETTLE_TIMEOUT = 5.0


class Keeper:
    """``bind``, then ``start``; ``apply`` may be called from any thread, before and after."""

    def __init__(self, config: ResolverConfig, *, serials: Mapping[str, int] | None = None) -> None:
        """``serials``: the least SOA serial per zone, where a former process has used higher ones."""
        # All workers must know each other's cookies.
        secrets = config.cookie_secrets or (token_hex(SECRET_SIZE),)
        self._config = msgspec.structs.replace(config, cookie_secrets=secrets)
        self.truth = Truth(zone_bases(config), now=int(time.time()), serials=serials)
        self._shares: list[list[Opened]] = []
        self.crew: Crew | None = None
        self.addresses: tuple[str, ...] = ()

    def bind(self) -> tuple[str, ...]:
        """Open all sockets and tell their addresses with real ports; raises ResolverError, with none left."""
        check_files(self._config)
        self._shares = open_all(self._config.listen, self._config.workers)
        try:
            secure = open_all(self._config.secure_listen, self._config.workers, secure=True)
        except ResolverError:
            close_all(self._shares)
            raise
        self._shares = [[*plain, *others] for plain, others in zip(self._shares, secure, strict=True)]
        self.addresses = addresses_of(self._shares)
        return self.addresses

    def start(self) -> None:
        """Start the workers and wait until they answer; raises ResolverError."""
        self.crew = Crew(self._config, self.truth, self._shares)
        self.crew.start()

    def run(self, stop: threading.Event) -> None:
        """Serve until ``stop`` is set, and close; raises ResolverError if the workers do not start."""
        try:
            self.start()
            stop.wait()
        finally:
            self.close()

    def stage(self, zone: str | Labels, update: Update, layer: Layer = Layer.GIVEN) -> tuple[int, int]:
        """Take an update of one zone, whole: the zone's serial, and the number of the change to wait for.

        Raises ResolverError, with nothing taken.
        """
        with self.truth.lock:
            _, serial = self.truth.apply(zone, update, now=int(time.time()), layer=layer)
            return serial, self.truth.number

    def settle(self, number: int) -> None:
        """Wait until all workers answer from every change up to ``number``, or have had their time."""
        if self.crew and not self.crew.settle(number, SETTLE_TIMEOUT):
            log.warning("a worker takes no changes", extra={"reason": f"change {number} is not confirmed"})

    def apply(self, zone: str | Labels, update: Update, layer: Layer = Layer.GIVEN) -> int:
        """Take an update of one zone and give its serial, once all workers answer from it."""
        serial, number = self.stage(zone, update, layer)
        self.settle(number)
        return serial

    def close(self) -> None:
        """End the workers and close all sockets; safe to call twice."""
        if self.crew:
            self.crew.close()
        close_all(self._shares)
