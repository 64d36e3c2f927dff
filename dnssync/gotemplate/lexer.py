"""Template text to tokens: what stands outside ``{{ }}`` is text, what stands inside is cut into words.

Source: the documentation of Go's text/template, "Text and spaces" and "Arguments".
"""

import re
from collections.abc import Generator, Iterator
from enum import Enum
from typing import NamedTuple

_SPACES = " \t\r\n"
_COMMENT = re.compile(r"/\*.*?\*/(?P<trim>[ \t\r\n]-)?\}\}", re.DOTALL)
_ACTION_END = re.compile(r"(?P<trim>[ \t\r\n]+-)?\}\}")
_WORDS = re.compile(
    r"""(?P<SPACE>[ \t\r\n]+)
    | (?P<STRING>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)
    | (?P<RUNE>'(?:[^'\\\n]|\\[^\n])+')
    | (?P<NUMBER>[+-]?(?:0[xX][\da-fA-F_.]*(?:[pP][+-]?[\d_]+)?
                      |0[bBoO][\d_]+
                      |\.?\d[\d_.]*(?:[eE][+-]?[\d_]+)?))
    | (?P<FIELD>\.[^\W\d]\w*)
    | (?P<DOT>\.)
    | (?P<VARIABLE>\$\w*)
    | (?P<WORD>[^\W\d]\w*)
    | (?P<DECLARE>:=)
    | (?P<ASSIGN>=)
    | (?P<PIPE>\|)
    | (?P<COMMA>,)
    | (?P<OPEN>\()
    | (?P<CLOSE>\))
    """,
    re.VERBOSE,
)
_NAMES = ("FIELD", "VARIABLE", "WORD")
_AFTER_NAME = " \t\r\n.,|:)("


class Kind(Enum):
    """What a token is; the values are what an error message calls it."""

    TEXT = "text"
    BEGIN = "{{"
    END = "}}"
    SPACE = "space"
    STRING = "a string"
    RUNE = "a character"
    NUMBER = "a number"
    FIELD = "a field"
    DOT = "."
    VARIABLE = "a variable"
    WORD = "a word"
    DECLARE = ":="
    ASSIGN = "="
    PIPE = "|"
    COMMA = ","
    OPEN = "("
    CLOSE = ")"
    EOF = "the end of the template"


class Token(NamedTuple):
    """A piece of the source; ``place`` is its offset in characters."""

    kind: Kind
    text: str
    place: int


class TemplateSyntaxError(ValueError):
    """The text is no template; ``place`` is the offset where that shows."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


def tokenize(source: str) -> Iterator[Token]:
    """All tokens in order, then EOF; comments are left out. TemplateSyntaxError for what Go refuses."""
    place = 0
    trim_left = False
    while (opening := source.find("{{", place)) >= 0:
        body = opening + 2
        trim_right = source.startswith("-", body) and source[body + 1 : body + 2] in tuple(_SPACES)
        yield from _text(source, place, opening, left=trim_left, right=trim_right)
        if trim_right:
            body += 2
        if source.startswith("/*", body):
            comment = _COMMENT.match(source, body)
            if comment is None:
                raise TemplateSyntaxError("unclosed comment, or text after its end", opening)
            place, trim_left = comment.end(), comment["trim"] is not None
            continue
        yield Token(Kind.BEGIN, "{{", opening)
        place = yield from _action(source, body, opening)
        trim_left = source.startswith("-", place - 3) and source[place - 4] in _SPACES
    yield from _text(source, place, len(source), left=trim_left, right=False)
    yield Token(Kind.EOF, "", len(source))


def _text(source: str, start: int, end: int, *, left: bool, right: bool) -> Iterator[Token]:
    text = source[start:end]
    if left:
        text = text.lstrip(_SPACES)
    if right:
        text = text.rstrip(_SPACES)
    if text:
        yield Token(Kind.TEXT, text, start)


def _action(source: str, place: int, opening: int) -> Generator[Token, None, int]:
    """The tokens up to and with ``}}``; returns the offset behind it."""
    while True:
        if end := _ACTION_END.match(source, place):
            yield Token(Kind.END, "}}", place)
            return end.end()
        word = _WORDS.match(source, place)
        if word is None:
            raise _bad_character(source, place, opening)
        kind = word.lastgroup or ""
        place = word.end()
        following = source[place : place + 1]
        ends_action = _ACTION_END.match(source, place) is not None
        if kind in _NAMES and following and following not in _AFTER_NAME and not ends_action:
            raise TemplateSyntaxError(f"bad character {following!r} after {word.group()!r}", place)
        if kind == "NUMBER" and (following.isalnum() or following in tuple("_+-.")):
            raise TemplateSyntaxError(f"bad number syntax: {word.group() + following!r}", place)
        yield Token(Kind[kind], word.group(), word.start())


def _bad_character(source: str, place: int, opening: int) -> TemplateSyntaxError:
    if place >= len(source):
        return TemplateSyntaxError("unclosed action", opening)
    if source[place] in "\"'`":
        return TemplateSyntaxError("unterminated quoted string", place)
    return TemplateSyntaxError(f"unexpected character {source[place]!r} in an action", place)
