"""Records from a zone file (RFC 1035 §5, RFC 2308 §4, RFC 3597 §5), read by dnspython.

With $ORIGIN, $TTL, $GENERATE and $INCLUDE (relative to the working directory). Before an $ORIGIN names are
relative to the first zone; a record with no TTL, nor one before it, has the server's.
"""

from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.tokenizer
import dns.zonefile

from resolver.errors import ResolverError
from resolver.names import Labels, fold
from resolver.zones.fileentry import Entry


def parse_zone_file(text: str, path: str, *, origin: Labels, ttl: int) -> list[Entry]:
    """The records of one zone file; raises ResolverError with the line. ``ttl`` is in seconds."""
    reader = _Reader(text, path, dns.name.Name((*origin, b"")), ttl)
    try:
        reader.read()
    except dns.exception.DNSException as error:
        # It has the place in it already.
        raise ResolverError(str(error)) from None
    except OSError as error:
        raise ResolverError(
            f"{reader.where}: cannot include {error.filename}: {error.strerror or error}"
        ) from None
    except UnicodeDecodeError:
        raise ResolverError(f"{reader.where}: an included file is not UTF-8 text") from None
    finally:
        reader.close()
    return reader.entries


class _Reader(dns.zonefile.Reader):
    """Takes every record as an entry, instead of making a zone of them."""

    def __init__(self, text: str, path: str, origin: dns.name.Name, ttl: int) -> None:
        manager = dns.zonefile.RRSetsReaderManager(dns.name.root, False, dns.rdataclass.IN)
        taker = _Taker(manager, True, False)  # type: ignore[no-untyped-call]
        taker.reader = self
        super().__init__(dns.tokenizer.Tokenizer(text, path), dns.rdataclass.IN, taker, allow_include=True)
        self.current_origin = self.last_name = origin
        self.entries: list[Entry] = []
        self.where = f"{path}:1"
        self._fallback = ttl
        self._path = path
        self._lines = text.splitlines()

    def close(self) -> None:
        """Close what an error has left open."""
        for file in (self.current_file, *(state[3] for state in self.saved_state)):
            if file is not None:
                file.close()

    def _rr_line(self) -> None:
        self._mark()
        try:
            super()._rr_line()
        except dns.exception.DNSException as error:
            raise ResolverError(f"{self.where}: {self._quoted()}{error}") from None

    def _generate_line(self) -> None:
        self._mark()
        try:
            super()._generate_line()  # type: ignore[no-untyped-call]
        except dns.exception.DNSException as error:
            raise ResolverError(f"{self.where}: {self._quoted()}{error}") from None

    def _implicit_ttl(self) -> int | None:
        ttl = super()._implicit_ttl()
        return self._fallback if ttl is None else ttl

    def _quoted(self) -> str:
        """The line that is at fault, if it is in the file itself."""
        file, _, line = self.where.rpartition(":")
        return f"{self._lines[int(line) - 1].strip()!r}: " if file == self._path else ""

    def _mark(self) -> None:
        # Where the record begins; afterwards the place is behind its last line.
        file, line = self.tok.where()
        # A line of one word: its end was looked at, and counted.
        is_counted = self.tok.ungotten_char == "\n"
        self.where = f"{file}:{line - is_counted}"


class _Taker(dns.zonefile.RRsetsReaderTransaction):
    reader: _Reader

    def add(self, *args: Any) -> None:
        """Take one record as it was read."""
        name, ttl, rdata = args
        wire = rdata.to_wire()
        self.reader.entries.append(
            Entry(fold(name.labels[:-1]), int(rdata.rdtype), ttl, wire, self.reader.where)
        )
