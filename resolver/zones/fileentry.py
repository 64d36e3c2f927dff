"""One record of a file, with where it stands."""

import msgspec

from resolver.errors import ResolverError
from resolver.names import Labels


class Entry(msgspec.Struct, frozen=True, gc=False):
    """``name`` is folded, ``data`` uncompressed RDATA, ``where`` is ``FILE:LINE``."""

    name: Labels
    type: int
    ttl: int
    data: bytes
    where: str

    def error(self, text: str) -> ResolverError:
        """The error that says what is wrong with it."""
        return ResolverError(f"{self.where}: {text}")
