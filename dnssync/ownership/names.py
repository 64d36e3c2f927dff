"""Names of ownership markers: from a record to its TXT name and back.

The record's type stands before the first label (``a-web.example.com``), or where the prefix or suffix says
``%{record_type}``. A prefix goes before the name, a suffix behind its first label, and either may contain
dots. Older external-dns wrote no type; such a name reads back with the type ``""``.
"""

from collections.abc import Iterator

import msgspec

from dnssync.errors import ConfigError

MARKED_TYPES = ("A", "AAAA", "CNAME", "NS", "MX", "PTR", "SRV", "NAPTR", "TXT", "DNAME")
"""The types that a marker's name can speak of, in the order in which they are tried."""

_TEMPLATE = "%{record_type}"


class MarkerNames(msgspec.Struct, frozen=True):
    """The affixes of marker names; lower-case, as ``marker_names`` makes them.

    ``wildcard`` stands in for a leading ``*`` label, which most services refuse inside a longer label.
    """

    prefix: str = ""
    suffix: str = ""
    wildcard: str = ""

    @property
    def _type_in_affix(self) -> bool:
        return _TEMPLATE in self.prefix or _TEMPLATE in self.suffix

    def subject(self, name: str) -> str:
        """The name as its marker tells it: a leading ``*`` label replaced."""
        if self.wildcard and (name == "*" or name.startswith("*.")):
            return self.wildcard + name[1:]
        return name

    def marker_name(self, name: str, record_type: str) -> str:
        """The TXT name of the marker of a record."""
        word = record_type.lower()
        first, dot, rest = self.subject(name).partition(".")
        if not self._type_in_affix:
            first = f"{word}-{first}"
        prefix, suffix = self.prefix.replace(_TEMPLATE, word), self.suffix.replace(_TEMPLATE, word)
        return f"{prefix}{first}{suffix}{dot}{rest}"

    def record_of(self, marker_name: str) -> tuple[str, str]:
        """The name (``*`` still replaced) and type that a TXT name speaks of.

        The type is ``""`` in the oldest format; both are ``""`` if the name cannot be a marker's.
        """
        name = marker_name.lower()
        if self.prefix and self.suffix:
            return "", ""
        if not self.suffix:
            return self._without_affix(name)
        # A suffix with dots reaches into the labels behind the first.
        labels = name.split(".")
        reach = self.suffix.count(".") + 1
        if len(labels) < reach:
            return "", ""
        first, record_type = self._without_affix(".".join(labels[:reach]))
        return ".".join((first, *labels[reach:])) if "." in name else first, record_type

    def _without_affix(self, text: str) -> tuple[str, str]:
        for record_type, prefix, suffix in self._typed_affixes():
            if text.startswith(prefix) and text.endswith(suffix):
                return text.removeprefix(prefix).removesuffix(suffix), record_type
        prefix, suffix = self.prefix.replace(_TEMPLATE, ""), self.suffix.replace(_TEMPLATE, "")
        if not (text.startswith(prefix) and text.endswith(suffix)):
            return "", ""
        return _split_type(text.removeprefix(prefix).removesuffix(suffix))

    def _typed_affixes(self) -> Iterator[tuple[str, str, str]]:
        if self._type_in_affix:
            for record_type in MARKED_TYPES:
                word = record_type.lower()
                yield record_type, self.prefix.replace(_TEMPLATE, word), self.suffix.replace(_TEMPLATE, word)


def marker_names(prefix: str, suffix: str, wildcard: str) -> MarkerNames:
    """The naming that the options give. Raises ConfigError if both affixes are set."""
    if prefix and suffix:
        raise ConfigError(
            f"--txt-prefix {prefix!r} and --txt-suffix {suffix!r} exclude each other: give one of them"
        )
    return MarkerNames(prefix.lower(), suffix.lower(), wildcard.lower())


def _split_type(text: str) -> tuple[str, str]:
    word = text.partition("-")[0]
    record_type = word.upper()
    if record_type in MARKED_TYPES:
        return text.removeprefix(f"{word}-"), record_type
    return text, ""
