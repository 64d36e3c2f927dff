"""Label selectors in the syntax of Kubernetes, for ``--label-filter`` and ``--annotation-filter``.

Equality based (``a=b``, ``a==b``, ``a!=b``), set based (``a in (b,c)``, ``a notin (b)``, ``a``, ``!a``) and
numeric (``a>1``, ``a<1``) requirements, joined by commas, all of which must hold.
https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

import re
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from dnssync.errors import ConfigError

_TOKEN = re.compile(r"==|!=|[=!(),<>]|[^\s=!(),<>]+")
_SYMBOLS = frozenset({"==", "!=", "=", "!", "(", ")", ",", "<", ">"})

# Kubernetes bounds: a name of at most 63 characters, a prefix that is a DNS subdomain of at most 253.
_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_KEY = re.compile(rf"((?=[^/]{{1,253}}/){_SUBDOMAIN}/)?{_NAME}")
_VALUE = re.compile(rf"({_NAME})?")
# What fits a 64-bit integer; Python refuses to read digits without end.
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")


class Operator(StrEnum):
    """How a requirement compares; ``!`` asks that the key be absent."""

    IN = "in"
    NOT_IN = "notin"
    EXISTS = "exists"
    ABSENT = "!"
    GREATER = ">"
    LESS = "<"


class Requirement(msgspec.Struct, frozen=True):
    """One condition on the value of one key."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels fulfil it; a key that is not there has no value that could be equal."""
        value = labels.get(self.key)
        match self.operator:
            case Operator.IN:
                return value is not None and value in self.values
            case Operator.NOT_IN:
                return value is None or value not in self.values
            case Operator.EXISTS:
                return value is not None
            case Operator.ABSENT:
                return value is None
        if value is None or not _INTEGER.fullmatch(value):
            return False
        bound = int(self.values[0])
        return int(value) > bound if self.operator is Operator.GREATER else int(value) < bound


class Selector(msgspec.Struct, frozen=True):
    """Requirements that must all hold; without any, everything is selected."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the labels (or annotations) fulfil every requirement."""
        return all(requirement.holds(labels) for requirement in self.requirements)

    def asks_for(self, key: str) -> bool:
        """Whether one of the requirements is about ``key``."""
        return any(requirement.key == key for requirement in self.requirements)


def parse(text: str) -> Selector:
    """The selector that ``text`` describes; raises ConfigError with what was found and what was expected."""
    reader = _Reader(text)
    requirements: list[Requirement] = []
    while not reader.at_end():
        requirements.append(_requirement(reader))
        if not reader.at_end():
            reader.expect(",")
            if reader.at_end():
                raise reader.error("a key after ','")
    return Selector(tuple(requirements))


def is_value(text: str) -> bool:
    """Whether ``text`` can be the value of a label; the empty one can."""
    return _VALUE.fullmatch(text) is not None


class _Reader:
    """The tokens of a selector, one ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _TOKEN.findall(text)
        self.position = 0

    def peek(self) -> str:
        return "" if self.at_end() else self.tokens[self.position]

    def at_end(self) -> bool:
        return self.position >= len(self.tokens)

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def take_word(self, expected: str) -> str:
        if self.peek() in _SYMBOLS or self.at_end():
            raise self.error(expected)
        return self.take()

    def expect(self, symbol: str) -> None:
        if self.peek() != symbol:
            raise self.error(repr(symbol))
        self.take()

    def error(self, expected: str) -> ConfigError:
        found = repr(self.peek()) if not self.at_end() else "the end"
        return ConfigError(f"selector {self.text!r}: found {found}, expected {expected}")

    def bad(self, what: str, word: str) -> ConfigError:
        return ConfigError(f"selector {self.text!r}: {word!r} is not a valid {what}")


def _requirement(reader: _Reader) -> Requirement:
    absent = reader.peek() == "!"
    if absent:
        reader.take()
    key = reader.take_word("a key")
    if not _KEY.fullmatch(key):
        raise reader.bad("key", key)
    if absent:
        return Requirement(key, Operator.ABSENT)
    if reader.at_end() or reader.peek() == ",":
        return Requirement(key, Operator.EXISTS)
    return _comparison(reader, key)


def _comparison(reader: _Reader, key: str) -> Requirement:
    match reader.peek():
        case "=" | "==":
            reader.take()
            return Requirement(key, Operator.IN, (_value(reader),))
        case "!=":
            reader.take()
            return Requirement(key, Operator.NOT_IN, (_value(reader),))
        case "in" | "notin" as word:
            reader.take()
            return Requirement(key, Operator(word), _value_list(reader))
        case ">" | "<" as symbol:
            reader.take()
            number = _value(reader)
            if not _INTEGER.fullmatch(number):
                raise reader.bad("integer", number)
            return Requirement(key, Operator(symbol), (number,))
    raise reader.error("one of =, ==, !=, in, notin, >, <")


def _value(reader: _Reader) -> str:
    """The word that stands here; nothing before a comma, a parenthesis or the end is the empty value."""
    if reader.at_end() or reader.peek() in (",", ")"):
        return ""
    value = reader.take_word("a value")
    if not is_value(value):
        raise reader.bad("value", value)
    return value


def _value_list(reader: _Reader) -> tuple[str, ...]:
    reader.expect("(")
    if reader.peek() == ")":
        raise reader.error("a value")
    values = [_value(reader)]
    while reader.peek() == ",":
        reader.take()
        values.append(_value(reader))
    reader.expect(")")
    return tuple(values)
