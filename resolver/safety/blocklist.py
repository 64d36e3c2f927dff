"""Names that are not to be answered: exact ones with all below them, and patterns. Pure.

One per line, case does not matter, ``#`` begins a comment:

    evil.10-0-0-5.xip.test      this name and every name below it
    *paypal*                    every name that fits (``*`` is any text, dots too, ``?`` one character)

A blocked name has no data, whichever way an answer would lead to it: asked for, through an alias, as glue,
or as what a reverse name points to.
"""

import re
from collections.abc import Collection, Iterable
from fnmatch import translate

from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text, to_text


class Blocklist:
    """The names of one list. Empty, it blocks nothing at no cost."""

    def __init__(self, lines: Iterable[str] = (), *, origins: Collection[Labels] = ()) -> None:
        """Raises ResolverError naming the line, for no name, and for one that would block a whole zone."""
        self._names: set[Labels] = set()
        patterns: list[str] = []
        for number, line in enumerate(lines, start=1):
            text = line.partition("#")[0].strip().lower()
            try:
                if "*" in text or "?" in text:
                    patterns.append(_pattern(text, origins))
                elif text:
                    self._names.add(_name(text, origins))
            except ResolverError as error:
                raise ResolverError(f"line {number} of the blocklist: {error}") from None
        self._pattern = re.compile("|".join(patterns)) if patterns else None
        self._key = frozenset(self._names), frozenset(patterns)

    def __eq__(self, other: object) -> bool:
        """Whether the other one blocks by the same names and patterns."""
        return isinstance(other, Blocklist) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __bool__(self) -> bool:
        return bool(self._names) or self._pattern is not None

    def holds(self, name: Labels) -> bool:
        """Whether the folded ``name`` is blocked."""
        if self._names and any(name[start:] in self._names for start in range(len(name))):
            return True
        return self._pattern is not None and self._pattern.match(_plain(name)) is not None


def _name(text: str, origins: Collection[Labels]) -> Labels:
    labels = fold(from_text(text))
    if any(origin[len(origin) - len(labels) :] == labels for origin in origins):
        raise ResolverError(f"{to_text(labels)} would block a whole zone; take the zone out instead")
    return labels


def _pattern(text: str, origins: Collection[Labels]) -> str:
    pattern = translate(text.removesuffix(".").encode().decode("latin-1"))
    if any(re.match(pattern, _plain(origin)) for origin in origins):
        raise ResolverError(f"{text} would block a whole zone; take the zone out instead")
    return pattern


def _plain(name: Labels) -> str:
    """The name without its final dot, byte for byte: what a pattern is held against."""
    return b".".join(name).decode("latin-1")
