"""Dynamic updates on disk: each is written and synced before it is acknowledged, so that none is lost.

The file is a line that names the format, then frames: length and CRC-32 (four bytes each, big-endian, the
CRC over length and body) before a msgpack body. What a crash left half written at the end was never
acknowledged and is cut off. A file that has grown is written anew, beside the old one, and takes its place.
"""

import fcntl
import logging
import os
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from resolver.errors import ResolverError
from resolver.names import Labels
from resolver.zones.zone import Update

log = logging.getLogger(__name__)

_MAGIC = b"dnssync-journal 1\n"
_HEAD = 8
# Bytes before it is worth writing the file anew, which must then be this many times what is needed.
_SMALL = 1 << 20
_GROWTH = 4

_encoder = msgspec.msgpack.Encoder()


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One update of a zone's dynamic records: the serial after it, and its signature's key, time and MAC.

    One without a MAC tells when a key signed the last of its updates that are not in the file any more, and
    one without a key up to which serial a zone may have been seen.
    """

    zone: Labels
    serial: int
    update: Update = Update()
    key: Labels = ()
    signed: int = 0
    mac: bytes = b""

    @property
    def is_mark(self) -> bool:
        """Whether it tells of a key, and nothing of a zone."""
        return bool(self.key) and not self.mac


_decoder = msgspec.msgpack.Decoder(Entry)


class Journal:
    """One file, held by one process. Whatever fails raises OSError, and then nothing was written."""

    def __init__(self, path: str | Path) -> None:
        """Open or make the file; raises ResolverError if it cannot be, is another's, or is damaged."""
        self._path = Path(path)
        self._base = self._end = 0
        self._is_sound = True
        try:
            self._lock = _lock(self._path)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.entries = self._load()
        except OSError as error:
            raise ResolverError(f"cannot use the journal {path}: {error.strerror or error}") from None

    def append(self, entry: Entry) -> None:
        """Write the entry and wait until it is on the disk."""
        try:
            _write(self._file, _frame(entry))
            os.fsync(self._file)
        except OSError:
            # What a failed sync has left is unknown: the file is written anew before it is used again.
            self._is_sound = False
            os.ftruncate(self._file, self._end)
            os.lseek(self._file, self._end, os.SEEK_SET)
            raise
        self._end = os.lseek(self._file, 0, os.SEEK_CUR)

    @property
    def is_sound(self) -> bool:
        """Whether the file may be appended to; else ``rewrite`` first."""
        return self._is_sound

    @property
    def has_grown(self) -> bool:
        """Whether it is time to ``rewrite``."""
        return self._end > max(_SMALL, _GROWTH * self._base)

    def rewrite(self, entries: Iterable[Entry]) -> None:
        """Put a file with these entries, which say all that the old one does, in its place."""
        fresh = self._path.with_name(f"{self._path.name}.new")
        file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write(file, _MAGIC + b"".join(map(_frame, entries)))
            os.fsync(file)
            fresh.replace(self._path)
        except OSError:
            os.close(file)
            fresh.unlink(missing_ok=True)
            # Not tried again for each update.
            self._base = self._end
            raise
        os.close(self._file)
        self._file, self._is_sound = file, False
        self._base = self._end = os.lseek(file, 0, os.SEEK_CUR)
        _sync_folder(self._path)
        self._is_sound = True

    def close(self) -> None:
        """Close the file; others may have it then."""
        os.close(self._file)
        os.close(self._lock)

    def _load(self) -> list[Entry]:
        data = self._path.read_bytes()
        if len(data) < len(_MAGIC) and _MAGIC.startswith(data):
            os.ftruncate(self._file, 0)
            _write(self._file, _MAGIC)
            os.fsync(self._file)
            _sync_folder(self._path)
            data = _MAGIC
        if not data.startswith(_MAGIC):
            raise ResolverError(f"{self._path} is no journal; name another file, or move this one away")
        entries, end = read_frames(data, len(_MAGIC), str(self._path))
        if end < len(data):
            log.warning("%s: cut off %d bytes that a crash left half written", self._path, len(data) - end)
            os.ftruncate(self._file, end)
            os.fsync(self._file)
        self._base = self._end = os.lseek(self._file, end, os.SEEK_SET)
        return entries


def read_frames(data: bytes, start: int, where: str) -> tuple[list[Entry], int]:
    """The whole entries from ``start`` on and where they end; ResolverError for damage before the end. Pure.

    The last frame can be half written, or be zeros where a file system had made room; one that others
    follow was whole once, and something else has happened to it.
    """
    entries: list[Entry] = []
    while start + _HEAD <= len(data):
        length, check = int.from_bytes(data[start : start + 4]), int.from_bytes(data[start + 4 : start + 8])
        end = start + _HEAD + length
        body = data[start + _HEAD : end]
        if end > len(data):
            break
        if not length or _crc(body) != check:
            if any(data[end:]):
                raise ResolverError(f"{where} is damaged at byte {start}; restore it, or move it away")
            break
        try:
            entries.append(_decoder.decode(body))
        except msgspec.MsgspecError as error:
            raise ResolverError(f"{where} cannot be read at byte {start}: {error}") from None
        start = end
    return entries, start


def _frame(entry: Entry) -> bytes:
    body = _encoder.encode(entry)
    return len(body).to_bytes(4) + _crc(body).to_bytes(4) + body


def _crc(body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(len(body).to_bytes(4)))


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _lock(path: Path) -> int:
    """Held for as long as it is open, so that two processes never write the same journal."""
    file = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise ResolverError(f"the journal {path} is in use by another process") from None
    return file


def _sync_folder(path: Path) -> None:
    # A new name is only safe when its folder is.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
