"""TSIG keys as users write them, and what each key may change. Pure.

    NAME:ALGORITHM:SECRET               a key; the secret in base64
    key "NAME" { algorithm …; secret "…"; };    the same as in the files of BIND's tools (tsig-keygen)
    KEY[:PATTERN[:TYPE,TYPE…]]          a grant; without a pattern ``_acme-challenge.*`` and TXT

A pattern is a name, which stands for itself and all below it, or ``LABELS.*[.NAME]``: those labels in front,
then any number of others, then the name. SOA records are nobody's to change: the server keeps them.
"""

import base64
import binascii
import re
from collections.abc import Iterable

import msgspec

from resolver.errors import ResolverError
from resolver.names import Labels, fold, from_text, is_within, to_text
from resolver.records import Type, is_meta, type_number

# MD5 is not to be used any more (RFC 8945 §6); sizes in bytes of the whole MAC.
ALGORITHMS = {"hmac-sha1": 20, "hmac-sha224": 28, "hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}

_ACME = "_acme-challenge.*:TXT"
_BLOCK = re.compile(
    r'key\s+"?(?P<name>[^\s"{]+)"?\s*\{(?=[^}]*\balgorithm\s+"?(?P<algorithm>[\w.-]+))'
    r'(?=[^}]*\bsecret\s+"?(?P<secret>[\w+/=]+))[^}]*\}\s*;?'
)
# Two slashes may also stand in the middle of a secret.
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//)[^\n]*|/\*.*?\*/", re.DOTALL | re.MULTILINE)


class Key(msgspec.Struct, frozen=True):
    """A shared secret and its name; the text of a Key does not tell the secret."""

    name: Labels
    algorithm: str
    secret: bytes

    @property
    def wire_algorithm(self) -> Labels:
        """The algorithm's name as it stands in a message."""
        return (self.algorithm.encode("ascii"),)

    def __repr__(self) -> str:
        return f"Key({to_text(self.name)} {self.algorithm})"


class Grant(msgspec.Struct, frozen=True):
    """A key may change records at names that begin with ``head`` and end with ``tail``; no types: all."""

    key: Labels
    head: Labels
    tail: Labels
    types: frozenset[int] = frozenset()

    def covers(self, name: Labels) -> bool:
        """Whether the folded name is one of those."""
        is_long_enough = len(name) >= len(self.head) + len(self.tail)
        return is_long_enough and name[: len(self.head)] == self.head and is_within(name, self.tail)

    def permits(self, name: Labels, rtype: int | None) -> bool:
        """Whether a record of the type (None: of any one) may be changed at the folded name."""
        if rtype is None:
            return self.covers(name)
        return rtype != Type.SOA and (not self.types or rtype in self.types) and self.covers(name)


def parse_key(text: str) -> Key:
    """``NAME:ALGORITHM:SECRET``; raises ResolverError, which does not repeat the secret."""
    parts = text.strip().split(":")
    if len(parts) != 3:
        raise ResolverError("a TSIG key is to be written NAME:ALGORITHM:SECRET, the secret in base64")
    name, algorithm, secret = parts
    labels = fold(from_text(name))
    kind = algorithm.lower().removesuffix(".")
    if not labels:
        raise ResolverError("a TSIG key has no name; write NAME:ALGORITHM:SECRET")
    if kind not in ALGORITHMS:
        raise ResolverError(f"the TSIG key {name}: {algorithm!r} is none of {', '.join(ALGORITHMS)}")
    try:
        decoded = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not decoded:
        raise ResolverError(f"the TSIG key {name}: its secret is not base64")
    return Key(labels, kind, decoded)


def read_keys(text: str, where: str) -> list[Key]:
    """The keys of a file, one a line or in BIND's blocks; ``where`` names it in a ResolverError."""
    text = _COMMENT.sub("", text)
    blocks = [":".join(found.group("name", "algorithm", "secret")) for found in _BLOCK.finditer(text)]
    lines = [line for line in _BLOCK.sub("", text).splitlines() if line.strip()]
    try:
        return [parse_key(each) for each in (*blocks, *lines)]
    except ResolverError as error:
        raise ResolverError(f"{where}: {error}") from None


def parse_grant(text: str) -> Grant:
    """``KEY[:PATTERN[:TYPE,TYPE…]]``; raises ResolverError."""
    key, _, rest = text.strip().partition(":")
    pattern, _, types = (rest or _ACME).partition(":")
    labels = fold(from_text(pattern))
    if not key or labels.count(b"*") > 1:
        raise ResolverError(f"{text!r} is no grant; want KEY, KEY:NAME or KEY:LABEL.*.NAME:TYPE,TYPE")
    star = labels.index(b"*") if b"*" in labels else -1
    numbers = frozenset(type_number(each.strip()) for each in types.split(",") if each.strip())
    if any(is_meta(number) or number == Type.SOA for number in numbers):
        raise ResolverError(f"the grant {text!r} has a type that nobody can set")
    return Grant(fold(from_text(key)), labels[: max(star, 0)], labels[star + 1 :], numbers)


def settle_grants(keys: Iterable[Key], given: Iterable[Grant], others: Iterable[Labels]) -> tuple[Grant, ...]:
    """The grants in force: those ``given``; the ACME one for a key that has no other use (``others``)."""
    grants = tuple(given)
    used = {grant.key for grant in grants} | set(others)
    return grants + tuple(parse_grant(to_text(key.name)) for key in keys if key.name not in used)
