"""What Cloud DNS demands of one resource record set, as far as it is documented or was reported.

Words and reasons of the refusals are Google's where users have quoted them, and a guess elsewhere: assert on
the HTTP code and on what is in the zone afterwards.
"""

import ipaddress
import re
from typing import Any, NamedTuple

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

RRset = dict[str, Any]

_ADDRESS = frozenset({"A", "AAAA"})
_SINGLE = frozenset({"CNAME", "SOA"})
_TEXT = frozenset({"TXT", "SPF"})
_NAME_LAST = frozenset({"CNAME", "DNAME", "MX", "NS", "PTR", "SRV", "NAPTR", "ALIAS"})
_OTHER = frozenset({"CAA", "DNSKEY", "DS", "HTTPS", "IPSECKEY", "SOA", "SSHFP", "SVCB", "TLSA"})
TYPES = _ADDRESS | _TEXT | _SINGLE | _NAME_LAST | _OTHER

# ALIAS is Google's own and unknown to dnspython; its data looks like a CNAME's.
_PARSED_AS = {"ALIAS": "CNAME", "SPF": "TXT"}

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_ZONE_NAME = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_STRING = re.compile(r'"((?:[^"\\]|\\[0-9]{3}|\\[^0-9])*)"')
_ESCAPE = re.compile(rb"\\([0-9]{3}|.)")


class Refusal(NamedTuple):
    """One entry of an error reply, with the HTTP code that it asks for."""

    code: int
    reason: str
    message: str


def invalid(where: str, value: object) -> Refusal:
    """The refusal of a bad value at ``where``, such as ``entity.change.additions[0].name``."""
    return Refusal(400, "invalid", f"Invalid value for '{where}': '{value}'")


def required(where: str) -> Refusal:
    """The refusal of a request that lacks ``where``."""
    return Refusal(400, "required", f"The '{where}' parameter is required but was missing.")


def is_zone_name(name: str) -> bool:
    return _ZONE_NAME.fullmatch(name) is not None


def is_dns_name(name: str) -> bool:
    """Whether this is an absolute ASCII name of legal length; a wildcard may be the first label."""
    if not name.endswith(".") or len(name) > 254:
        return False
    first, *rest = name[:-1].split(".")
    return all(_LABEL.fullmatch(label) for label in (rest if first == "*" else [first, *rest]))


def refuse_rrset(rrset: RRset, zone: str, where: str) -> Refusal | None:
    """Why this set cannot stand in ``zone`` (its DNS name), by its place ``where``; None if it can."""
    for key in ("name", "type"):
        if not rrset.get(key):
            return required(f"{where}.{key}")
    name, kind = str(rrset["name"]).lower(), rrset["type"]
    if not is_dns_name(name) or not (name == zone or name.endswith("." + zone)):
        return invalid(f"{where}.name", rrset["name"])
    if kind not in TYPES:
        return invalid(f"{where}.type", kind)
    if kind == "CNAME" and name == zone:
        return invalid(f"{where}.name", f"{rrset['name']} (a CNAME cannot stand at the apex)")
    return _refuse_ttl(rrset, where) or _refuse_data(rrset, where)


def normal_data(kind: str, text: str) -> str | None:
    """The stored spelling of one record's data; None if it is no such data.

    Text without quotes becomes one quoted string per word, as the service is documented to do.
    """
    if kind in _ADDRESS:
        return _address(kind, text)
    if kind in _TEXT:
        return _text(text)
    if kind in _NAME_LAST and not text.endswith("."):
        return None
    try:
        data = dns.rdata.from_text(dns.rdataclass.IN, _PARSED_AS.get(kind, kind), text)
    except (dns.exception.DNSException, ValueError):
        return None
    return data.to_text()


def _refuse_ttl(rrset: RRset, where: str) -> Refusal | None:
    if "ttl" not in rrset:
        return required(f"{where}.ttl")
    if not 0 <= int(rrset["ttl"]) < 2**31:
        return invalid(f"{where}.ttl", rrset["ttl"])
    return None


def _refuse_data(rrset: RRset, where: str) -> Refusal | None:
    data = rrset.get("rrdatas") or []
    if "routingPolicy" in rrset:
        return invalid(f"{where}.rrdatas", data) if data else None
    if not data:
        return required(f"{where}.rrdatas")
    normal = [normal_data(rrset["type"], text) for text in data]
    bad = [f"[{index}]" for index, text in enumerate(normal) if text is None]
    if bad:
        return invalid(f"{where}.rrdatas{bad[0]}", data[normal.index(None)])
    if len(set(normal)) < len(normal) or (rrset["type"] in _SINGLE and len(data) > 1):
        return invalid(f"{where}.rrdatas", ", ".join(data))
    return None


def _address(kind: str, text: str) -> str | None:
    try:
        address = ipaddress.IPv4Address(text) if kind == "A" else ipaddress.IPv6Address(text)
    except ValueError:
        return None
    return None if "%" in text else str(address)


def _text(text: str) -> str | None:
    """Strings of at most 255 octets (RFC 1035 §3.3), each in quotes, with one space between."""
    if '"' not in text:
        strings = text.split()
    else:
        strings = _STRING.findall(text)
        if " ".join(f'"{string}"' for string in strings) != " ".join(text.split(" ")):
            return None
    if not strings or any(_octets(string) > 255 for string in strings):
        return None
    return " ".join(f'"{string}"' for string in strings)


def _octets(string: str) -> int:
    return len(_ESCAPE.sub(b"x", string.encode()))
