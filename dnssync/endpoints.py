"""Endpoint: the RRset that one object wants, in external-dns's words and JSON form.

The JSON form is that of a DNSEndpoint (``dnsName``, ``recordType``, ``targets``, ``recordTTL``,
``setIdentifier``, ``providerSpecific``, ``labels``); unset fields are left out.
"""

import ipaddress
import re
from typing import NamedTuple

import msgspec

ADDRESS_TYPES = ("A", "AAAA", "CNAME")

LABEL_OWNER = "owner"
LABEL_RESOURCE = "resource"

# Types whose presentation form may legitimately end in a dot (external-dns leaves it there).
_DOT_KEEPING_TYPES = frozenset({"TXT", "NAPTR", "SRV"})

# Four decimal octets without leading zeros, as ``ipaddress`` takes them, but in a tenth of its time.
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")


class Property(msgspec.Struct, frozen=True, gc=False, order=True):
    """One provider-specific setting, such as ``aws/weight`` = ``10``."""

    name: str
    value: str = ""


class Endpoint(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """What one object wants for one DNS name and type; a value, never changed in place.

    ``dns_name`` keeps the spelling it came in (no trailing dot); compare names with
    ``names.normalise``. ``ttl`` is in seconds, 0 means unset. ``labels`` travel into the ownership
    TXT record (``owner``, ``resource``) and must not be mutated.
    """

    dns_name: str
    record_type: str = ""
    targets: tuple[str, ...] = ()
    ttl: int = msgspec.field(default=0, name="recordTTL")
    set_identifier: str = ""
    provider_specific: tuple[Property, ...] = ()
    labels: dict[str, str] = {}

    @property
    def key(self) -> "Key":
        """What tells it from all other RRsets of a zone."""
        return Key(self.dns_name, self.record_type, self.set_identifier)

    def property_value(self, name: str) -> str | None:
        """The value of the provider-specific setting ``name``, or None where it is absent."""
        for entry in self.provider_specific:
            if entry.name == name:
                return entry.value
        return None

    def with_property(self, name: str, value: str | None) -> "Endpoint":
        """This endpoint with the setting ``name`` put to ``value``; None removes it."""
        kept = [entry for entry in self.provider_specific if entry.name != name]
        if value is not None:
            kept.append(Property(name, value))
        return msgspec.structs.replace(self, provider_specific=tuple(sorted(kept)))

    def with_labels(self, **labels: str) -> "Endpoint":
        """This endpoint with ``labels`` added to, or put in place of, its own."""
        return msgspec.structs.replace(self, labels=self.labels | labels)


class Key(NamedTuple):
    """What tells one RRset of a zone from another; the set identifier is for routing policies."""

    dns_name: str
    record_type: str
    set_identifier: str = ""


def suitable_type(target: str) -> str:
    """The record type that a target asks for: ``A``, ``AAAA`` or ``CNAME``.

    Any address that is not plain IPv4 counts as IPv6 (IPv4-mapped and zoned ones included).
    """
    if _IPV4.fullmatch(target):
        return "A"
    if ":" not in target:
        return "CNAME"
    try:
        ipaddress.IPv6Address(target)
    except ValueError:
        return "CNAME"
    return "AAAA"


def new_endpoint(
    dns_name: str,
    record_type: str,
    targets: tuple[str, ...],
    *,
    ttl: int = 0,
    labels: dict[str, str] | None = None,
) -> Endpoint:
    """An endpoint in canonical form: one trailing dot removed from the name and from each target."""
    if record_type not in _DOT_KEEPING_TYPES:
        targets = tuple(target.removesuffix(".") for target in targets)
    return Endpoint(dns_name.removesuffix("."), record_type, targets, ttl, labels=labels or {})
