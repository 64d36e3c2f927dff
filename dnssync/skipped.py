"""What is left alone on purpose, and why: the other half of every plan."""

from enum import StrEnum

import msgspec

from dnssync.endpoints import LABEL_OWNER, Endpoint


class SkipReason(StrEnum):
    """Why an endpoint was not acted upon; the words are stable and stand in logs and saved plans."""

    NOT_OWNED = "not-owned"
    FOREIGN_OWNER = "foreign-owner"
    CNAME_CONFLICT = "cname-conflict"
    LOST_CONFLICT = "lost-conflict"
    DOMAIN_FILTER = "domain-filter"
    RECORD_TYPE = "record-type"
    POLICY = "policy"
    NO_MARKER = "no-marker"
    NO_ZONE = "no-zone"
    TARGETS_HELD = "targets-held"


class Skipped(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An endpoint that was not acted upon. ``message`` is one clear line for the operator.

    ``other`` is who stands in the way: the foreign owner's id, or the resource that won a conflict.
    """

    endpoint: Endpoint
    reason: SkipReason
    message: str
    other: str = ""


def skip(endpoint: Endpoint, reason: SkipReason, why: str, *, other: str = "") -> Skipped:
    """A Skipped whose message begins with the record that it is about."""
    name = " ".join(
        part for part in (endpoint.dns_name, endpoint.record_type, endpoint.set_identifier) if part
    )
    return Skipped(endpoint, reason, f"{name}: {why}", other)


def skip_unowned(endpoint: Endpoint, held: Endpoint, owner_id: str) -> Skipped:
    """``endpoint`` cannot be written because ``held``, which stands there, is not ours."""
    other = held.labels.get(LABEL_OWNER, "")
    if other and other != owner_id:
        why = f"the {held.record_type} record there belongs to owner {other!r}, we are {owner_id!r}"
        return skip(endpoint, SkipReason.FOREIGN_OWNER, why, other=other)
    why = (
        f"the {held.record_type} record there has no ownership record of ours ({owner_id!r}); "
        "it is left alone until someone deletes it"
    )
    return skip(endpoint, SkipReason.NOT_OWNED, why)
