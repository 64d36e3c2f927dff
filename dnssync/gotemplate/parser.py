"""Tokens to a tree, by Go's grammar: everything that Go refuses at parse time is refused here.

Source: the documentation of Go's text/template, "Actions", "Arguments", "Pipelines", "Variables", "Nested
template definitions".
"""

from collections.abc import Collection
from typing import NoReturn

from dnssync.gotemplate import nodes
from dnssync.gotemplate.lexer import Kind, TemplateSyntaxError, Token
from dnssync.gotemplate.operands import Cursor, parse_pipeline

_CONTROLS = {"if": nodes.If, "with": nodes.With, "range": nodes.Range}
_MAX_DEPTH = 40


class Parser:
    """One pass over the tokens of one source. ``functions`` are the names that a template may call."""

    def __init__(self, tokens: list[Token], functions: Collection[str]) -> None:
        self._cursor = Cursor(tokens, functions)
        self._bodies: dict[str, nodes.Body] = {}
        self._depth = 0
        self._loops = 0

    def parse(self) -> nodes.Bodies:
        """All named bodies; TemplateSyntaxError with the place of the first mistake."""
        main, closing = self._body(top=True)
        if closing.kind is not Kind.EOF:
            self._unexpected(closing)
        self._define(nodes.MAIN, main, closing)
        return self._bodies

    def _body(self, *, top: bool = False) -> tuple[nodes.Body, Token]:
        """The nodes up to ``{{else}}``, ``{{end}}`` or the end, and that word's token (just behind it)."""
        found: list[nodes.Text | nodes.Action | nodes.Branch | nodes.Leave | nodes.Invoke] = []
        while True:
            token = self._cursor.take()
            if token.kind is Kind.EOF:
                return tuple(found), token
            if token.kind is Kind.TEXT:
                found.append(nodes.Text(token.place, token.text))
                continue
            word = self._cursor.peek()
            if word.kind is Kind.WORD and word.text in ("else", "end"):
                return tuple(found), self._cursor.take()
            if top and word.kind is Kind.WORD and word.text == "define":
                self._definition()
            else:
                found.append(self._action(word))

    def _action(self, word: Token) -> nodes.Action | nodes.Branch | nodes.Leave | nodes.Invoke:
        if word.kind is Kind.WORD:
            if word.text in _CONTROLS:
                return self._control()
            if word.text in ("break", "continue"):
                return self._leave()
            if word.text == "template":
                return self._invoke()
            if word.text == "block":
                return self._block()
            if word.text == "define":
                raise TemplateSyntaxError("unexpected {{define}}: it stands at the top only", word.place)
        return nodes.Action(word.place, parse_pipeline(self._cursor, "command"))

    def _control(self) -> nodes.Branch:
        """if, with, range: up to and with their ``{{end}}``. Variables live until that."""
        word = self._cursor.take()
        self._enter(word)
        scope = self._cursor.scope()
        pipeline = parse_pipeline(self._cursor, word.text)
        self._loops += word.text == "range"
        body, closing = self._body()
        self._loops -= word.text == "range"
        otherwise: nodes.Body = ()
        if closing.text == "else":
            otherwise = self._otherwise(word)
        elif closing.kind is Kind.EOF:
            self._unexpected(closing)
        else:
            self._cursor.expect(Kind.END, "end")
        self._cursor.leave(scope)
        self._depth -= 1
        return _CONTROLS[word.text](word.place, pipeline, body, otherwise)

    def _otherwise(self, opening: Token) -> nodes.Body:
        """After ``else``: ``{{else if}}`` and ``{{else with}}`` share the ``{{end}}`` of what they follow."""
        following = self._cursor.peek()
        is_chained = following.kind is Kind.WORD and following.text == opening.text != "range"
        if is_chained:
            return (self._control(),)
        self._cursor.expect(Kind.END, "else")
        body, closing = self._body()
        if closing.text != "end":
            self._unexpected(closing)
        self._cursor.expect(Kind.END, "end")
        return body

    def _leave(self) -> nodes.Leave:
        word = self._cursor.take()
        self._cursor.expect(Kind.END, word.text)
        if not self._loops:
            raise TemplateSyntaxError(f"{{{{{word.text}}}}} outside {{{{range}}}}", word.place)
        return nodes.Leave(word.place, only_this_round=word.text == "continue")

    def _invoke(self) -> nodes.Invoke:
        word = self._cursor.take()
        name = self._cursor.take_string("template")
        if self._cursor.peek().kind is Kind.END:
            self._cursor.take()
            return nodes.Invoke(word.place, name, None)
        return nodes.Invoke(word.place, name, parse_pipeline(self._cursor, "template"))

    def _block(self) -> nodes.Invoke:
        word = self._cursor.take()
        name = self._cursor.take_string("block")
        pipeline = parse_pipeline(self._cursor, "block")
        self._define(name, self._named_body(word), word)
        return nodes.Invoke(word.place, name, pipeline)

    def _definition(self) -> None:
        word = self._cursor.take()
        name = self._cursor.take_string("define")
        self._cursor.expect(Kind.END, "define")
        self._define(name, self._named_body(word), word)

    def _named_body(self, word: Token) -> nodes.Body:
        """A body with variables and loops of its own: only ``$`` is known inside."""
        self._enter(word)
        outside, loops = self._cursor.fresh_scope(), self._loops
        self._loops = 0
        body, closing = self._body()
        if closing.text != "end":
            self._unexpected(closing)
        self._cursor.expect(Kind.END, "end")
        self._cursor.restore(outside)
        self._loops = loops
        self._depth -= 1
        return body

    def _define(self, name: str, body: nodes.Body, token: Token) -> None:
        """A later empty body never replaces an earlier one; two with content are a mistake."""
        known = self._bodies.get(name)
        if known is None or _is_blank(known):
            self._bodies[name] = body
        elif not _is_blank(body):
            raise TemplateSyntaxError(f"multiple definition of template {name!r}", token.place)

    def _enter(self, token: Token) -> None:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise TemplateSyntaxError(f"actions nested deeper than {_MAX_DEPTH}", token.place)

    def _unexpected(self, token: Token) -> NoReturn:
        what = f"{{{{{token.text}}}}}" if token.kind is Kind.WORD else token.kind.value
        raise TemplateSyntaxError(f"unexpected {what}", token.place)


def _is_blank(body: nodes.Body) -> bool:
    return all(isinstance(node, nodes.Text) and not node.text.strip() for node in body)
