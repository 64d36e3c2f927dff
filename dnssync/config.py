"""From what was given to settings: defaults < YAML file < environment < flags, every mistake
reported at once.

Pure: the texts of the file and of the environment are arguments.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from dnssync.compatibility import IGNORED
from dnssync.errors import ConfigError
from dnssync.option import OptionField, Shape, options_of

ModelT = TypeVar("ModelT", bound=msgspec.Struct)

# The second one lets a deployment of external-dns keep its variables when it changes its image.
PREFIXES = ("DNSSYNC_", "EXTERNAL_DNS_")


class Given(msgspec.Struct, frozen=True):
    """The texts given for one option, and where: a flag, a variable, a line of a file."""

    values: tuple[str, ...]
    where: str


class Layer(msgspec.Struct, frozen=True):
    """What one place gives, by option name; ``ignored`` has no effect here, ``problems`` are mistakes."""

    given: Mapping[str, Given] = {}
    ignored: Mapping[str, Given] = {}
    problems: tuple[str, ...] = ()


def variable(name: str, prefix: str = PREFIXES[0]) -> str:
    """The environment variable of an option: ``txt-owner-id`` → ``DNSSYNC_TXT_OWNER_ID``."""
    return prefix + name.replace("-", "_").upper()


def read_environment(model: type[msgspec.Struct], environ: Mapping[str, str]) -> Layer:
    """The options that ``environ`` gives; an empty variable counts as absent, newlines separate values.

    Variables that name no option are left alone: Kubernetes itself sets some for a Service called dnssync.
    ``mistyped_variables`` tells of those that look like a slip.
    """
    given = {
        name: found for name, field in options_of(model).items() if (found := _variable_of(field, environ))
    }
    ignored = {name: found for name in IGNORED if (found := _first_variable((name,), environ))}
    return Layer(given, ignored)


def mistyped_variables(models: Iterable[type[msgspec.Struct]], environ: Mapping[str, str]) -> list[str]:
    """A line for each of our variables that names no option of any model but nearly does."""
    names = {name for model in models for name in _known_names(model)} | set(IGNORED)
    lines = []
    for key in sorted(environ):
        prefix = next((prefix for prefix in PREFIXES if key.startswith(prefix)), None)
        name = key.removeprefix(prefix or "").replace("_", "-").lower()
        if prefix and name not in names and (known := _near(name, names)):
            lines.append(f"{key}: no such option; did you mean {variable(known, prefix)}?")
    return lines


def _variable_of(field: OptionField, environ: Mapping[str, str]) -> Given | None:
    found = _first_variable((field.name, *field.option.aliases), environ)
    if found and field.shape is Shape.MANY:
        return Given(tuple(found.values[0].split("\n")), found.where)
    return found


def _first_variable(names: Iterable[str], environ: Mapping[str, str]) -> Given | None:
    for key in (variable(name, prefix) for name in names for prefix in PREFIXES):
        if text := environ.get(key, "").rstrip("\n"):
            return Given((text,), key)
    return None


def read_yaml(model: type[msgspec.Struct], text: str, file: str) -> Layer:
    """The options that a YAML mapping gives by name (dashes or underscores); ``file`` names it in messages.

    Scalars are taken as they are written (``no`` is the word, ``007`` keeps its zeros); a null is no value.
    """
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        return Layer(problems=(f"{file}: not YAML: {' '.join(str(error).split())}",))
    if root is None:
        return Layer()
    if not isinstance(root, yaml.MappingNode):
        return Layer(problems=(f"{file}: expected a mapping of option names to values",))
    return _read_entries(model, root.value, file)


def _read_entries(model: type[msgspec.Struct], entries: Iterable[tuple[Any, Any]], file: str) -> Layer:
    names = _known_names(model)
    given: dict[str, Given] = {}
    ignored: dict[str, Given] = {}
    problems: list[str] = []
    for key_node, value_node in entries:
        key = str(key_node.value).replace("_", "-")
        where = f"{file}:{key_node.start_mark.line + 1}: {key}"
        values = _scalars(value_node)
        if values is None:
            problems.append(f"{where}: expected a value or a list of values")
        elif key in IGNORED:
            ignored[key] = Given(values, where)
        elif key == "config":
            problems.append(f"{where}: a file cannot name another; give it as a flag or a variable")
        elif key not in names:
            problems.append(f"{where}: no such option{nearest(key, names)}")
        elif names[key] in given:
            problems.append(f"{where}: given twice")
        else:
            given[names[key]] = Given(values, where)
    return Layer(given, ignored, tuple(problems))


def _known_names(model: type[msgspec.Struct]) -> dict[str, str]:
    """From each name or alias of an option to its name."""
    fields = options_of(model).values()
    return {alias: field.name for field in fields for alias in (field.name, *field.option.aliases)}


def _scalars(node: Any) -> tuple[str, ...] | None:
    """The texts of a scalar or of a list of scalars; None for anything deeper."""
    nodes = node.value if node.id == "sequence" else [node]
    if any(each.id != "scalar" for each in nodes):
        return None
    return tuple("" if each.tag == "tag:yaml.org,2002:null" else each.value for each in nodes)


def nearest(word: str, known: Collection[str]) -> str:
    """``; did you mean …?`` with the known word nearest to ``word``, or nothing if none is near."""
    found = _near(word, known)
    return f"; did you mean {found}?" if found else ""


def _near(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.7)), "")


def build(model: type[ModelT], layers: Iterable[Layer]) -> ModelT:
    """The settings that ``layers`` give together, a later one over an earlier one.

    Raises ConfigError with one line for each mistake in any of them.
    """
    given: dict[str, Given] = {}
    problems: list[str] = []
    for layer in layers:
        given |= layer.given
        problems += layer.problems
    values: dict[str, Any] = {}
    for name, field in options_of(model).items():
        if name in given:
            try:
                values |= _value(field, given[name])
            except ValueError as error:
                problems.append(str(error))
    if problems:
        raise ConfigError("\n".join(problems))
    return model(**values)


def _value(field: OptionField, given: Given) -> dict[str, Any]:
    """The attribute and its value; empty if nothing but an empty text is given for what must not be empty."""
    if field.shape is Shape.MANY:
        return {field.attribute: tuple(_read(field, text, given.where) for text in given.values if text)}
    if len(given.values) != 1:
        raise ValueError(f"{given.where}: takes one value, not {len(given.values)}")
    text = given.values[0]
    if not text:
        return {field.attribute: ""} if isinstance(field.default, str) else {}
    return {field.attribute: _read(field, text, given.where)}


def _read(field: OptionField, text: str, where: str) -> Any:
    try:
        return field.read(text)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def describe(settings: msgspec.Struct) -> dict[str, str]:
    """The options that differ from their defaults, as one would type them; secrets masked."""
    pairs = ((field, getattr(settings, field.attribute)) for field in options_of(type(settings)).values())
    return {field.name: field.show(value) for field, value in pairs if value != field.default}
