"""The inside of an action: pipelines, commands and their operands."""

from collections.abc import Collection
from typing import NoReturn

from dnssync.gotemplate import literals, nodes
from dnssync.gotemplate.lexer import Kind, TemplateSyntaxError, Token

KEYWORDS = frozenset(
    {"block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"}
)
_NOT_EXECUTABLE = (nodes.Literal, nodes.Nil, nodes.Dot)
_MAX_DEPTH = 20


class Cursor:
    """A place in the tokens, and the variables and functions that are known there."""

    def __init__(self, tokens: list[Token], functions: Collection[str]) -> None:
        self._tokens = tokens
        self._next = 0
        self._functions = functions
        self._variables = ["$"]
        self.depth = 0

    def take(self) -> Token:
        """The next token that is no space."""
        token = self.peek()
        self._next += 1
        return token

    def peek(self) -> Token:
        """The next token that is no space; the spaces before it are skipped."""
        while self.at(Kind.SPACE):
            self._next += 1
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def at(self, kind: Kind) -> bool:
        """Whether the very next token, space or not, is of this kind."""
        return self._next < len(self._tokens) and self._tokens[self._next].kind is kind

    def after_variable(self) -> Token:
        """What follows the variable that ``peek`` shows, past spaces."""
        index = self._next + 1
        while self._tokens[index].kind is Kind.SPACE:
            index += 1
        return self._tokens[index]

    def expect(self, kind: Kind, context: str) -> Token:
        """Takes a token of this kind, or says that ``context`` wanted one."""
        token = self.take()
        if token.kind is not kind:
            unexpected(token, context)
        return token

    def take_string(self, context: str) -> str:
        """Takes a quoted name."""
        return unquote(self.expect(Kind.STRING, context))

    def scope(self) -> int:
        """A mark for ``leave``."""
        return len(self._variables)

    def leave(self, mark: int) -> None:
        """Forgets the variables declared since the mark."""
        del self._variables[mark:]

    def fresh_scope(self) -> list[str]:
        """Starts with nothing but ``$``; gives what ``restore`` needs."""
        outside, self._variables = self._variables, ["$"]
        return outside

    def restore(self, outside: list[str]) -> None:
        """Ends a fresh scope."""
        self._variables = outside

    def declare(self, name: str) -> None:
        """A variable is known from here on."""
        self._variables.append(name)

    def knows_variable(self, name: str) -> bool:
        """Whether it was declared."""
        return name in self._variables

    def knows_function(self, name: str) -> bool:
        """Whether a template may call it."""
        return name in self._functions


def parse_pipeline(cursor: Cursor, context: str, end: Kind = Kind.END) -> nodes.Pipeline:
    """Declarations and commands up to and with the ``end`` token; ``context`` is what wants a value."""
    place = cursor.peek().place
    variables, assigns = _declarations(cursor, context)
    commands: list[nodes.Command] = []
    while cursor.peek().kind is not end:
        commands.append(_command(cursor, context))
    cursor.take()
    if not commands:
        raise TemplateSyntaxError(f"missing value for {context}", place)
    for stage, command in enumerate(commands[1:], 2):
        if isinstance(command.operands[0], _NOT_EXECUTABLE):
            raise TemplateSyntaxError(f"non executable command in pipeline stage {stage}", command.place)
    return nodes.Pipeline(place, tuple(commands), variables, assigns)


def _declarations(cursor: Cursor, context: str) -> tuple[tuple[str, ...], bool]:
    """``$x :=``, ``$x =`` and, in a range, ``$i, $x :=``."""
    names: list[str] = []
    while cursor.peek().kind is Kind.VARIABLE:
        operator = cursor.after_variable()
        if operator.kind not in (Kind.DECLARE, Kind.ASSIGN, Kind.COMMA):
            break
        names.append(cursor.take().text)
        cursor.take()
        if operator.kind is not Kind.COMMA:
            for name in names:
                cursor.declare(name)
            return tuple(names), operator.kind is Kind.ASSIGN
        if context != "range" or len(names) == 2:
            raise TemplateSyntaxError(f"too many declarations in {context}", operator.place)
    if names:
        raise TemplateSyntaxError("range can only initialize variables", cursor.peek().place)
    return (), False


