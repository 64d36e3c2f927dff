"""Text files of the user: what is said of one that cannot be read, whatever it holds."""

from pathlib import Path

from resolver.errors import ResolverError


def read_text(path: str, what: str) -> str:
    """The text of a file in UTF-8. Raises ResolverError: ``cannot read WHAT PATH``, and why."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
    except UnicodeDecodeError:
        reason = "it is not UTF-8 text"
    raise ResolverError(f"cannot read {what} {path}: {reason}")
