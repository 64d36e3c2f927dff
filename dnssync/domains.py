"""Domain filters: which names may be touched (``--domain-filter`` and its relatives).

Names and filters are compared in lower-case Unicode without the trailing dot, as external-dns does.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from dnssync.errors import ConfigError
from dnssync.names import unicode_name
from dnssync.patterns import compile_re2


class DomainFilter(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """Suffix lists, or, if a regular expression is set, only the regular expressions.

    ``example.org`` stands for that name and all below it, ``.example.org`` only for those below. The
    lists are brought into canonical form on construction (trimmed, one trailing dot and empty entries
    dropped, lower-case Unicode). Raises ConfigError for a bad regular expression. The JSON form is that
    of the webhook protocol: include, exclude, regexInclude, regexExclude.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    regex_include: str = ""
    regex_exclude: str = ""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "include", _canonical_all(self.include))
        msgspec.structs.force_setattr(self, "exclude", _canonical_all(self.exclude))
        for pattern in (self.regex_include, self.regex_exclude):
            _compiled(pattern)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filtered: every name matches."""
        return not (self.include or self.exclude or self.regex_include or self.regex_exclude)

    def matches(self, name: str) -> bool:
        """Whether the filter lets ``name`` (any spelling) through."""
        return self._lets_through(_canonical(name))

    def matches_parent(self, name: str) -> bool:
        """Whether ``name`` is a proper parent of an included name, so that its zone may hold that name.

        Without includes every name is; an excluded name never is. Entries that begin with a dot, and
        regular expressions, name no parents.
        """
        plain = _canonical(name)
        if _any_suffix(self.exclude, plain):
            return False
        return not self.include or any(
            entry.endswith("." + plain) for entry in self.include if not entry.startswith(".")
        )

    def _lets_through(self, plain: str) -> bool:
        """``matches`` for a name in canonical form, so that many filters need to make that only once."""
        if self.regex_include or self.regex_exclude:
            return self._matches_regex(plain)
        if self.include and not _any_suffix(self.include, plain):
            return False
        return not (self.exclude and _any_suffix(self.exclude, plain))

    def _matches_regex(self, plain: str) -> bool:
        if self.regex_exclude and _compiled(self.regex_exclude).search(plain):
            return False
        return not self.regex_include or _compiled(self.regex_include).search(plain) is not None


def match_all(filters: Iterable[DomainFilter], name: str) -> bool:
    """Whether every one of ``filters`` lets ``name`` through; the user's and the provider's act together."""
    plain = _canonical(name)
    return all(entry._lets_through(plain) for entry in filters)


def decode(text: str | bytes) -> DomainFilter:
    """The filter that a JSON document of the webhook protocol describes; ``null`` filters nothing.

    Keys are read without regard to case. Raises ConfigError if the text is no such document, if it has
    lists and regular expressions together, or if one of the latter is bad.
    """
    try:
        wire = msgspec.convert(_lower_keys(msgspec.json.decode(text)), _Wire)
    except msgspec.MsgspecError as error:
        raise ConfigError(f"domain filter: not a JSON domain filter: {error}") from error
    lists, expressions = wire.include or wire.exclude, wire.regexinclude or wire.regexexclude
    if lists and expressions:
        raise ConfigError("domain filter: include/exclude and regexInclude/regexExclude exclude each other")
    return DomainFilter(
        tuple(wire.include or ()), tuple(wire.exclude or ()), wire.regexinclude or "", wire.regexexclude or ""
    )


def encode(domain_filter: DomainFilter) -> bytes:
    """The JSON document of the webhook protocol that describes the filter; what is not set is left out."""
    return msgspec.json.encode(domain_filter)


class _Wire(msgspec.Struct):
    include: list[str] | None = None
    exclude: list[str] | None = None
    regexinclude: str | None = None
    regexexclude: str | None = None


def _lower_keys(document: object) -> object:
    if document is None:
        return {}
    if isinstance(document, dict):
        return {str(key).lower(): value for key, value in document.items()}
    return document


def _canonical(name: str) -> str:
    return unicode_name(name.strip()).removesuffix(".")


def _canonical_all(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(_canonical, names)))


def _any_suffix(entries: tuple[str, ...], plain: str) -> bool:
    below, at_or_below = _endings(entries)
    return plain.endswith(below) or f".{plain}".endswith(at_or_below)


@lru_cache(maxsize=64)
def _endings(entries: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a name ends in that lies below an entry, and what a name with a dot before it ends in that lies
    at or below one: with these, one call of ``endswith`` asks for all entries."""
    below = tuple(entry for entry in entries if entry.startswith("."))
    at_or_below = tuple(f".{entry}" for entry in entries if not entry.startswith("."))
    return below, at_or_below


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return compile_re2(pattern)
    except ConfigError as error:
        raise ConfigError(f"domain filter: {error}") from None
