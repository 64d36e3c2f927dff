"""The optional C loop for a UDP socket, where it was built (``build_accelerator``) and is not switched off.

It reads the fast path's own tables and answers what it finds all there for; the rest comes back, is answered
here, and so fills the tables. RESOLVER_ACCELERATOR=off in the environment leaves it out.
"""

import logging
import os
import socket
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from resolver.fast.mmsg import Peer
from resolver.fast.udp import Datagrams, Paths, datagrams_of

log = logging.getLogger(__name__)

_MAX_TRUSTED = 4096


def load() -> ModuleType | None:
    """The compiled module, if it is there, of use on this system, and wanted."""
    if sys.platform != "linux" or os.environ.get("RESOLVER_ACCELERATOR") == "off":
        return None
    try:
        return import_module("resolver.fast._accelerator")
    except ImportError:
        return None


def open_datagrams(sock: socket.socket, paths: Paths) -> Datagrams:
    """The quickest way for ``sock``, with the accelerator if it can be had."""
    module = load() if paths.tables else None
    return AcceleratedDatagrams(sock, paths, module) if module else datagrams_of(sock, paths)


class AcceleratedDatagrams:
    """One UDP socket; the common questions on it never reach Python."""

    def __init__(self, sock: socket.socket, paths: Paths, module: Any) -> None:
        self._sock, self._paths, self._module = sock, paths, module
        self._plain = datagrams_of(sock, paths)
        self._trusted: set[bytes] | None = set() if paths.admission else None

    def turn(self) -> int:
        """See ``udp.Datagrams``."""
        tables = self._paths.tables() if self._paths.tables else None
        if tables is None:
            return self._plain.turn()
        number: int
        number, left = self._module.exchange(self._sock.fileno(), tables, self._trusted)
        if left:
            self._answer([wire for wire, _ in left], [name for _, name in left])
        return number

    def _answer(self, wires: list[bytes], names: list[bytes]) -> None:
        for wire, name, reply in zip(wires, names, self._paths.fast(wires), strict=True):
            peer = _peer(name, self._sock.family)
            said = reply if reply and self._admits(name) else self._paths.slow(wire, peer)
            if said:
                try:
                    self._sock.sendto(said, peer)
                except OSError as error:
                    log.debug("an answer to %s was lost: %s", peer[0], error)

    def _admits(self, name: bytes) -> bool:
        admission, trusted = self._paths.admission, self._trusted
        if admission is None or trusted is None:
            return True
        client = name[4:8] if len(name) == 16 else name[8:24]
        if admission.is_exempt(client):
            if len(trusted) >= _MAX_TRUSTED:
                trusted.clear()
            trusted.add(client)
            return True
        return admission.admit(client)


def _peer(name: bytes, family: int) -> Peer:
    """A struct sockaddr as Python tells an address."""
    port = int.from_bytes(name[2:4])
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, name[4:8]), port
    flow, scope = int.from_bytes(name[4:8]), int.from_bytes(name[24:28], sys.byteorder)
    return socket.inet_ntop(socket.AF_INET6, name[8:24]), port, flow, scope
