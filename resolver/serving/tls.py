"""DNS over TLS (RFC 7858): the server's certificate, which may be renewed while it serves."""

import logging
import socket
import ssl
from pathlib import Path
from typing import NamedTuple

from resolver.errors import ResolverError
from resolver.serving.files import stamp

log = logging.getLogger(__name__)


class TlsSocket(ssl.SSLSocket):
    """A socket that, without blocking, behaves as a plain one: BlockingIOError where nothing can be done.

    The handshake happens on the way, in the first reads.
    """

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """What is there; a little more than ``buflen`` bytes, lest some stay where no selector sees them."""
        try:
            data = super().recv(buflen, flags)
            while rest := self.pending():
                data += super().recv(rest)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None
        return data

    def send(self, data: bytes | bytearray | memoryview, flags: int = 0) -> int:  # type: ignore[override]
        """Send some of it and tell how much."""
        try:
            return super().send(data, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise BlockingIOError from None


class Certificate:
    """A certificate chain and its key in two PEM files (or one), read again when they change."""

    def __init__(self, chain: str, key: str) -> None:
        """Raises ResolverError if they cannot be read or do not belong together."""
        self._files = _Files(Path(chain), Path(key or chain))
        self._stamp = stamp(self._files)
        self._context = _load(self._files)

    def wrap(self, sock: socket.socket) -> ssl.SSLSocket:
        """The server's side of a connection just accepted; raises OSError if the client is gone already."""
        self.refresh()
        return self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)

    def refresh(self) -> None:
        """Take changed files; those that cannot be used are told once and the old certificate stays."""
        found = stamp(self._files)
        if found == self._stamp:
            return
        self._stamp = found
        try:
            self._context = _load(self._files)
        except ResolverError as error:
            log.error("keeping the former certificate: %s", error, extra={"reason": str(error)})
        else:
            log.info("took the changed certificate %s", self._files.chain)


class _Files(NamedTuple):
    chain: Path
    key: Path


def _load(files: _Files) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["dot"])
    context.sslsocket_class = TlsSocket
    # A key with a password would ask for it on a terminal that nobody reads.
    try:
        context.load_cert_chain(files.chain, files.key, password="")
    except (OSError, ValueError) as error:
        raise ResolverError(
            f"cannot use the certificate {files.chain} with the key {files.key}: {_reason(error)}"
        ) from None
    return context


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and not error.reason:
        # OpenSSL says no more than "PEM lib".
        return "one of them has no PEM block of its kind"
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return str(reason or error or "the key has a password").replace("_", " ").lower()
