"""Follow manifest files: what changes on disk reaches the sink within a fraction of a second.

A file that cannot be read, or is only half written, keeps its last good state; a folder that disappears
keeps all of it. Only when everything could be read is the sink told that it has seen the whole.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from dnssync.errors import ConfigError
from dnssync.manifests.catalogue import Catalogue, Key, Objects, Place
from dnssync.manifests.documents import TextError
from dnssync.manifests.folders import Roots, Signature, is_below, is_manifest, read_signature
from dnssync.manifests.reader import read_objects
from dnssync.manifests.settling import EMPTY_SECONDS, Settling
from dnssync.sources import Sink, Source

log = logging.getLogger(__name__)

_QUIET_MILLISECONDS = 50
_LONGEST_BATCH_MILLISECONDS = 400
_LOOK_MILLISECONDS = 200
_SCAN_SECONDS = 5.0
_WITHOUT_EVENTS_SECONDS = 1.0


class ManifestWatcher:
    """Feeds a sink from files and folders, for all sources at once; one thread.

    Where several files hold the same object, the one later in the order of the given paths, then of the
    file names, counts. Objects without a namespace are in ``default``.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        sources: Sequence[Source],
        sink: Sink,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigError for a path that does not exist."""
        self._roots = Roots(paths)
        self._sources = sources
        self._sink = sink
        self._clock = clock
        self._catalogue = Catalogue()
        self._signatures: dict[Place, Signature] = {}
        self._settling = Settling()
        self._directories: frozenset[Path] = frozenset()
        self._unreachable: dict[Path, str] = {}
        self._broken: dict[Place, str] = {}
        self._scanned = float("-inf")
        self._told: str | None = None
        self._complaint = ""

    @property
    def problems(self) -> tuple[str, ...]:
        """What cannot be read at the moment, a line for each; may be read from any thread."""
        unreachable = [f"{path}: {why}" for path, why in sorted(self._unreachable.copy().items())]
        return (*unreachable, *(why for _, why in sorted(self._broken.copy().items())))

    def read_once(self, stop: threading.Event | None = None) -> None:
        """Read everything; ConfigError, after the sink and the log are told, if something cannot be read."""
        del stop
        self._read_all()
        if self.problems:
            raise ConfigError(f"manifests cannot be read: {'; '.join(self.problems[:5])}")

    def _read_all(self) -> None:
        self._load(self._scan())
        self._report()

    def run(self, stop: threading.Event) -> None:
        """Read everything, then follow changes until ``stop`` is set."""
        self._read_all()
        while not stop.is_set():
            directories = self._directories
            # What changed before the watch stood is found by the look that follows its first word.
            self._scanned = float("-inf")
            try:
                for paths in _changed_paths(directories, stop):
                    self._follow(paths)
                    # A folder that was removed and made again is a new one to the watch.
                    if self._directories != directories or not directories.isdisjoint(paths):
                        break
            except (OSError, RuntimeError) as error:
                # A folder that went away just now, or a system out of inotify watches: then look ourselves.
                self._complain_once(str(error))
                stop.wait(_WITHOUT_EVENTS_SECONDS)
                self._follow(directories)

    def _complain_once(self, why: str) -> None:
        if why != self._complaint:
            log.warning("manifest folders cannot be watched, they are looked at every second: %s", why)
        self._complaint = why

    def _follow(self, paths: Iterable[Path]) -> None:
        """Take up changes at ``paths``."""
        places = {place for path in paths for place in self._roots.places(path)}
        is_due = self._clock() - self._scanned >= _SCAN_SECONDS
        if is_due or any(self._moves_others(path) for path in paths):
            places |= self._scan()
        places |= self._settling.places()
        self._load(place for place in places if self._may_be_read(place))
        self._report()

    def _moves_others(self, path: Path) -> bool:
        """Whether a change here may be one of other files: a folder, or a link that files are reached by."""
        if path in self._directories:
            return True
        return not is_manifest(path) and (path.is_dir() or path.is_symlink())

    def _may_be_read(self, place: Place) -> bool:
        """Whether what a file holds now is the whole of it, as far as can be told."""
        objects, before = self._catalogue.objects(place), self._signatures.get(place)
        if not objects or before is None:
            return True
        try:
            after = read_signature(place[1])
        except OSError:
            after = None
        is_news = place not in self._settling.places()
        settled = self._settling.is_settled(place, before, after, self._clock())
        if is_news and after is not None and after.size == 0:
            log.info(
                "%s is empty: its %d objects stay for %.0f s, in case it is being written",
                place[1],
                len(objects),
                EMPTY_SECONDS,
                extra={"object": str(place[1])},
            )
        return settled

    def _scan(self) -> set[Place]:
        """Look at the disk; the files that are new, different or gone since they were last read."""
        found = self._roots.scan()
        self._scanned = self._clock()
        self._directories = found.directories
        for path, why in found.unreachable.items():
            if self._unreachable.get(path) != why:
                log.warning(
                    "%s cannot be read and stays as it was: %s", path, why, extra={"object": str(path)}
                )
        self._unreachable = found.unreachable
        changed = {
            place for place, signature in found.files.items() if self._signatures.get(place) != signature
        }
        gone = (self._signatures.keys() | self._broken.keys()) - found.files.keys()
        return changed | {place for place in gone if not is_below(place[1], found.unreachable)}

    def _load(self, places: Iterable[Place]) -> None:
        changed: set[Key] = set()
        for place in sorted(places):
            try:
                objects = self._read(place)
            except (OSError, TextError) as error:
                self._keep(place, error)
                continue
            self._broken.pop(place, None)
            self._unreachable.pop(place[1], None)
            changed |= self._catalogue.replace(place, objects)
            self._warn_of_rivals(objects)
        for source, ref in sorted(changed):
            is_there, claims = self._catalogue.find((source, ref))
            if not is_there:
                self._sink.gone(source, ref)
            elif claims is not None:
                self._sink.seen(source, claims)

    def _read(self, place: Place) -> Objects:
        """What a file holds, nothing if it is gone. Raises OSError or TextError if that cannot be said."""
        path = place[1]
        try:
            # Before the text: a change in between is then found by the next look.
            self._signatures[place] = read_signature(path)
            text = path.read_text("utf-8")
        except FileNotFoundError:
            if not self._roots.folder_is_there(place):
                raise
            self._signatures.pop(place, None)
            return {}
        except UnicodeDecodeError as error:
            raise TextError(f"no UTF-8 text: {error.reason} at byte {error.start}") from None
        return read_objects(text, path, self._sources, known=self._catalogue.objects(place))

    def _keep(self, place: Place, error: OSError | TextError) -> None:
        path = place[1]
        line = f":{error.line}" if isinstance(error, TextError) and error.line else ""
        why = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        self._broken[place] = f"{path}{line}: {why}"
        log.warning(
            "%s%s cannot be read and stays as it was: %s", path, line, why, extra={"object": str(path)}
        )

    def _warn_of_rivals(self, objects: Iterable[Key]) -> None:
        for (_, ref), places in self._catalogue.rivals(objects).items():
            files = ", ".join(str(path) for _, path in places)
            log.warning("%s stands in %s; the last of them counts", ref, files, extra={"object": str(ref)})

    def _report(self) -> None:
        """Tell the sink, where that has changed, whether the whole could be read."""
        problems = self.problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        error = problems[0] + more if problems else ""
        if error == self._told:
            return
        self._told = error
        for source in self._sources:
            if error:
                self._sink.failed(source.name, f"manifests cannot be read: {error}")
            else:
                self._sink.listed(source.name, self._catalogue.refs(source.name))


def _changed_paths(directories: Iterable[Path], stop: threading.Event) -> Iterator[set[Path]]:
    """Sets of changed paths; empty ones come five times a second, so that a look may be taken.

    Folders are watched one by one and not with all below them: of a file given by its name only its own
    folder matters, and editors replace files, so the file itself is not what can be watched.
    """
    from watchfiles import watch

    existing = [path for path in sorted(directories) if path.is_dir()]
    if not existing:
        raise FileNotFoundError("no folder is left")
    for changes in watch(
        *existing,
        watch_filter=None,
        debounce=_LONGEST_BATCH_MILLISECONDS,
        step=_QUIET_MILLISECONDS,
        stop_event=stop,
        rust_timeout=_LOOK_MILLISECONDS,
        yield_on_timeout=True,
        raise_interrupt=False,
        recursive=False,
        ignore_permission_denied=True,
    ):
        yield {Path(path) for _, path in changes}
