"""Walks the tree over an object and writes the text.

Source: the documentation of Go's text/template; where that is silent, what Go 1.26 does.
"""

from collections.abc import Iterator, Mapping

from dnssync.gotemplate import nodes
from dnssync.gotemplate.errors import TemplateError
from dnssync.gotemplate.functions import Function
from dnssync.gotemplate.limits import Budget, check_length
from dnssync.gotemplate.printing import show
from dnssync.gotemplate.values import MISSING, Missing, Pointer, Struct, Value, indirect, is_true, type_name


class Evaluation:
    """One run over one object. ``strict`` makes an absent key of a map an error instead of ``<no value>``."""

    def __init__(self, bodies: nodes.Bodies, functions: Mapping[str, Function], *, strict: bool) -> None:
        self._bodies = bodies
        self._functions = functions
        self._strict = strict
        self._budget = Budget()
        self._variables: list[tuple[str, Value]] = []
        self._out: list[str] = []
        self._length = 0
        self.place = 0
        """Where in the source the run is, and so where it failed."""

    def run(self, data: Value) -> str:
        """The text that the main template makes; TemplateError, with ``place`` telling where."""
        self._variables = [("$", data)]
        self._body(self._bodies[nodes.MAIN], data)
        return "".join(self._out)

    def _body(self, body: nodes.Body, dot: Value) -> nodes.Leave | None:
        """Writes a list of nodes; a break or continue ends it at once and is handed to the loop around it."""
        self._budget.enter()
        for node in body:
            self.place = node.place
            match node:
                case nodes.Text():
                    self._write(node.text)
                case nodes.Action():
                    self._action(node, dot)
                case nodes.Leave():
                    leave: nodes.Leave | None = node
                    break
                case nodes.Invoke():
                    self._invoke(node, dot)
                case nodes.Branch() if leave := self._branch(node, dot):
                    break
        else:
            leave = None
        self._budget.depth -= 1
        return leave

    def _write(self, text: str) -> None:
        self._budget.spend(len(text))
        self._length += len(text)
        check_length(self._length)
        self._out.append(text)

    def _action(self, node: nodes.Action, dot: Value) -> None:
        value = self._pipeline(node.pipeline, dot)
        if not node.pipeline.variables:
            self._write(MISSING.value if value is MISSING else show(value))

    def _invoke(self, node: nodes.Invoke, dot: Value) -> None:
        """Another template sees none of our variables."""
        body = self._bodies.get(node.name)
        if body is None:
            raise TemplateError(f"template {node.name!r} not defined")
        value = self._pipeline(node.pipeline, dot) if node.pipeline else MISSING
        outside, self._variables = self._variables, [("$", value)]
        self._body(body, value)
        self._variables = outside

    def _branch(self, node: nodes.Branch, dot: Value) -> nodes.Leave | None:
        """Variables of the pipeline and the lists end with the branch."""
        mark = len(self._variables)
        value = self._pipeline(node.pipeline, dot)
        if isinstance(node, nodes.Range):
            leave = self._loop(node, value, dot)
        elif is_true(value):
            leave = self._body(node.body, value if isinstance(node, nodes.With) else dot)
        else:
            leave = self._body(node.otherwise, dot)
        del self._variables[mark:]
        return leave

    def _loop(self, node: nodes.Range, value: Value, dot: Value) -> nodes.Leave | None:
        mark = len(self._variables)
        is_empty = True
        for index, element in self._elements(node, value):
            is_empty = False
            self._set_loop_variables(node.pipeline, index, element, mark)
            leave = self._body(node.body, element)
            del self._variables[mark:]
            if leave and not leave.only_this_round:
                return None
        return self._body(node.otherwise, dot) if is_empty else None

    def _elements(self, node: nodes.Range, value: Value) -> Iterator[tuple[Value, Value]]:
        """Pairs of index or key and element; a map goes in the order of its keys."""
        if isinstance(value, Pointer) and value.target is not None:
            value = value.target
        match value:
            case None | Missing.MISSING:
                return
            case list():
                pairs: Iterator[tuple[Value, Value]] = iter(enumerate(value))
            case dict():
                pairs = ((key, value[key]) for key in sorted(value))
            case int() if not isinstance(value, bool) and len(node.pipeline.variables) < 2:
                pairs = ((MISSING, number) for number in range(value))
            case _:
                raise TemplateError(f"range can't iterate over {show(value)}")
        for pair in pairs:
            self._budget.spend()
            yield pair

    def _set_loop_variables(self, pipeline: nodes.Pipeline, index: Value, element: Value, mark: int) -> None:
        """The last variable is the element, one before it the index."""
        names = pipeline.variables
        values = (index, element)[2 - len(names) :]
        for offset, (name, value) in enumerate(zip(names, values, strict=True)):
            if pipeline.assigns:
                self._assign(name, value)
            else:
                self._variables[mark - len(names) + offset] = (name, value)

    def _pipeline(self, pipeline: nodes.Pipeline, dot: Value) -> Value:
        """The last command's value; null counts as not there, as it does in Go."""
        self._budget.enter()
        piped: tuple[Value, ...] = ()
        for command in pipeline.commands:
            value = self._command(command, dot, piped)
            piped = (MISSING if value is None else value,)
        self._budget.depth -= 1
        for name in pipeline.variables:
            if pipeline.assigns:
                self._assign(name, piped[0])
            else:
                self._variables.append((name, piped[0]))
        return piped[0]

    def _command(self, command: nodes.Command, dot: Value, piped: tuple[Value, ...]) -> Value:
        first = command.operands[0]
        self.place = first.place
        self._budget.spend()
        if isinstance(first, nodes.Function):
            return self._call(first, command.operands[1:], dot, piped)
        if isinstance(first, nodes.Nil):
            raise TemplateError("nil is not a command")
        if len(command.operands) > 1 or piped:
            raise TemplateError("can't give an argument to what is no function")
        return self._operand(first, dot)

    def _operand(self, node: nodes.Operand, dot: Value) -> Value:
        self.place = node.place
        match node:
            case nodes.Literal():
                return node.value
            case nodes.Nil():
                return None
            case nodes.Dot():
                return dot
            case nodes.Field():
                return self._fields(dot, node.names)
            case nodes.Variable():
                return self._fields(self._variable(node.name), node.names)
            case nodes.Group():
                return self._pipeline(node.pipeline, dot)
            case nodes.Chain():
                return self._fields(self._operand(node.base, dot), node.names)
            case nodes.Function():
                return self._call(node, (), dot, ())

    def _call(
        self, node: nodes.Function, operands: tuple[nodes.Operand, ...], dot: Value, piped: tuple[Value, ...]
    ) -> Value:
        """and, or stop at the operand that decides; every other function gets all its arguments."""
        if node.name in ("and", "or") and (operands or piped):
            for operand in operands:
                value = self._operand(operand, dot)
                if is_true(value) == (node.name == "or"):
                    return value
            return piped[0] if piped else value
        arguments = [self._operand(operand, dot) for operand in operands]
        self.place = node.place
        result = self._functions[node.name].invoke(node.name, [*arguments, *piped])
        if isinstance(result, str):
            check_length(len(result))
            self._budget.spend(len(result))
        return result

    def _fields(self, value: Value, names: tuple[str, ...]) -> Value:
        for name in names:
            value = self._field(value, name)
        return value

    def _field(self, value: Value, name: str) -> Value:
        if value is MISSING:
            if self._strict:
                raise TemplateError(f"nil data; no entry for key {name!r}")
            return MISSING
        if value is None or (isinstance(value, Pointer) and value.target is None):
            raise TemplateError(f"nil pointer evaluating .{name}")
        value = indirect(value)
        if isinstance(value, dict):
            return self._entry(value, name)
        if not isinstance(value, Struct):
            raise TemplateError(f"can't evaluate field {name} in type {type_name(value)}")
        try:
            return value.field(name)
        except LookupError:
            raise TemplateError(f"can't evaluate field {name} in type {value.type_name}") from None

    def _entry(self, mapping: dict[str, Value], name: str) -> Value:
        try:
            return mapping[name]
        except KeyError:
            if self._strict:
                raise TemplateError(f"map has no entry for key {name!r}") from None
            return MISSING

    def _variable(self, name: str) -> Value:
        for known, value in reversed(self._variables):
            if known == name:
                return value
        raise TemplateError(f"undefined variable {name}")

    def _assign(self, name: str, value: Value) -> None:
        for index in range(len(self._variables) - 1, -1, -1):
            if self._variables[index][0] == name:
                self._variables[index] = (name, value)
                return
        raise TemplateError(f"undefined variable {name}")
