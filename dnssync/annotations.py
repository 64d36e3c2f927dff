"""The annotation vocabulary: which keys are read from an object, under which prefixes, and what they say.

Without ``--annotation-prefix`` a key is looked for under each prefix of ``PREFIXES`` in turn, and the first
one that is there counts: our own before external-dns's present one, and that before its former one, which
external-dns itself no longer reads. With the flag, only that prefix counts.
"""

from collections.abc import Mapping

import msgspec

from dnssync.durations import parse_go_duration
from dnssync.endpoints import Property
from dnssync.errors import ConfigError
from dnssync.objects import Problem

PREFIXES = ("dnssync.io/", "external-dns.kubernetes.io/", "external-dns.alpha.kubernetes.io/")

HOSTNAME = "hostname"
INTERNAL_HOSTNAME = "internal-hostname"
TARGET = "target"
TTL = "ttl"
CONTROLLER = "controller"
SET_IDENTIFIER = "set-identifier"
ALIAS = "alias"
INGRESS_HOSTNAME_SOURCE = "ingress-hostname-source"

CONTROLLER_VALUE = "dns-controller"
"""What the controller annotation must say, where it is there, for the object to be ours."""

MAX_TTL = 2**31 - 1
"""RFC 2181 §8: the largest TTL, in seconds."""

# Keys that become one property each; those that end in "-" stand for every key that begins so.
_PROPERTIES = {
    "azure-tags": "azure/tags",
    "record-type": "record-type",
    "aws-": "aws/",
    "scw-": "scw/",
    "webhook-": "webhook/",
    "coredns-": "coredns/",
}
# Properties that are named by the whole annotation key, prefix included.
_KEY_NAMED = (
    "cloudflare-custom-hostname",
    "cloudflare-proxied",
    "cloudflare-region-key",
    "cloudflare-record-comment",
    "cloudflare-tags",
)


class Listed(msgspec.Struct, frozen=True):
    """A comma-separated annotation: its usable entries, and what is wrong with the others."""

    values: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Annotations(msgspec.Struct, frozen=True):
    """What one object's annotations say under the given prefixes, first one first."""

    values: Mapping[str, str]
    prefixes: tuple[str, ...] = PREFIXES

    def find(self, key: str) -> tuple[str, str] | None:
        """The full key and the value of the annotation ``key``; None if it is under no prefix."""
        for prefix in self.prefixes:
            value = self.values.get(prefix + key)
            if value is not None:
                return prefix + key, value
        return None

    def value(self, key: str) -> str:
        """The value of the annotation ``key``, empty if it is not there."""
        found = self.find(key)
        return found[1] if found else ""

    def for_another_controller(self) -> bool:
        """Whether the controller annotation is there and says anything but ``dns-controller``."""
        found = self.find(CONTROLLER)
        return found is not None and found[1] != CONTROLLER_VALUE

    def hostnames(self, key: str = HOSTNAME) -> Listed:
        """The host names that the annotation lists; empty entries are kept, for the caller to judge."""
        found = self.find(key)
        return _listed(*found) if found else Listed()

    def targets(self) -> Listed:
        """The targets that replace the object's own, one trailing dot removed; an empty value is none."""
        found = self.find(TARGET)
        if not found or not found[1]:
            return Listed()
        listed = _listed(*found)
        return Listed(tuple(value.removesuffix(".") for value in listed.values), listed.problems)

    def ttl(self) -> tuple[int, Problem | None]:
        """The TTL in seconds, 0 if unset or unusable, and what is wrong in the latter case."""
        found = self.find(TTL)
        if not found:
            return 0, None
        key, text = found
        seconds = _seconds(text)
        if seconds is not None and 1 <= seconds <= MAX_TTL:
            return seconds, None
        message = (
            f"annotation {key}: {text!r} is not a TTL; give seconds from 1 to {MAX_TTL}, "
            "or a duration such as 90s or 1h30m. The record gets the default TTL"
        )
        return 0, Problem("InvalidTTL", message)

    def provider_specific(self) -> tuple[Property, ...]:
        """The provider-specific settings, sorted; where two prefixes set the same, the first one counts."""
        properties: dict[str, str] = {}
        for prefix in reversed(self.prefixes):
            for key, value in self.values.items():
                name = _property_name(key, prefix)
                if name:
                    properties[name] = value
        if self.value(ALIAS) == "true":
            properties["alias"] = "true"
        return tuple(sorted(Property(name, value) for name, value in properties.items()))


def prefixes(only: str = "") -> tuple[str, ...]:
    """The prefixes to read under: all known ones, or the one given, which must end in ``/`` (ConfigError)."""
    if not only:
        return PREFIXES
    if not only.endswith("/") or only == "/":
        raise ConfigError(
            f"--annotation-prefix: {only!r} must be a domain and a final '/', as in {PREFIXES[0]!r}"
        )
    return (only,)


def split(text: str) -> list[str]:
    """The entries of a comma-separated annotation without the space around them; empty ones are kept."""
    return [entry.strip() for entry in text.split(",")]


def _listed(key: str, text: str) -> Listed:
    values, problems = [], []
    for entry in split(text):
        if any(char.isspace() for char in entry):
            message = (
                f"annotation {key}: {entry!r} contains a space and is left out; separate entries by commas"
            )
            problems.append(Problem("InvalidAnnotation", message))
        else:
            values.append(entry)
    return Listed(tuple(values), tuple(problems))


def _seconds(text: str) -> int | None:
    """Whole seconds from a Go duration or a decimal number."""
    try:
        return int(parse_go_duration(text))
    except ValueError:
        pass
    sign, digits = text[:1], text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        return None
    return -int(digits) if sign == "-" else int(digits)


def _property_name(key: str, prefix: str) -> str:
    """The name of the property that the annotation ``key`` sets, empty if it sets none."""
    if not key.startswith(prefix):
        return ""
    rest = key[len(prefix) :]
    for known, name in _PROPERTIES.items():
        if known.endswith("-") and rest.startswith(known):
            return name + rest[len(known) :]
        if rest == known:
            return name
    # A longer key counts as the known one that it begins with, as it does for external-dns.
    return next((prefix + known for known in _KEY_NAMED if rest.startswith(known)), "")
