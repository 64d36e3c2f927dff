"""A plan that was saved for review, and is applied exactly as it stands later."""

import msgspec

from dnssync.errors import ConfigError
from dnssync.plan import Plan
from dnssync.providers import Zone


class ZonePlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """The plan of one zone."""

    zone: Zone
    plan: Plan


class PlanDocument(msgspec.Struct, frozen=True, tag_field="kind", tag="dnssync-plan/1", omit_defaults=True):
    """The plans of all zones, and what they were made for; ``created`` is an RFC 3339 time.

    ``held`` says why ``run`` would hold the deletes of all zones, and how to release them.
    """

    provider: str
    owner_id: str
    created: str
    zones: tuple[ZonePlan, ...] = ()
    held: str = ""

    def __bool__(self) -> bool:
        """Whether anything is to be done."""
        return any(zone.plan for zone in self.zones)


def encode(document: PlanDocument) -> bytes:
    """The JSON form, indented for reading."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def decode(data: bytes, file: str) -> PlanDocument:
    """The document in ``data``; ConfigError naming ``file`` if it holds none."""
    try:
        return msgspec.json.decode(data, type=PlanDocument)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is no saved plan of `dnssync plan --out FILE`: {error}") from None
