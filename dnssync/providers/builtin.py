"""The bundled resolver as a provider (``--provider builtin``): records are answered at once, from memory.

The resolver runs in a process of its own, which is fed and kept alive from here. Nothing is stored: the
records are computed from the cluster again after a restart, so ownership markers have no use here (the
``noop`` registry goes with this provider). Besides the records the zones answer IP-encoded names.
"""

import re
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dnssync.changes import Bundle, Outcome
from dnssync.domains import DomainFilter
from dnssync.endpoints import Endpoint
from dnssync.errors import ConfigError
from dnssync.names import ascii_name, longest_zone
from dnssync.providers import Zone

if TYPE_CHECKING:
    from resolver.config import ResolverConfig
    from resolver.feeding.protocol import Ack, FeedRecord, FeedUpdate

DEFAULT_TTL = 300

_NO_ANSWER = "the resolver process does not answer; it is being started again"
_MAX_STRING = 255
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)

_Name = tuple[str, str]
_Variants = Mapping[str, Endpoint]
_Records = dict[_Name, _Variants]


class BuiltinProvider:
    """Serves zones from a child process; ``zones`` starts it.

    A name and type that exists under several set identifiers becomes one RRset: all their targets, in the
    order of the identifiers, and the smallest TTL; of several CNAMEs the first. There is no weighing here.
    """

    name = "builtin"

    def __init__(self, config: "ResolverConfig") -> None:
        """``config`` has the zones and addresses; nothing is started yet."""
        from resolver.feeding.supervisor import Supervisor

        self._zones = [Zone(name, name) for name in map(ascii_name, config.zones)]
        self._resolver = Supervisor(config)
        self._records: dict[str, _Records] = {zone.id: {} for zone in self._zones}
        self._lock = threading.Lock()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where questions are answered, ``ADDRESS:PORT``; empty before the start."""
        return self._resolver.addresses

    @property
    def pid(self) -> int | None:
        """The id of the resolver's process; None while there is none."""
        return self._resolver.pid

    def zones(self) -> list[Zone]:
        """The configured zones; raises ConfigError if the resolver cannot start (an address is taken)."""
        try:
            self._resolver.start()
        except (ValueError, OSError) as error:
            raise ConfigError(f"builtin resolver: {error}") from error
        return list(self._zones)

    def records(self, zone: Zone) -> list[Endpoint]:
        """The endpoints as they were given."""
        with self._lock:
            held = list(self._records.get(zone.id, {}).values())
        return [endpoint for variants in held for endpoint in variants.values()]

    def apply(self, zone: Zone, bundles: Sequence[Bundle]) -> list[Outcome]:
        """Feed the bundles; each that succeeds is answered from when this returns."""
        with self._lock:
            held = self._records.get(zone.id, {})
        staged = _stage(held, bundles)
        acks = self._resolver.send([_update(zone, part) for part in staged])
        with self._lock:
            for part, ack in zip(staged, acks, strict=False):
                if not ack.error:
                    held.update(part)
                    for key in [key for key, variants in part.items() if not variants]:
                        del held[key]
        lost = bundles[len(acks) :]
        return [*map(_outcome, bundles, acks), *(Outcome(bundle, _NO_ANSWER) for bundle in lost)]

    def adjust(self, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
        """The endpoints themselves: ``records`` gives back what it was given."""
        return list(endpoints)

    def zones_for(self, endpoint: Endpoint, zones: Sequence[Zone]) -> list[Zone]:
        """The zone with the longest name that holds the endpoint's."""
        best = longest_zone(ascii_name(endpoint.dns_name), [zone.name for zone in zones])
        return [zone for zone in zones if zone.name == best][:1]

    def domain_filter(self, zones: Sequence[Zone]) -> DomainFilter:
        """The zones' names."""
        return DomainFilter(include=tuple(zone.name for zone in zones))

    def close(self) -> None:
        """End the resolver."""
        self._resolver.close()


def _stage(held: Mapping[_Name, _Variants], bundles: Sequence[Bundle]) -> list[_Records]:
    """Per bundle, the RRsets that it touches as they are after it and those before it."""
    after: _Records = {}
    staged: list[_Records] = []
    for bundle in bundles:
        part: dict[_Name, dict[str, Endpoint]] = {}
        for change in bundle.changes:
            for endpoint, is_wanted in ((change.old, False), (change.new, True)):
                if endpoint:
                    key = (ascii_name(endpoint.dns_name), endpoint.record_type)
                    variants = part.setdefault(key, dict(after.get(key, held.get(key, {}))))
                    variants.pop(endpoint.set_identifier, None)
                    if is_wanted:
                        variants[endpoint.set_identifier] = endpoint
        staged.append(dict(part))
        after.update(staged[-1])
    return staged


def _update(zone: Zone, part: Mapping[_Name, _Variants]) -> "FeedUpdate":
    from resolver.feeding.protocol import FeedUpdate

    records = tuple(_record(key, variants) for key, variants in part.items() if variants)
    return FeedUpdate(zone.name, records, tuple(key for key, variants in part.items() if not variants))


def _record(key: _Name, variants: _Variants) -> "FeedRecord":
    from resolver.feeding.protocol import FeedRecord

    name, rtype = key
    endpoints = [variants[identifier] for identifier in sorted(variants)]
    targets = dict.fromkeys(target for endpoint in endpoints for target in endpoint.targets)
    chosen = list(targets)[:1] if rtype == "CNAME" else list(targets)
    ttl = min((endpoint.ttl for endpoint in endpoints if endpoint.ttl), default=DEFAULT_TTL)
    return FeedRecord(
        name, rtype, ttl, tuple(_text(target) if rtype == "TXT" else target for target in chosen)
    )


def _text(target: str) -> str:
    """A TXT target as quoted strings of at most 255 bytes (RFC 1035 §3.3.14); quoted ones are kept."""
    quoted = _QUOTED.fullmatch(target)
    if target.startswith('"') and (not quoted or len(target) <= _MAX_STRING + 2 or "\\" in target):
        return target
    raw = (target[1:-1] if quoted else target).encode()
    strings = [raw[start : start + _MAX_STRING] for start in range(0, len(raw), _MAX_STRING)] or [b""]
    return " ".join(f'"{"".join(map(_escape, string))}"' for string in strings)


def _escape(byte: int) -> str:
    return chr(byte) if 0x20 <= byte < 0x7F and byte not in b'"\\' else f"\\{byte:03d}"


def _outcome(bundle: Bundle, ack: "Ack") -> Outcome:
    return Outcome(bundle, ack.error, retryable=False) if ack.error else Outcome(bundle)
