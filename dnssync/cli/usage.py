"""A mistake in the use of the command line, as one line."""

import click

from dnssync.config import nearest


def usage_line(error: click.UsageError) -> str:
    """What is wrong with the command line, with the nearest word that would have been right."""
    if isinstance(error, click.NoSuchOption):
        params = error.ctx.command.params if error.ctx else []
        names = [name for param in params for name in (*param.opts, *param.secondary_opts)]
        known = [name for name in names if name.startswith("--")]
        return f"no such option {error.option_name}{nearest(error.option_name, known)}"
    message = error.format_message().removesuffix(".")
    return message[:1].lower() + message[1:]
