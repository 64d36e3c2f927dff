"""The optional C wait for UDP sockets, where it was built (``build_accelerator``) and is not switched off.

It reads the fast path's own tables and answers what it finds all there for; the rest comes back, is answered
here, and so fills the tables. RESOLVER_ACCELERATOR=off in the environment leaves it out.
"""

import logging
import os
import selectors
import socket
import sys
from functools import partial
from importlib import import_module
from time import perf_counter_ns
from types import ModuleType
from typing import Any

from resolver.fast.sources import Peer, say, source_of
from resolver.fast.udp import Paths
from resolver.fast.waiting import SECOND, Waiting
from resolver.telemetry.tally import NANOSECOND_BOUNDS, Latencies

log = logging.getLogger(__name__)

INTERFACE = 2
"""The form of the compiled module that goes with this one."""

_MAX_TRUSTED = 4096

# Of one message: its socket's descriptor, the message, the struct sockaddr of its client, where it came to.
_Left = tuple[int, bytes, bytes, bytes]


def load() -> ModuleType | None:
    """The compiled module, if it is there, of use on this system, and wanted."""
    if sys.platform != "linux" or os.environ.get("RESOLVER_ACCELERATOR") == "off":
        return None
    try:
        module = import_module("resolver.fast._accelerator")
    except ImportError:
        return None
    if getattr(module, "INTERFACE", 0) != INTERFACE:
        log.warning(
            "the accelerator was built for another version and is left out; to build it again:"
            " python -m resolver.fast.build_accelerator"
        )
        return None
    return module


def waiting_on(selector: selectors.BaseSelector, paths: Paths, latencies: Latencies) -> Waiting:
    """The quickest way to wait on ``selector``, with the accelerator if it can be had."""
    module = load() if paths.tables else None
    if module and isinstance(selector, selectors.EpollSelector):
        return AcceleratedWaiting(selector, paths, latencies, module)
    return Waiting(selector, paths, latencies)


class AcceleratedWaiting(Waiting):
    """A wait in which the common questions never reach Python."""

    def __init__(
        self, selector: "selectors.EpollSelector", paths: Paths, latencies: Latencies, module: Any
    ) -> None:
        super().__init__(selector, paths, latencies)
        self._epoll = selector.fileno()
        self._module = module
        self._sockets: dict[int, socket.socket] = {}
        self._trusted: set[bytes] | None = set() if paths.admission else None

    def listen(self, sock: socket.socket) -> None:
        """See ``Waiting``."""
        super().listen(sock)
        self._sockets[sock.fileno()] = sock

    def wait(self, seconds: float) -> bool:
        """See ``Waiting``."""
        rest = int(seconds * SECOND)
        until = perf_counter_ns() + rest
        has_others = False
        while rest > 0 and not has_others:
            tables = self._paths.tables() if self._paths.tables else None
            if tables is None:
                return super().wait(rest / SECOND)
            has_others, began, left = self._module.wait(
                self._epoll,
                tuple(self._sockets),
                tables,
                self._trusted,
                NANOSECOND_BOUNDS,
                self._latencies.cells,
                rest,
            )
            if left:
                self._answer_left(left)
                self._latencies.note(perf_counter_ns() - began, len(left))
            rest = until - perf_counter_ns()
        return has_others

    def _answer_left(self, left: list[_Left]) -> None:
        replies = self._paths.fast_all([wire for _, wire, _, _ in left])
        for (descriptor, wire, name, destination), reply in zip(left, replies, strict=True):
            sock = self._sockets[descriptor]
            peer = _peer(name, sock.family)
            answer = partial(say, sock, peer, source_of(sock.family, destination))
            said = (
                reply if reply and self._admits(name, wire, reply) else self._paths.slow(wire, peer, answer)
            )
            if said:
                answer(said)

    def _admits(self, name: bytes, wire: bytes, reply: bytes) -> bool:
        admission, trusted = self._paths.admission, self._trusted
        if admission is None or trusted is None:
            return True
        client = name[4:8] if len(name) == 16 else name[8:24]
        if admission.is_exempt(client):
            if len(trusted) >= _MAX_TRUSTED:
                trusted.clear()
            trusted.add(client)
            return True
        return admission.admit(client, wire, reply)


def _peer(name: bytes, family: int) -> Peer:
    """A struct sockaddr as Python tells an address."""
    port = int.from_bytes(name[2:4])
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, name[4:8]), port
    flow, scope = int.from_bytes(name[4:8]), int.from_bytes(name[24:28], sys.byteorder)
    return socket.inet_ntop(socket.AF_INET6, name[8:24]), port, flow, scope
