"""Which files and folders there are to read and to watch."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from dnssync.errors import ConfigError
from dnssync.manifests.catalogue import Place

_SUFFIXES = (".yaml", ".yml", ".json")


class Signature(NamedTuple):
    """What changes when a file does."""

    modified_ns: int
    size: int
    inode: int


class Scan(msgspec.Struct, frozen=True):
    """One look at the disk. ``unreachable`` maps files and folders to why they cannot be looked at: what is
    known below them must be kept."""

    files: dict[Place, Signature]
    directories: frozenset[Path]
    unreachable: dict[Path, str]


class Roots:
    """The paths that were given: files, and folders that are searched with all that is below them.

    Hidden files and folders are passed over, as are the temporary files of editors; links are followed.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        """Raises ConfigError for a path that does not exist."""
        for path in paths:
            if not Path(path).exists():
                raise ConfigError(f"manifest path {path} does not exist; check --manifests")
        # Not resolved: a link may be pointed elsewhere while we run.
        absolute = list(enumerate(Path(path).absolute() for path in paths))
        self._folders = {index: path for index, path in absolute if path.is_dir()}
        self._files = {index: path for index, path in absolute if index not in self._folders}

    def scan(self) -> Scan:
        """Look at everything once."""
        files: dict[Place, Signature] = {}
        directories: set[Path] = set()
        unreachable: dict[Path, str] = {}
        places: list[Place] = list(self._files.items())
        directories.update(path.parent for path in self._files.values())
        for index, folder in self._folders.items():
            for directory, names in _walk(folder, unreachable):
                directories.add(directory)
                places += [(index, directory / name) for name in names]
        for place in places:
            try:
                files[place] = read_signature(place[1])
            except FileNotFoundError:
                pass  # Gone between two looks, or a link to nowhere.
            except OSError as error:
                unreachable[place[1]] = error.strerror or str(error)
        return Scan(files, frozenset(directories), unreachable)

    def places(self, path: Path) -> list[Place]:
        """What the file at ``path`` is known as; nothing if it is not ours to read."""
        places: list[Place] = [(index, path) for index, file in self._files.items() if file == path]
        for index, folder in self._folders.items():
            below = path.relative_to(folder).parts if path.is_relative_to(folder) else ()
            if below and is_manifest(path) and not any(part.startswith(".") for part in below):
                places.append((index, path))
        return places

    def folder_is_there(self, place: Place) -> bool:
        """Whether the folder that was given, and that a file was found in, still exists."""
        folder = self._folders.get(place[0])
        return folder is None or folder.is_dir()


def is_manifest(path: Path) -> bool:
    """Whether a file's name is one that is read in a folder."""
    return path.suffix in _SUFFIXES and not path.name.startswith(".")


def is_below(path: Path, folders: Iterable[Path]) -> bool:
    """Whether a path is one of ``folders`` or lies in one."""
    return any(path.is_relative_to(folder) for folder in folders)


def read_signature(path: Path) -> Signature:
    """The signature of the file that a path leads to; raises OSError."""
    status = path.stat()
    return Signature(status.st_mtime_ns, status.st_size, status.st_ino)


def _walk(folder: Path, unreachable: dict[Path, str]) -> Iterator[tuple[Path, list[str]]]:
    """Folders with the manifest files in them; a folder that links lead to twice is taken once."""

    def complain(error: OSError) -> None:
        unreachable[Path(error.filename)] = error.strerror or str(error)

    visited: set[Path] = set()
    for directory, folders, names in os.walk(folder, followlinks=True, onerror=complain):
        real = Path(directory).resolve()
        if real in visited:
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield Path(directory), [name for name in names if is_manifest(Path(name))]
