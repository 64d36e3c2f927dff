"""``python -m dnssync.cli.docs FILE``: write the options page, made from the settings models."""

import sys
from collections.abc import Iterable
from pathlib import Path

import msgspec

from dnssync.compatibility import IGNORED
from dnssync.config import variable
from dnssync.option import OptionField, Shape, options_of
from dnssync.render import Table, markdown
from dnssync.settings import ResolverSettings, Settings

_INTRO = """# Options

This page is made from the settings models by `python -m dnssync.cli.docs docs/options.md`; do not edit it.

Every option can be given in four places; a later one overrules an earlier one:

1. its default,
2. the YAML file that `--config` names: `txt-owner-id: me`, lists for options that may be repeated,
3. the environment: `DNSSYNC_TXT_OWNER_ID=me`, or external-dns's `EXTERNAL_DNS_TXT_OWNER_ID=me`; several
   values are separated by newlines, an empty variable counts as absent,
4. flags: `--txt-owner-id=me`; a switch is `--events`, `--no-events`, `--events=true` or `--events=false`.

What is given in one place for a repeatable option replaces what an earlier place gives. An empty value is no
value. Durations are written as in Go (`1m30s`, `500ms`) or as a number of seconds. Every mistake is reported
at once.

Exit codes: 0 done, 1 any error, 2 a mistake in the use of the command line. For `plan`: 0 nothing to change,
2 changes, 1 any error.
"""

_IGNORED_INTRO = """## Options of external-dns without effect

They are accepted, in all these places, so that a deployment can change its image; each gives a warning.
"""


def options_page() -> str:
    """The page in Markdown."""
    return "\n".join(
        [
            _INTRO,
            _model("## `run`, `plan`, `apply`, `endpoints`, `records`, `explain` and `demo`", Settings),
            _model("## `resolver`", ResolverSettings),
            _IGNORED_INTRO,
            _ignored(),
        ]
    )


def _model(title: str, model: type[msgspec.Struct]) -> str:
    groups: dict[str, list[OptionField]] = {}
    for field in options_of(model).values():
        groups.setdefault(field.option.group, []).append(field)
    parts = [f"### {group}\n\n{markdown(_table(fields))}" for group, fields in groups.items()]
    return "\n".join([f"{title}\n", *parts])


def _table(fields: Iterable[OptionField]) -> Table:
    rows = tuple((_name(field), variable(field.name), _default(field), _text(field)) for field in fields)
    return Table(("Option", "Variable", "Default", "Meaning"), rows)


def _name(field: OptionField) -> str:
    return f"`--{field.name}`" + (" (repeatable)" if field.shape is Shape.MANY else "")


def _default(field: OptionField) -> str:
    shown = field.show(field.default)
    return f"`{shown}`" if shown else ""


def _text(field: OptionField) -> str:
    choices = [f"`{choice}`" for choice in field.option.choices if choice]
    aliases = [f"`--{alias}`" for alias in field.option.aliases]
    text = field.option.help.replace("<", "&lt;").replace("*", "\\*")
    text += f" One of {', '.join(choices)}." if choices else ""
    return text + (f" Also {', '.join(aliases)}." if aliases else "")


def _ignored() -> str:
    reasons: dict[str, list[str]] = {}
    for name, ignored in IGNORED.items():
        reasons.setdefault(ignored.why, []).append(f"`--{name}`")
    return markdown(
        Table(("Options", "Why"), tuple((" ".join(names), why) for why, names in reasons.items()))
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(options_page(), encoding="utf-8")