def _command(cursor: Cursor, context: str) -> nodes.Command:
    """Operands divided by spaces, up to a bar (taken) or an end (left)."""
    place = cursor.peek().place
    operands: list[nodes.Operand] = []
    while (operand := _operand(cursor)) is not None:
        operands.append(operand)
        if not cursor.at(Kind.SPACE):
            break
    following = cursor.peek()
    if following.kind is Kind.PIPE and operands:
        cursor.take()
    elif following.kind not in (Kind.END, Kind.CLOSE) or not operands:
        unexpected(following, "operand" if operands else context)
    return nodes.Command(place, tuple(operands))


def _operand(cursor: Cursor) -> nodes.Operand | None:
    """A term and the fields chained to it without a space."""
    term = _term(cursor)
    names: list[str] = []
    while term is not None and cursor.at(Kind.FIELD):
        names.append(cursor.take().text[1:])
    if term is None or not names:
        return term
    if isinstance(term, nodes.Field):
        return nodes.Field(term.place, term.names + tuple(names))
    if isinstance(term, nodes.Variable):
        return nodes.Variable(term.place, term.name, tuple(names))
    if isinstance(term, nodes.Group | nodes.Function):
        return nodes.Chain(term.place, term, tuple(names))
    raise TemplateSyntaxError("unexpected . after a literal", term.place)


def _term(cursor: Cursor) -> nodes.Operand | None:
    """One operand without its chain; None (nothing taken) if the next token begins none."""
    token = cursor.peek()
    if token.kind is Kind.WORD:
        return _word(cursor, token)
    if token.kind is Kind.OPEN:
        return _group(cursor)
    if token.kind not in (Kind.DOT, Kind.VARIABLE, Kind.FIELD, Kind.STRING, Kind.RUNE, Kind.NUMBER):
        return None
    cursor.take()
    if token.kind is Kind.DOT:
        return nodes.Dot(token.place)
    if token.kind is Kind.FIELD:
        return nodes.Field(token.place, (token.text[1:],))
    if token.kind is Kind.VARIABLE:
        if not cursor.knows_variable(token.text):
            raise TemplateSyntaxError(f"undefined variable {token.text}", token.place)
        return nodes.Variable(token.place, token.text)
    return nodes.Literal(token.place, _literal(token))


def _word(cursor: Cursor, token: Token) -> nodes.Operand | None:
    if token.text in KEYWORDS:
        return None
    cursor.take()
    if token.text in ("true", "false"):
        return nodes.Literal(token.place, token.text == "true")
    if token.text == "nil":
        return nodes.Nil(token.place)
    if not cursor.knows_function(token.text):
        raise TemplateSyntaxError(f"function {token.text!r} not defined", token.place)
    return nodes.Function(token.place, token.text)


def _group(cursor: Cursor) -> nodes.Group:
    opening = cursor.take()
    cursor.depth += 1
    if cursor.depth > _MAX_DEPTH:
        raise TemplateSyntaxError(f"parentheses nested deeper than {_MAX_DEPTH}", opening.place)
    pipeline = parse_pipeline(cursor, "parenthesized pipeline", Kind.CLOSE)
    cursor.depth -= 1
    return nodes.Group(opening.place, pipeline)


def _literal(token: Token) -> str | int | float:
    if token.kind is Kind.STRING:
        return unquote(token)
    try:
        return literals.rune(token.text) if token.kind is Kind.RUNE else literals.number(token.text)
    except ValueError as error:
        raise TemplateSyntaxError(str(error), token.place) from error


def unquote(token: Token) -> str:
    """The value of a string token; TemplateSyntaxError for a bad escape."""
    try:
        return literals.unquote(token.text)
    except ValueError as error:
        raise TemplateSyntaxError(str(error), token.place) from error


def unexpected(token: Token, context: str) -> NoReturn:
    """Refuses a token."""
    what = f"{token.text!r}" if token.text else token.kind.value
    raise TemplateSyntaxError(f"unexpected {what} in {context}", token.place)
