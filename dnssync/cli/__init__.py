"""The command line: ``dnssync COMMAND [OPTIONS]``.

Exit codes: 0 done, 1 any error, 2 a mistake in the use of the command line; only ``plan`` differs, where 2
says that there are changes, so that a mistake in its use is 1 as well; 130 interrupted.
"""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from dnssync.errors import DnssyncError

# Command: where it is, and what it does. Its module is imported when it is used, so that help is quick.
COMMANDS = {
    "run": ("dnssync.cli.run", "Watch objects and keep DNS in step with them."),
    "plan": ("dnssync.cli.plan", "Show what run would change."),
    "apply": ("dnssync.cli.apply", "Apply a saved plan, exactly."),
    "endpoints": ("dnssync.cli.endpoints", "Show the records that the objects want."),
    "records": ("dnssync.cli.records", "Show the records that the provider holds, and whose they are."),
    "explain": ("dnssync.cli.explain", "Tell the whole story of one host name."),
    "hostname": ("dnssync.cli.hostname", "Make and read hostnames that carry an address."),
    "resolver": ("dnssync.cli.resolver", "Serve IP-encoded names: the wildcard DNS server alone."),
    "demo": ("dnssync.cli.demo", "See everything at work, with no account and no cluster."),
}

WRONG_USE = 2

_HELP = """Keep DNS in step with Kubernetes: Ingress addresses to Route 53, Cloud DNS or the bundled resolver.

\b
Options of a command can also be given as environment variables and in a YAML file (--config):
  --txt-owner-id=me    DNSSYNC_TXT_OWNER_ID=me    txt-owner-id: me
Without a command the options are those of run, as with external-dns, whose flags and EXTERNAL_DNS_
variables work here.
"""

_EPILOG = """\b
Exit codes: 0 done; 1 error; 2 wrong use, but for plan: 0 no changes, 2 changes, 1 error or wrong use.
Completion:  eval "$(_DNSSYNC_COMPLETE=bash_source dnssync)"   (or zsh_source, fish_source)
"""


class Program(click.Group):
    """The top command; its sub-commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """See ``click.Group``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """See ``click.Group``."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See ``click.Group``."""
        if args[0] not in COMMANDS:
            from dnssync.config import nearest

            ctx.fail(f"no such command {args[0]!r}{nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See ``click.Group``."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See ``click.Command``."""
        own = {name for param in self.get_params(ctx) for name in param.opts}
        if args and args[0].startswith("--") and args[0] not in own:
            args = ["run", *args]
        return super().parse_args(ctx, args)


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    del param
    if value:
        from dnssync import __version__

        click.echo(f"dnssync {__version__}")
        ctx.exit()


program = Program(
    "dnssync",
    help=_HELP,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_show_version,
            help="Show the version and exit.",
        )
    ],
)


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    _open_missing_outputs()
    sys.exit(execute(list(sys.argv[1:] if args is None else args)))


def _open_missing_outputs() -> None:
    """Let what is written to a closed output go nowhere, and not into the next file or socket opened."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is this one
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def execute(args: Sequence[str]) -> int:
    """Run the command line; its exit code. Errors that a user can cause are one line each on stderr."""
    try:
        code = program.main(args=list(args), prog_name="dnssync", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return WRONG_USE
    except click.UsageError as error:
        from dnssync.cli.usage import usage_line

        command = error.ctx.command_path if error.ctx else "dnssync"
        _report(f"{usage_line(error)} (see {command} --help)")
        return 1 if command == "dnssync plan" else WRONG_USE
    except click.ClickException as error:
        _report(error.format_message())
        return 1
    except DnssyncError as error:
        _report(str(error))
        return 1
    except click.Abort:
        return 130
    except BrokenPipeError:
        # The reader has gone; Python would fail once more when it flushes at exit.
        sys.stdout = None
        return 1
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        sys.stdout = None  # What is still in it would fail once more.
        _report(f"the output cannot be written: {error.strerror}")
        return 1
    return code if isinstance(code, int) else 0


def _report(message: str) -> None:
    for line in message.splitlines():
        click.echo(f"dnssync: error: {line}", err=True)
