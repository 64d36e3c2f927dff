"""The wait of a loop for its sockets, in which datagrams are answered without leaving it.

A single question costs little but the waking up for it, and everything that runs between that and the answer
runs from cold caches: so the way is kept short. Whoever had to wait finds one message, and takes it alone;
whoever had not finds several, and takes a batch.
"""

import os
import select
import selectors
import socket
import sys
from collections.abc import Callable
from time import perf_counter_ns, sleep

from resolver.fast import mmsg
from resolver.fast.udp import Datagrams, Paths, datagrams_of
from resolver.telemetry.tally import Latencies

# Nanoseconds: who waited for less has not waited.
_AT_ONCE = 20_000
# So many messages at once make a batch worth another try, even after a wait.
_SEVERAL = 4
# So many messages at once mean that more will come at once; and seconds to let them.
_BURST = 32
_PAUSE = 0.0003
SECOND = 1_000_000_000

# What is ready within so many seconds, by descriptor.
Poll = Callable[[float], list[tuple[int, int]]]


class Waiting:
    """Waits on behalf of ``selector``'s owner, in its thread."""

    def __init__(self, selector: selectors.BaseSelector, paths: Paths, latencies: Latencies) -> None:
        self._selector, self._paths, self._latencies = selector, paths, latencies
        self._poll = _poll_of(selector)
        self._datagrams: dict[int, Datagrams] = {}

    def listen(self, sock: socket.socket) -> None:
        """Answer what comes in on a UDP socket, which must not block."""
        self._selector.register(sock, selectors.EVENT_READ)
        self._datagrams[sock.fileno()] = datagrams_of(sock, self._paths)

    def wait(self, seconds: float) -> bool:
        """Answer datagrams until something else is ready, which is True, or the time is over."""
        ended = perf_counter_ns()
        until = ended + int(seconds * SECOND)
        number, has_others = 0, False
        while ended < until and not has_others:
            ready = self._poll((until - ended) / SECOND)
            began = perf_counter_ns()
            is_busy = number >= _SEVERAL or began - ended < _AT_ONCE
            ended = began
            for descriptor, _ in ready:
                datagrams = self._datagrams.get(descriptor)
                if datagrams is None:
                    has_others = True
                    continue
                began = ended
                number = datagrams.take_many() if is_busy else datagrams.take_one()
                ended = perf_counter_ns()
                if number:
                    self._latencies.note(ended - began, number)
                if is_busy and (pause := pause_after(number)):
                    sleep(pause)
                    ended = perf_counter_ns()
        return has_others


def pause_after(number: int) -> float:
    """How many seconds to let the next batch grow after a turn of ``number`` datagrams. Pure.

    Under load it costs a tenth less for each to take more at once. A turn that ended with a full batch has
    left some waiting, for which there is no pause; and single questions never wait.
    """
    return _PAUSE if number >= _BURST and number % mmsg.SIZE else 0.0


def _poll_of(selector: selectors.BaseSelector) -> Poll:
    """What ``selector`` waits with, without what it does besides."""
    if sys.platform == "linux" and isinstance(selector, selectors.EpollSelector):
        epoll = select.epoll.fromfd(os.dup(selector.fileno()))
        return epoll.poll
    return lambda seconds: [(key.fd, mask) for key, mask in selector.select(seconds)]
