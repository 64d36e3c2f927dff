"""Endpoints, records and plans as text for people and for programs. Pure: strings out, nothing printed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from dnssync.changes import Action, Change
from dnssync.endpoints import LABEL_OWNER, LABEL_RESOURCE, Endpoint
from dnssync.plan import Plan
from dnssync.providers import Zone
from dnssync.zones import distinct_names

Tone = Literal["heading", "create", "update", "delete", "skipped", "plain"]
_SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.DELETE: "-"}


class Line(NamedTuple):
    """One line of text, and what it is about, from which a terminal takes its colour."""

    tone: Tone
    text: str


class Table(NamedTuple):
    """Rows of cells under named columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def endpoint_table(endpoints: Iterable[Endpoint]) -> Table:
    """What objects want, by name and type."""
    rows = (
        (endpoint.dns_name, *_data(endpoint), endpoint.labels.get(LABEL_RESOURCE, ""))
        for endpoint in _sorted(endpoints)
    )
    return Table(("NAME", "TYPE", "TTL", "TARGETS", "SETTINGS", "OBJECT"), tuple(rows))


def record_table(records: Iterable[tuple[Zone, Sequence[Endpoint]]]) -> Table:
    """What the provider holds, by zone, name and type."""
    records = list(records)
    names = distinct_names((zone.id, zone.name) for zone, _ in records)
    rows = (
        (
            names[zone.id],
            record.dns_name,
            *_data(record),
            _label(record, LABEL_OWNER),
            _label(record, LABEL_RESOURCE),
        )
        for zone, held in records
        for record in _sorted(held)
    )
    return Table(("ZONE", "NAME", "TYPE", "TTL", "TARGETS", "SETTINGS", "OWNER", "OBJECT"), tuple(rows))


def endpoint_objects(endpoints: Iterable[Endpoint]) -> list[dict[str, Any]]:
    """What objects want, in the JSON form of a DNSEndpoint's endpoints."""
    return [msgspec.to_builtins(endpoint) for endpoint in _sorted(endpoints)]


def record_objects(records: Iterable[tuple[Zone, Sequence[Endpoint]]]) -> list[dict[str, Any]]:
    """What the provider holds: as endpoint_objects, with the zone's name and id."""
    return [
        {"zone": zone.name, "zoneID": zone.id} | record
        for zone, held in records
        for record in endpoint_objects(held)
    ]


def to_json(value: Any) -> str:
    """Indented JSON with a final newline."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def to_yaml(value: Any) -> str:
    """YAML in block style, keys in their order."""
    import yaml

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False)


def columns(table: Table) -> str:
    """The table with aligned columns; empty columns are left out."""
    cells = _used_columns(table)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "".join(line.rstrip() + "\n" for line in lines)


def markdown(table: Table) -> str:
    """The table for a merge request; empty columns are left out."""
    head, *rows = _used_columns(table)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in lines)


def plan_lines(plans: Mapping[str, Plan]) -> Iterator[Line]:
    """Every zone's changes with old and new values, then what is left alone, then the sum. Keys are zones."""
    for zone, plan in plans.items():
        if plan.changes or plan.skipped:
            yield Line("heading", zone)
        for change in plan.changes:
            yield Line(_tone(change), f"  {_SIGNS[change.action]} {_change(change)}")
        for skipped in plan.skipped:
            yield Line("skipped", f"  ! {skipped.message}")
    yield Line("plain", summary(plans.values()))


def plan_markdown(plans: Mapping[str, Plan], held: str = "") -> str:
    """The plan as tables for a merge request, and why its deletes would be ``held``."""
    parts = []
    for zone, plan in plans.items():
        changes = tuple((change.action.value, *_change_cells(change)) for change in plan.changes)
        skipped = tuple((entry.reason.value, entry.message) for entry in plan.skipped)
        for table in (
            Table(("Action", "Name", "Type", "Old", "New", "Object"), changes),
            Table(("Left alone", "Why"), skipped),
        ):
            if table.rows:
                parts.append(f"### {zone}\n\n{markdown(table)}\n")
    notice = f"\n> {held}\n" if held else ""
    return "".join(parts) + summary(plans.values()) + "\n" + notice


def summary(plans: Iterable[Plan]) -> str:
    """``1 to create, 2 to update, 0 to delete; 3 left alone (foreign-owner 2, domain-filter 1).``"""
    actions: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for plan in plans:
        actions.update(change.action for change in plan.changes)
        reasons.update(skipped.reason for skipped in plan.skipped)
    counts = ", ".join(f"{actions[action]} to {action.value}" for action in Action)
    text = counts if actions else "Nothing to change"
    if reasons:
        why = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items()))
        text += f"; {reasons.total()} left alone ({why})"
    return f"{text}."


def _sorted(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    return sorted(endpoints, key=lambda endpoint: endpoint.key)


def _label(endpoint: Endpoint, label: str) -> str:
    return endpoint.labels.get(label, "")


def _data(endpoint: Endpoint) -> tuple[str, str, str, str]:
    """Type, TTL, targets and settings."""
    settings = [f"{entry.name}={entry.value}" for entry in endpoint.provider_specific]
    if endpoint.set_identifier:
        settings.insert(0, f"set={endpoint.set_identifier}")
    ttl = str(endpoint.ttl) if endpoint.ttl else ""
    return endpoint.record_type, ttl, ",".join(endpoint.targets), " ".join(settings)


def _used_columns(table: Table) -> list[list[str]]:
    used = [index for index in range(len(table.columns)) if any(row[index] for row in table.rows)]
    kept = used if table.rows else range(len(table.columns))
    return [[row[index] for index in kept] for row in (table.columns, *table.rows)]


def _tone(change: Change) -> Tone:
    return change.action.value


def _content(endpoint: Endpoint | None) -> str:
    """Everything of a record that can change, on one line."""
    return " ".join(part for part in _data(endpoint)[1:] if part) if endpoint else ""


def _change_cells(change: Change) -> tuple[str, str, str, str, str]:
    """Name, type, old content, new content, object."""
    endpoint = change.endpoint
    resource = _label(endpoint, LABEL_RESOURCE)
    return endpoint.dns_name, endpoint.record_type, _content(change.old), _content(change.new), resource


def _change(change: Change) -> str:
    name, kind, old, new, resource = _change_cells(change)
    content = f"{old} → {new}" if change.action is Action.UPDATE else new or old
    return f"{name} {kind} {content}" + (f"  ({resource})" if resource else "")
