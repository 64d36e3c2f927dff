"""The parsed template: a tree of frozen values. ``place`` is the offset in the source, for error messages."""

from collections.abc import Mapping

import msgspec


class Node(msgspec.Struct, frozen=True):
    """Anything that has a place in the source."""

    place: int


class Literal(Node, frozen=True):
    """A string, number, rune or boolean."""

    value: str | int | float | bool


class Nil(Node, frozen=True):
    """The word ``nil``: an argument, never a command."""


class Dot(Node, frozen=True):
    """``.``, the value at hand."""


class Field(Node, frozen=True):
    """``.A.B``, looked up from dot."""

    names: tuple[str, ...]


class Variable(Node, frozen=True):
    """``$x.A.B``; the name has its dollar sign, and ``$`` alone is the object."""

    name: str
    names: tuple[str, ...] = ()


class Function(Node, frozen=True):
    """The name of a function that is known to exist."""

    name: str


class Group(Node, frozen=True):
    """A pipeline in parentheses."""

    pipeline: "Pipeline"


class Chain(Node, frozen=True):
    """``(...).A.B`` or ``function.A.B``."""

    base: "Group | Function"
    names: tuple[str, ...]


Operand = Literal | Nil | Dot | Field | Variable | Function | Group | Chain


class Command(Node, frozen=True):
    """A value, or a function and its arguments."""

    operands: tuple[Operand, ...]


class Pipeline(Node, frozen=True):
    """Commands, each the last argument of the next; ``variables`` get the result."""

    commands: tuple[Command, ...]
    variables: tuple[str, ...] = ()
    assigns: bool = False


class Text(Node, frozen=True):
    """What stands outside the actions."""

    text: str


class Action(Node, frozen=True):
    """``{{pipeline}}``: printed, unless it sets a variable."""

    pipeline: Pipeline


class Branch(Node, frozen=True):
    """``{{if}}``, ``{{with}}`` or ``{{range}}`` (its subclasses) with its two lists."""

    pipeline: Pipeline
    body: "Body"
    otherwise: "Body"


class If(Branch, frozen=True):
    """Dot stays."""


class With(Branch, frozen=True):
    """Dot becomes the value."""


class Range(Branch, frozen=True):
    """Dot becomes each element in turn."""


class Leave(Node, frozen=True):
    """``{{break}}``, or ``{{continue}}`` if ``only_this_round``."""

    only_this_round: bool


class Invoke(Node, frozen=True):
    """``{{template "name" pipeline}}``, and what is left of a block at its place."""

    name: str
    pipeline: Pipeline | None


Body = tuple[Text | Action | Branch | Leave | Invoke, ...]
Bodies = Mapping[str, Body]
"""The named templates of one source; the main one is called ``MAIN``."""

MAIN = "endpoint"
