"""Resource record sets as Route 53 holds them: canonical names, sort order, XML in and out."""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape as xml_escape

import msgspec

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"

_PLAIN = re.compile(r"[a-z0-9_.\-]*")
_OCTAL = re.compile(r"\\([0-7]{3})")
_POLICY_FIELDS = ("Weight", "Region", "Failover", "MultiValueAnswer")
_POLICY_STRUCTURES = ("GeoLocation", "GeoProximityLocation", "CidrRoutingConfig")


class Alias(msgspec.Struct, frozen=True):
    """The AliasTarget of a set: a name elsewhere in AWS or in a hosted zone."""

    zone_id: str
    dns_name: str
    evaluate_target_health: bool


class Key(msgspec.Struct, frozen=True, order=True):
    """What tells one set of a zone from another."""

    name: str
    type: str
    set_identifier: str = ""


class RecordSet(msgspec.Struct, frozen=True):
    """One resource record set; ``policy`` holds the routing fields, flattened to (path, text) pairs."""

    name: str
    type: str
    set_identifier: str = ""
    ttl: int | None = None
    values: tuple[str, ...] = ()
    alias: Alias | None = None
    policy: tuple[tuple[str, str], ...] = ()
    health_check: str = ""

    @property
    def key(self) -> Key:
        return Key(self.name, self.type, self.set_identifier)

    @property
    def policy_kind(self) -> str:
        """``Weight``, ``Region`` …; empty for simple routing."""
        return self.policy[0][0].partition("/")[0] if self.policy else ""

    def matches(self, other: "RecordSet") -> bool:
        """Whether a DELETE of ``other`` names exactly this set; the order of values does not count."""
        return _unordered(self) == _unordered(other)


def _unordered(rrset: RecordSet) -> RecordSet:
    return msgspec.structs.replace(rrset, values=tuple(sorted(rrset.values)))


def canonical_name(text: str) -> str:
    """Lower case, trailing dot, and everything but a-z 0-9 - _ as a three-digit octal escape."""
    name = text.lower()
    if not name.endswith("."):
        name += "."
    if _PLAIN.fullmatch(name):
        return name
    return "".join(_escaped(part) for part in _characters(name))


def _characters(name: str) -> Iterator[str]:
    """The characters of a name, where an escape counts as one."""
    position = 0
    while position < len(name):
        found = _OCTAL.match(name, position)
        yield found.group() if found else name[position]
        position = found.end() if found else position + 1


def _escaped(part: str) -> str:
    if len(part) > 1 or _PLAIN.fullmatch(part):
        return part
    return "".join(f"\\{byte:03o}" for byte in part.encode())


def sort_key(key: Key) -> tuple[str, str, str]:
    """Labels reversed, each followed by its dot: ``a-b.x.`` comes before ``a.x.``, as documented."""
    labels = key.name.removesuffix(".").split(".")
    return ".".join(reversed(labels)) + ".", key.type, key.set_identifier


def text_of(element: ET.Element, path: str) -> str | None:
    """The text at ``path``, namespaces ignored; None where there is no such element."""
    node: ET.Element | None = element
    for step in path.split("/"):
        node = next((child for child in node if local(child) == step), None) if node is not None else None
    return None if node is None else (node.text or "")


def local(element: ET.Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if local(child) == name]


def parse(element: ET.Element) -> RecordSet:
    """A ``<ResourceRecordSet>`` of a request."""
    ttl = text_of(element, "TTL")
    holders = children(element, "ResourceRecords")
    alias = children(element, "AliasTarget")
    return RecordSet(
        name=canonical_name(text_of(element, "Name") or ""),
        type=text_of(element, "Type") or "",
        set_identifier=text_of(element, "SetIdentifier") or "",
        ttl=None if ttl is None else int(ttl),
        values=tuple(text_of(record, "Value") or "" for holder in holders for record in holder),
        alias=_parse_alias(alias[0]) if alias else None,
        policy=tuple(_policy_pairs(element)),
        health_check=text_of(element, "HealthCheckId") or "",
    )


def _parse_alias(element: ET.Element) -> Alias:
    return Alias(
        zone_id=(text_of(element, "HostedZoneId") or "").removeprefix("/hostedzone/"),
        dns_name=canonical_name(text_of(element, "DNSName") or ""),
        evaluate_target_health=text_of(element, "EvaluateTargetHealth") == "true",
    )


def _policy_pairs(element: ET.Element) -> Iterator[tuple[str, str]]:
    for child in element:
        name = local(child)
        if name in _POLICY_FIELDS:
            yield name, child.text or ""
        elif name in _POLICY_STRUCTURES:
            yield from _leaves(child, name)


def _leaves(element: ET.Element, path: str) -> Iterator[tuple[str, str]]:
    if not len(element):
        yield path, element.text or ""
    for child in element:
        yield from _leaves(child, f"{path}/{local(child)}")


def render(rrset: RecordSet) -> str:
    """The ``<ResourceRecordSet>`` of a reply."""
    parts = [_tag("Name", rrset.name), _tag("Type", rrset.type)]
    if rrset.set_identifier:
        parts.append(_tag("SetIdentifier", rrset.set_identifier))
    parts += _render_tree(_tree(rrset.policy))
    if rrset.ttl is not None:
        parts.append(_tag("TTL", str(rrset.ttl)))
    if rrset.values:
        records = "".join(
            f"<ResourceRecord>{_tag('Value', value)}</ResourceRecord>" for value in rrset.values
        )
        parts.append(f"<ResourceRecords>{records}</ResourceRecords>")
    if rrset.alias:
        parts.append(_render_alias(rrset.alias))
    if rrset.health_check:
        parts.append(_tag("HealthCheckId", rrset.health_check))
    return f"<ResourceRecordSet>{''.join(parts)}</ResourceRecordSet>"


def _render_alias(alias: Alias) -> str:
    health = "true" if alias.evaluate_target_health else "false"
    inner = _tag("HostedZoneId", alias.zone_id) + _tag("DNSName", alias.dns_name)
    return f"<AliasTarget>{inner}{_tag('EvaluateTargetHealth', health)}</AliasTarget>"


def _tree(policy: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, text in policy:
        *parents, last = path.split("/")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[last] = text
    return tree


def _render_tree(tree: dict[str, Any]) -> list[str]:
    return [
        _tag(name, value) if isinstance(value, str) else f"<{name}>{''.join(_render_tree(value))}</{name}>"
        for name, value in tree.items()
    ]


def _tag(name: str, text: str) -> str:
    return f"<{name}>{xml_escape(text)}</{name}>"
