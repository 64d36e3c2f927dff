"""From a settings model to click: its options, grouped help, and the settings that a command line gives."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from dnssync import logs
from dnssync.cli.usage import usage_line
from dnssync.compatibility import IGNORED, warning
from dnssync.config import Given, Layer, build, mistyped_variables, read_environment, read_yaml
from dnssync.errors import ConfigError
from dnssync.option import OptionField, Shape, options_of, switch
from dnssync.settings import Settings

log = logging.getLogger(__name__)

# Keys of the context's ``meta``: options without effect that flags give, and the lines to log about all such.
_IGNORED = "dnssync.ignored"
_WARNINGS = "dnssync.warnings"


class SettingsCommand(click.Command):
    """A command whose options come from a settings model; its callback is called with ``settings``.

    ``presets`` are option values that stand between the model's defaults and everything the user gives;
    ``environ`` stands for the process's environment. Raises ConfigError, one line per mistake, for values
    that cannot be.
    """

    def __init__(
        self,
        *args: Any,
        model: type[msgspec.Struct] = Settings,
        presets: Mapping[str, Sequence[str]] | None = None,
        environ: Mapping[str, str] | None = None,
        **attributes: Any,
    ) -> None:
        super().__init__(*args, **attributes)
        self.model = model
        self.presets = Layer({name: Given(tuple(values), name) for name, values in (presets or {}).items()})
        self.environ = environ
        self.params += [_click_option(field) for field in options_of(model).values()]
        self.params += [_ignored_option(name) for name in IGNORED]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the line, and put the settings of all layers, flags last, among the parameters."""
        switches = _switch_names(self.params)
        plain = [_plain_switch(arg, switches) for arg in args]
        try:
            rest = super().parse_args(ctx, plain)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx  # click's parser does not say of which command it speaks
            raise
        if ctx.resilient_parsing:  # shell completion: the line is not finished
            return rest
        flags = Layer(_take_flags(self.model, ctx.params), ctx.meta.get(_IGNORED, {}))
        environ = os.environ if self.environ is None else self.environ
        layers = [self.presets, *_outer_layers(self.model, flags, environ), flags]
        ctx.params["settings"] = build(self.model, layers)
        ignored = {name: given.where for layer in layers for name, given in layer.ignored.items()}
        ctx.meta[_WARNINGS] = [warning(name, where) for name, where in ignored.items()]
        ctx.meta[_WARNINGS] += mistyped_variables((self.model, Settings), environ)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Set up logging, tell of options without effect, and do the command's work."""
        settings = ctx.params["settings"]
        logs.configure(settings.log_level, settings.log_format)
        for line in ctx.meta[_WARNINGS]:
            log.warning(line)
        return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options in sections, by the groups of the model."""
        fields = options_of(self.model)
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                field = fields.get((param.name or "").replace("_", "-"))
                groups.setdefault(field.option.group if field else "General", []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)


def parse_settings(args: Sequence[str]) -> Settings:
    """The settings that these flags give (and the file that ``--config`` names); the environment is not read.

    Raises ConfigError for an unknown flag or a value that cannot be.
    """
    command = SettingsCommand("dnssync", environ={}, add_help_option=False)
    try:
        context = command.make_context("dnssync", list(args))
    except click.UsageError as error:
        raise ConfigError(usage_line(error)) from None
    settings: Settings = context.params["settings"]
    return settings


def _outer_layers(model: type[msgspec.Struct], flags: Layer, environ: Mapping[str, str]) -> list[Layer]:
    """What the YAML file and the environment give; the file is named by a flag or by the environment."""
    environment = read_environment(model, environ)
    config = flags.given.get("config") or environment.given.get("config")
    if config is None or not config.values[0]:
        return [environment]
    return [_read_file(model, config), environment]


def _read_file(model: type[msgspec.Struct], config: Given) -> Layer:
    file = config.values[0]
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        return Layer(problems=(f"{config.where}: cannot read {file}: {reason}",))
    return read_yaml(model, text, file)


def _switch_names(params: Sequence[click.Parameter]) -> set[str]:
    return {
        name for param in params if isinstance(param, click.Option) and param.is_flag for name in param.opts
    }


def _plain_switch(arg: str, switches: set[str]) -> str:
    """``--events=false`` as ``--no-events``; anything else as it is."""
    name, separator, word = arg.partition("=")
    if not (separator and name in switches):
        return arg
    try:
        return name if switch(word) else f"--no-{name.removeprefix('--')}"
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None


def _take_flags(model: type[msgspec.Struct], params: dict[str, Any]) -> dict[str, Given]:
    """Take the model's options out of ``params``; what was not given is None, or () if repeatable."""
    given = {}
    for name, field in options_of(model).items():
        value = params.pop(field.attribute)
        if value is None or value == ():
            continue
        texts = value if field.shape is Shape.MANY else (str(value),)
        given[name] = Given(tuple(texts), f"--{name}")
    return given


def _click_option(field: OptionField) -> click.Option:
    names = [f"--{name}" for name in (field.name, *field.option.aliases)]
    if field.shape is Shape.SWITCH:
        return click.Option(
            [f"{names[0]}/--no-{field.name}", field.attribute], default=None, help=_help(field)
        )
    choices = "|".join(choice for choice in field.option.choices if choice)
    metavar = field.option.metavar or (
        f"[{choices}]" if choices else _METAVARS.get(field.read.__name__, "TEXT")
    )
    many = field.shape is Shape.MANY
    return click.Option(
        [*names, field.attribute], type=str, multiple=many, metavar=metavar, help=_help(field)
    )


_METAVARS = {
    "duration": "DURATION",
    "whole_seconds": "DURATION",
    "ttl": "DURATION",
    "count": "N",
    "percent": "PERCENT",
    "pattern": "REGEX",
}


def _help(field: OptionField) -> str:
    notes = ["repeatable"] if field.shape is Shape.MANY else []
    shown = field.show(field.default)
    if shown and field.default is not False:
        notes.append(f"default: {shown}")
    return f"{field.option.help}  [{'; '.join(notes)}]" if notes else field.option.help


def _ignored_option(name: str) -> click.Option:
    declaration = f"--{name}" if IGNORED[name].takes_value else f"--{name}/--no-{name}"
    attribute = "ignored_" + name.replace("-", "_")
    return click.Option([declaration, attribute], hidden=True, expose_value=False, callback=_note_ignored)


def _note_ignored(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if ctx.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE:
        name = param.opts[0].removeprefix("--")
        ctx.meta.setdefault(_IGNORED, {})[name] = Given((str(value),), f"--{name}")
