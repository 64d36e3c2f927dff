"""Small text files that the server reads at its start and again when they change."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from resolver.config import ResolverConfig
from resolver.errors import ResolverError
from resolver.textfile import read_text

Stamp = tuple[tuple[int, int, int] | None, ...]


def with_files(config: ResolverConfig) -> ResolverConfig:
    """The configuration with what stands in its files of names and secrets; raises ResolverError."""
    names = _read_lines(config.blocklist, "the blocklist")
    lines = _read_lines(config.cookie_secret_file, "the file of cookie secrets")
    secrets = tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))
    if config.cookie_secret_file and not secrets:
        raise ResolverError(f"the file of cookie secrets {config.cookie_secret_file} has none")
    return msgspec.structs.replace(
        config, blocked=(*names, *config.blocked), cookie_secrets=secrets or config.cookie_secrets
    )


def files_of(config: ResolverConfig) -> tuple[str, ...]:
    """The files that ``with_files`` reads."""
    return tuple(filter(None, (config.blocklist, config.cookie_secret_file)))


def _read_lines(path: str, what: str) -> tuple[str, ...]:
    return tuple(read_text(path, what).splitlines()) if path else ()


def check_readable(paths: Iterable[str | Path], what: str) -> None:
    """Raise ResolverError for a file that this process may not open; ``what`` says what is in it."""
    for path in paths:
        try:
            with Path(path).open("rb"):
                pass
        except OSError as error:
            raise ResolverError(f"cannot read {what} in {path}: {error.strerror or error}") from None


def stamp(paths: Iterable[str | Path]) -> Stamp:
    """What changes when one of the files is written, replaced or removed."""
    return tuple(map(_stamp, paths))


def _stamp(path: str | Path) -> tuple[int, int, int] | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
