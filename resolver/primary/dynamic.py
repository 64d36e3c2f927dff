"""Dynamic updates taken into the zones: checked, journalled, applied; and read back at the start."""

import logging
from collections.abc import Iterable, Sequence

import msgspec

from resolver.answers.answer import Rcode
from resolver.answers.sections import Message
from resolver.config import zone_text
from resolver.errors import ResolverError
from resolver.names import Labels, fold, to_text
from resolver.primary.access import Access
from resolver.primary.journal import Entry, Journal
from resolver.primary.replay import Replays
from resolver.primary.tsig import FUDGE, Signature
from resolver.primary.update import (
    CLASS_ANY,
    CLASS_IN,
    CLASS_NONE,
    RejectedError,
    check_entries,
    check_grants,
    check_prerequisites,
    plan_update,
    read_entries,
)
from resolver.records import RRset
from resolver.zones.history import is_newer
from resolver.zones.truth import Truth
from resolver.zones.zone import Layer, Update, Zone

log = logging.getLogger(__name__)

# So many serials are taken down at once, before the first of them is used.
_RESERVE = 1000

_SOA = 6
_State = dict[tuple[Labels, int], RRset | None]


class Updates:
    """Applies signed updates, all or nothing, each on the disk before it is in effect."""

    def __init__(self, truth: Truth, access: Access, journal: Journal | None, *, now: int) -> None:
        """Brings back what the journal has; ``now`` is in seconds and feeds the serials."""
        self._truth = truth
        self.access = access
        self._journal = journal
        self.replays = Replays()
        self._reserved: dict[Labels, int] = {}
        # Of zones that are not served now: they keep what they had for the day they are.
        self._elsewhere: dict[Labels, Entry] = {}
        if journal:
            self._restore(journal.entries, now)
            journal.entries = []
        for origin, zone in truth.zones.items():
            self.reserve(origin, zone.serial)

    def take(self, message: Message, signature: Signature, now: int) -> None:
        """Do what an UPDATE with this good signature says.

        Raises RejectedError or MalformedError, and OSError if it cannot be kept; nothing was done then.
        """
        if message.type != _SOA:
            raise RejectedError(Rcode.FORMERR, "the zone section has no SOA in it (RFC 2136 §3.1.1)")
        zone = self._truth.zones.get(fold(message.name))
        if zone is None or message.rclass != CLASS_IN:
            raise RejectedError(Rcode.NOTAUTH, f"{to_text(message.name)} is not a zone of this server")
        prerequisites = read_entries(message, message.answer, without_data=(CLASS_ANY, CLASS_NONE))
        entries = read_entries(message, message.authority, without_data=(CLASS_ANY,))
        with self._truth.lock:
            check_prerequisites(prerequisites, zone, self._owner)
            check_entries(entries, zone, self._owner)
            check_grants(
                entries, zone, lambda name, rtype: self.access.may_update(signature.key, name, rtype)
            )
            update = plan_update(entries, zone)
            if update != Update():
                serial = max(zone.serial + 1, now)
                by = (signature.key, signature.time, signature.mac)
                self._keep(Entry(zone.origin, serial, update, *by))
                self._truth.apply(zone.origin, update, now=now, layer=Layer.DYNAMIC)

    def reserve(self, origin: Labels, serial: int) -> None:
        """Make sure that a zone which has had ``serial`` goes on above it after whatever may happen.

        A secondary takes nothing from a primary whose serial has fallen.
        """
        reserved = self._reserved.get(origin)
        if self._journal is None or (reserved is not None and not is_newer(serial, reserved)):
            return
        try:
            self._keep(Entry(origin, serial + _RESERVE))
            self._reserved[origin] = serial + _RESERVE
        except OSError as error:
            log.error(
                "the serial cannot be kept: %s",
                error,
                extra={"zone": zone_text(origin), "reason": str(error)},
            )

    def close(self) -> None:
        """Let go of the journal."""
        if self._journal:
            self._journal.close()

    def _owner(self, name: Labels) -> Labels | None:
        suffixes = (name[start:] for start in range(len(name) + 1))
        return next((suffix for suffix in suffixes if suffix in self._truth.zones), None)

    def _keep(self, entry: Entry) -> None:
        if self._journal:
            if not self._journal.is_sound:
                self._journal.rewrite(self._snapshot())
            elif self._journal.has_grown:
                self._shrink(self._journal)
            self._journal.append(entry)

    def _shrink(self, journal: Journal) -> None:
        try:
            journal.rewrite(self._snapshot())
        except OSError as error:
            log.warning("the journal cannot be written anew and grows on: %s", error)

    def _snapshot(self) -> list[Entry]:
        zones = self._truth.zones.values()
        held = [
            Entry(zone.origin, _later(self._reserved.get(zone.origin), zone.serial), _whole(zone))
            for zone in zones
        ]
        marks = [Entry((), 0, Update(), key, signed) for key, signed in self.replays.latest().items()]
        return [*held, *self._elsewhere.values(), *marks]

    def _remember(self, entry: Entry) -> None:
        if entry.mac:
            self.replays.add(Signature(entry.key, (), entry.signed, FUDGE, 0, entry.mac), b"")
        elif entry.is_mark:
            self.replays.add_floor(entry.key, entry.signed)

    def _restore(self, entries: Sequence[Entry], now: int) -> None:
        for entry in entries:
            self._remember(entry)
        for origin, entry in fold_entries(entries).items():
            zone = self._truth.zones.get(origin)
            if zone:
                _bring_back(zone, entry, now)
            else:
                self._elsewhere[origin] = entry


