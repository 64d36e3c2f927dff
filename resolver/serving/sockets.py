"""Listening sockets: opened by the one process that may, for all that answer.

Each worker gets a UDP and a TCP socket of its own per address, on the same port (SO_REUSEPORT), so that the
system spreads the questions. This process keeps them open as well: what arrives while a worker is being
replaced waits in its socket for the next one.
"""

import logging
import os
import socket
import sys
from collections.abc import Sequence
from errno import EMFILE, ENFILE
from typing import NamedTuple

from resolver.config import Listen, parse_listen
from resolver.errors import ResolverError

log = logging.getLogger(__name__)

# The usual 208 KiB lose a burst; the system may grant less.
RECEIVE_BUFFER = 1 << 20
_BACKLOG = 512
_PORT_TRIES = 20
# Linux only: past the limit that the system sets for everybody, for a process that may.
_SO_RCVBUFFORCE = 33
# Elsewhere a shared port does not spread what arrives.
_SPREADS = sys.platform == "linux"


class Opened(NamedTuple):
    """A socket that listens; ``secure`` for DNS over TLS."""

    sock: socket.socket
    secure: bool = False


def open_all(texts: Sequence[str], workers: int = 1, *, secure: bool = False) -> list[list[Opened]]:
    """For each worker its sockets on all the addresses; raises ResolverError, with none left open.

    ``secure`` addresses get TCP sockets only.
    """
    shares: list[list[Opened]] = [[] for _ in range(workers)]
    try:
        for text in texts:
            for sockets in _open_text(text, workers, secure=secure):
                for share, sock in zip(shares, sockets, strict=True):
                    share.append(Opened(sock, secure))
    except ResolverError:
        close_all(shares)
        raise
    return shares


def close_all(shares: Sequence[Sequence[Opened]]) -> None:
    """Close all of them; safe to call twice."""
    for share in shares:
        for opened in share:
            opened.sock.close()


def addresses_of(shares: Sequence[Sequence[Opened]]) -> tuple[str, ...]:
    """The addresses, each once, with real ports; those for TLS end in ``/tls``."""
    return tuple(dict.fromkeys(_text(opened) for share in shares for opened in share))


def _text(opened: Opened) -> str:
    if opened.sock.family not in (socket.AF_INET, socket.AF_INET6):
        raise ResolverError("a socket that was handed over is not one of IPv4 or IPv6")
    host, port = opened.sock.getsockname()[:2]
    text = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return text + "/tls" * opened.secure


def _open_text(text: str, workers: int, *, secure: bool) -> list[list[socket.socket]]:
    several = parse_listen(text)
    found = []
    for listen in several:
        try:
            found += _open_address(listen, workers, secure=secure)
        except OSError as error:
            if len(several) > 1 and ":" in listen.host and not isinstance(error, PermissionError):
                log.info("not listening on %s: %s", listen.host, error)
                continue
            for sockets in found:
                for sock in sockets:
                    sock.close()
            cure = "give another --tls-listen" if secure else "give another --listen"
            if error.errno in (EMFILE, ENFILE):
                cure = "allow more open files (ulimit -n), or start fewer --workers"
            reason = error.strerror or error
            raise ResolverError(f"cannot listen on {text}: {reason}; {cure}") from None
    return found


def _open_address(listen: Listen, workers: int, *, secure: bool) -> list[list[socket.socket]]:
    """Per transport the sockets of all workers; for port 0 tries until one port is free for both."""
    if secure:
        return _spread([_open(listen, socket.SOCK_STREAM)], workers)
    for attempt in range(_PORT_TRIES):
        datagrams = _open(listen, socket.SOCK_DGRAM)
        try:
            stream = _open(listen._replace(port=datagrams.getsockname()[1]), socket.SOCK_STREAM)
        except OSError:
            datagrams.close()
            if listen.port or attempt == _PORT_TRIES - 1:
                raise
            continue
        return _spread([datagrams, stream], workers)
    raise AssertionError("the last attempt returns or raises")


def _spread(firsts: Sequence[socket.socket], workers: int) -> list[list[socket.socket]]:
    """Each of the sockets and others on its port, one for each worker; on OSError all are closed."""
    found = [[first] for first in firsts]
    try:
        for sockets in found:
            _multiply(sockets, workers)
    except OSError:
        for sockets in found:
            for sock in sockets:
                sock.close()
        raise
    return found


def _multiply(sockets: list[socket.socket], workers: int) -> None:
    first = sockets[0]
    if workers > 1 and _SPREADS:
        # Only now: bound with it, the first one would share the port with a stranger's unnoticed.
        first.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    while len(sockets) < workers:
        host, port = first.getsockname()[:2]
        sockets.append(_open(Listen(host, port), first.type, shared=True) if _SPREADS else first.dup())


def _open(listen: Listen, kind: int, *, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    sock = socket.socket(family, kind)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if kind == socket.SOCK_STREAM:
            # Not for UDP, where it would let two servers share a port unnoticed.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            _widen(sock)
        sock.setblocking(False)
        sock.bind((listen.host, listen.port))
        if kind == socket.SOCK_STREAM:
            sock.listen(_BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _widen(sock: socket.socket) -> None:
    if sys.platform == "linux" and os.geteuid() == 0:
        try:
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, RECEIVE_BUFFER)
        except PermissionError:
            log.debug("the receive buffer is as large as the system's limit lets it be")
        else:
            return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
