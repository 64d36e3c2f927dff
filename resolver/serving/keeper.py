"""The server as users start it: one process that owns the truth, and workers that answer from replicas.

The keeper has the zones with all that can change them (files, feed, DNS UPDATE), opens the sockets, starts
the workers and replaces those that end. It answers no common question itself, so that nothing it does
slows an answer.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from secrets import token_hex
from typing import TYPE_CHECKING

import msgspec

from resolver.answers.responder import Transport
from resolver.answers.synthesis import rules_of
from resolver.config import ResolverConfig, zone_text
from resolver.errors import ResolverError
from resolver.names import Labels
from resolver.safety.cookies import SECRET_SIZE
from resolver.serving.answering import check_files
from resolver.serving.crew import Crew
from resolver.serving.files import check_readable, files_of, stamp, with_files
from resolver.serving.messages import Forward
from resolver.serving.sockets import Opened, addresses_of, close_all, open_all
from resolver.telemetry.metrics import Snapshot, WorkerState, ZoneState, exposition
from resolver.telemetry.web import Pages, WebServer
from resolver.zones.bases import zone_bases
from resolver.zones.static import read_static
from resolver.zones.truth import Truth
from resolver.zones.zone import Layer, Update

if TYPE_CHECKING:
    from resolver.primary.authority import Authority

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
        self._stamp = stamp(config.static)
        # What the workers read themselves is not for them alone where signed questions are answered here.
        self._rule_files = (*files_of(config), *config.tsig_key_files)
        self._rule_stamp = stamp(self._rule_files)
        self.truth = Truth(zone_bases(config, read_static(config)), now=int(time.time()), serials=serials)
        self._shares: list[list[Opened]] = []
        self.crew: Crew | None = None
        self.web: WebServer | None = None
        self._authority: Authority | None = None
        self.addresses: tuple[str, ...] = ()

    def bind(self, inherited: Sequence[Opened] = ()) -> tuple[str, ...]:
        """Open all sockets and tell their addresses with real ports; raises ResolverError, with none left.

        ``inherited`` sockets are taken in place of those to be opened; all workers share them.
        """
        if inherited:
            _check_secure(inherited, self._config)
        self._shares = [list(inherited)] * self._config.workers if inherited else self._open()
        self.addresses = addresses_of(self._shares)
        if self._config.metrics_address:
            pages = Pages(lambda: self.is_ready, lambda: exposition(self.snapshot()))
            try:
                self.web = WebServer(self._config.metrics_address, pages)
            except ResolverError:
                close_all(self._shares)
                raise
        return self.addresses

    def _open(self) -> list[list[Opened]]:
        shares = open_all(self._config.listen, self._config.workers)
        try:
            secure = open_all(self._config.secure_listen, self._config.workers, secure=True)
        except ResolverError:
            close_all(shares)
            raise
        return [[*plain, *others] for plain, others in zip(shares, secure, strict=True)]

    def start(self) -> None:
        """Start the workers and wait until they answer; raises ResolverError."""
        check_files(self._config)
        # They were read before this process became another user, who has to read them again.
        check_readable(self._config.static, "the records")
        self._authority = _authority(self._config, self.truth, settle=lambda: self.settle(self.truth.number))
        handle = self._answer_forwarded if self._authority else None
        # Who talks to strangers needs no keys.
        public = msgspec.structs.replace(self._config, tsig_keys=())
        self.crew = Crew(public, self.truth, self._shares, handle)
        self.crew.start()

    def _answer_forwarded(self, message: Forward) -> Iterator[bytes]:
        from resolver.primary.authority import Peer

        assert self._authority, "nothing is forwarded without it"
        peer = Peer(message.host, message.port)
        return self._authority.handle(message.wire, peer, Transport(message.transport))

    @property
    def is_ready(self) -> bool:
        """Whether a worker answers."""
        return self.crew is not None and any(place.is_live for place in self.crew.places)

    def snapshot(self) -> Snapshot:
        """What the metrics show now."""
        places = self.crew.places if self.crew else []
        workers = [WorkerState(place.is_live, place.starts, place.counts) for place in places]
        with self.truth.lock:
            zones = [
                ZoneState(zone_text(zone.origin), zone.serial, zone.size)
                for zone in self.truth.zones.values()
            ]
            return Snapshot(workers, zones, self.truth.number)

    def refresh(self) -> None:
        """``reload`` what stands in a file that has changed."""
        found = stamp(self._config.static)
        if found != self._stamp:
            self._stamp = found
            self._reload_static()
        found = stamp(self._rule_files)
        if found != self._rule_stamp:
            self._rule_stamp = found
            self._reload_rules()

    def reload(self) -> None:
        """Read all files again, here and in the workers; what is wrong in them leaves all as it was."""
        self._stamp, self._rule_stamp = stamp(self._config.static), stamp(self._rule_files)
        self._reload_static()
        self._reload_rules()
        if self.crew:
            self.crew.reload()

    def _reload_static(self) -> None:
        try:
            bases = zone_bases(self._config, read_static(self._config))
        except ResolverError as error:
            log.error("keeping the former records: %s", error, extra={"reason": str(error)})
            return
        before = self.truth.number
        for problem in self.truth.rebase(bases, now=int(time.time())):
            log.error("%s", problem)
        if self.truth.number != before:
            self.settle(self.truth.number)
        log.info("read the files of records again", extra={"reason": ", ".join(self._config.static)})

    def _reload_rules(self) -> None:
        if not self._authority:
            return
        from resolver.primary.access import read_access

        try:
            self._authority.obey(rules_of(with_files(self._config)), read_access(self._config))
        except ResolverError as error:
            log.error("keeping the former keys and lists: %s", error, extra={"reason": str(error)})

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
        if self._authority:
            self._authority.close()
        if self.web:
            self.web.close()
        self.crew = self._authority = self.web = None
        close_all(self._shares)


def _check_secure(inherited: Sequence[Opened], config: ResolverConfig) -> None:
    has_secure = any(opened.secure for opened in inherited)
    if has_secure and not config.tls_cert:
        raise ResolverError(
            "a socket of the service manager is for DNS over TLS, but there is no certificate (--tls-cert)"
        )
    if config.tls_cert and not has_secure:
        log.warning(
            "no DNS over TLS: none of the service manager's sockets is for it",
            extra={"reason": "want one with FileDescriptorName=tls"},
        )


def _authority(config: ResolverConfig, truth: Truth, settle: Callable[[], None]) -> "Authority | None":
    """What answers updates, transfers and signed questions, if any are allowed; raises ResolverError."""
    keys = (config.tsig_keys, config.tsig_key_files, config.allow_updates)
    if not any((*keys, config.allow_transfers, config.notify, config.journal)):
        return None
    # Most servers do without, and without dnspython.
    from resolver.primary.access import read_access
    from resolver.primary.authority import Authority
    from resolver.primary.journal import Journal

    access = read_access(config)
    journal = Journal(config.journal) if config.journal else None
    return Authority(
        truth, rules_of(with_files(config)), access, journal=journal, clock=time.time, settle=settle
    )