def fold_entries(entries: Iterable[Entry]) -> dict[Labels, Entry]:
    """What all entries come to, one for each zone. Pure."""
    states: dict[Labels, _State] = {}
    serials: dict[Labels, int] = {}
    for entry in entries:
        if not entry.is_mark:
            serials[entry.zone] = _later(serials.get(entry.zone), entry.serial)
            _fold(states.setdefault(entry.zone, {}), entry.update)
    return {origin: Entry(origin, serials[origin], _update_of(state)) for origin, state in states.items()}


def _later(one: int | None, other: int) -> int:
    """The later of two serials, which may have gone round."""
    return other if one is None or is_newer(other, one) else one


def _fold(state: _State, update: Update) -> None:
    if update.replace:
        state.clear()
    for key in update.delete:
        state.pop(key, None)
    state.update(dict.fromkeys(update.hide))
    state.update({(rrset.name, rrset.type): rrset for rrset in update.set})


def _update_of(state: _State) -> Update:
    rrsets = tuple(rrset for rrset in state.values() if rrset)
    return Update(set=rrsets, hide=tuple(key for key, rrset in state.items() if rrset is None), replace=True)


def _whole(zone: Zone) -> Update:
    return _update_of({(name, rtype): rrset for name, rtype, rrset in zone.layer(Layer.DYNAMIC)})


def _bring_back(zone: Zone, entry: Entry, now: int) -> None:
    # The serial goes on from where it was, whatever the clock says now.
    zone.advance(entry.serial + 1)
    try:
        zone.apply(entry.update, now=now, layer=Layer.DYNAMIC)
    except ResolverError:
        _bring_back_singly(zone, entry.update, now)


def _bring_back_singly(zone: Zone, update: Update, now: int) -> None:
    zone.apply(msgspec.structs.replace(update, set=(), replace=True), now=now, layer=Layer.DYNAMIC)
    for rrset in update.set:
        try:
            zone.apply(Update(set=(rrset,)), now=now, layer=Layer.DYNAMIC)
        except ResolverError as error:
            log.warning(
                "a record of the journal has no place any more: %s",
                error,
                extra={"record": to_text(rrset.name), "zone": zone_text(zone.origin), "reason": str(error)},
            )
