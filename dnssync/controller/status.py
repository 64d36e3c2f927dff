"""The controller's state of health as one immutable value, for /healthz, /readyz and the metrics."""

from typing import Literal

import msgspec

STUCK_AFTER = 120.0
"""Seconds without a turn of the loop after which it counts as stuck; it turns twice a minute."""


class SourceState(msgspec.Struct, frozen=True):
    """What is known of one source: whether it was ever read whole, and why it cannot be read now."""

    listed: bool = False
    objects: int = 0
    error: str = ""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of the controller after one turn. ``beat`` is the monotonic time of that turn, in seconds."""

    beat: float = 0.0
    sources: dict[str, SourceState] = {}
    zones: tuple[str, ...] | None = None
    """The names of the provider's zones, None before they were read."""
    zones_error: str = ""
    zone_errors: dict[str, str] = {}
    record_errors: dict[str, str] = {}
    synced: bool = False
    held_deletes: int = 0
    deletes_notice: str = ""
    held_targets: int = 0
    pending: int = 0


class Health(msgspec.Struct, frozen=True):
    """``degraded`` goes on working and says what it cannot do; ``failing`` should be restarted."""

    status: Literal["ok", "degraded", "failing"]
    reasons: tuple[str, ...] = ()


def health(status: Status, now: float) -> Health:
    """What to answer to someone who asks how it goes, at the monotonic time ``now``."""
    if now - status.beat > STUCK_AFTER:
        return Health("failing", (f"the controller has not moved for {now - status.beat:.0f} s",))
    reasons = [f"source {name}: {state.error}" for name, state in status.sources.items() if state.error]
    if status.zones_error:
        reasons.append(f"zones: {status.zones_error}")
    reasons += [f"zone {zone}: {error}" for zone, error in status.zone_errors.items()]
    refused = list(status.record_errors.items())[:20]
    reasons += [f"record {name.removesuffix('.')}: {error}" for name, error in refused]
    if status.deletes_notice:
        reasons.append(status.deletes_notice)
    return Health("degraded" if reasons else "ok", tuple(reasons))


def ready(status: Status) -> bool:
    """Whether a first full sync was done: every source read whole, every zone read or at least tried, and
    everything possible applied. One zone that cannot be read makes ``degraded``, not unready."""
    return status.synced
