"""The functions that external-dns adds to Go's own: text, addresses, labels, JSON and the source's name.

Source: external-dns's documentation of its templates.
"""

import json
from collections.abc import Callable, Mapping

from dnssync.endpoints import suitable_type
from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.limits import check_length
from dnssync.gotemplate.values import Value

_WORDS = """
ambassador-host connector contour-httpproxy crd empty f5-transportserver f5-virtualserver fake
gateway-grpcroute gateway-httproute gateway-tcproute gateway-tlsroute gateway-udproute gloo-proxy ingress
istio-gateway istio-virtualservice kong-tcpingress node openshift-route pod service skipper-routegroup
traefik-proxy unstructured
"""
SOURCES = _WORDS.split()
"""Every name that ``--source`` takes at external-dns: isSource refuses any other, so that a typo shows."""
_SPACES = "".join(
    char for char in map(chr, range(0x3001)) if char.isspace() and char not in "\x1c\x1d\x1e\x1f"
)
"""Unicode's White_Space: Python counts four separators more."""


def contains(text: str, part: str) -> bool:
    """Whether ``part`` stands in ``text``."""
    return part in text


def trim(text: str) -> str:
    """Without the white space (Unicode's) around it."""
    return text.strip(_SPACES)


def to_lower(text: str) -> str:
    """Lower case, character by character."""
    return "".join(char.lower()[0] if char == "İ" else char.lower() for char in text)


def replace(old: str, new: str, text: str) -> str:
    """``text`` with each ``old`` made ``new``; the text comes last, so that it can be piped in."""
    check_length(len(text) + text.count(old) * max(0, len(new) - len(old)))
    return text.replace(old, new)


def is_ipv4(text: str) -> bool:
    """Whether it would become an A record."""
    return suitable_type(text) == "A"


def is_ipv6(text: str) -> bool:
    """Whether it would become an AAAA record."""
    return suitable_type(text) == "AAAA"


def has_key(labels: Mapping[str, str], key: str) -> bool:
    """Whether the key is there, if only with an empty value."""
    return key in labels


def from_json(text: str) -> Value:
    """The decoded JSON, its numbers all floats as in Go; None (nil) if it is none."""
    try:
        value: Value = json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value


def is_source(bound: str) -> Callable[[str], bool]:
    """isSource for one source; ``bound`` is empty where no source is known, and then nothing is it."""

    def is_bound(name: str) -> bool:
        if name.lower() not in SOURCES:
            raise TemplateError(f"isSource: unknown source {name!r}; known are {', '.join(SOURCES)}")
        return name.lower() == bound.lower()

    return is_bound


def _number(text: str) -> float | None:
    value = float(text)
    return value if abs(value) != float("inf") else None


def _refuse(text: str) -> Value:
    raise ValueError(f"{text} is no JSON")
