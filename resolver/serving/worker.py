"""A process that answers, from a replica of the zones: ``python -m resolver.serving.worker DESCRIPTOR``.

The descriptor is its end of a socket to the keeper (see ``messages``), which started it and lets it inherit
the listening sockets. It ends when the keeper does, and writes no log of its own.
"""

import gc
import logging
import signal
import socket
import sys
import time
from selectors import EVENT_READ, EVENT_WRITE

from resolver.errors import ResolverError
from resolver.serving.answering import Answering
from resolver.serving.forwards import Forwards
from resolver.serving.loop import Loop, certificate_of
from resolver.serving.messages import (
    Apply,
    Count,
    Done,
    Frames,
    Line,
    Load,
    Reload,
    Reply,
    ToKeeper,
    ToWorker,
    frame,
)
from resolver.serving.scheduling import ask_for_short_slices
from resolver.serving.sockets import Opened
from resolver.zones.contents import Contents, enclose_all

# New objects that are worth a look for garbage; a batch of answers makes some hundreds, and none of it.
_COLLECT_AFTER = 20_000
# Seconds between two states of the counters.
COUNT_INTERVAL = 0.5
# What is read at once: of the load as much as there is, of changes what leaves questions waiting for some
# tenths of a millisecond.
_LOAD_SIZE, _READ_SIZE = 1 << 18, 1 << 13
# Lines for the log are dropped while this many bytes wait for the keeper.
_MAX_BACKLOG = 1 << 20


class Worker:
    """Answers, takes changes, and asks the keeper for what only it can answer."""

    def __init__(self, channel: socket.socket, load: Load, frames: Frames[ToWorker]) -> None:
        self._channel = channel
        self._frames = frames
        self._unsent = bytearray()
        self._has_ended = False
        self._next_count = 0.0
        self._zones = {
            state.origin: Contents(state.origin, state.rrsets, serial=state.serial) for state in load.states
        }
        enclose_all(self._zones)
        self._answering = Answering(load.config, self._zones, forwards=load.forwards)
        self._forwards = Forwards(self.send, self._answering.note_forwarded)
        self._loop = Loop(
            self._answering.handle,
            load.config.tcp_limits,
            tally=self._answering.tally,
            relay=self._forwards,
            paths=self._answering.paths,
        )
        sockets = [_opened(entry.descriptor, secure=entry.secure) for entry in load.sockets]
        self._loop.listen(sockets, certificate_of(load.config))
        self._loop.watch(channel, self._turn)
        self.send(Done(load.number))

    def run(self) -> None:
        """Serve until the keeper closes its end."""
        try:
            self._loop.run(self._is_over)
        finally:
            self._answering.close()

    def send(self, message: ToKeeper) -> None:
        """Send without waiting; what the channel does not take now goes later."""
        if isinstance(message, Line) and len(self._unsent) > _MAX_BACKLOG:
            return
        self._unsent += frame(message)
        self._flush()

    def _is_over(self) -> bool:
        now = time.monotonic()
        if now >= self._next_count:
            self._next_count = now + COUNT_INTERVAL
            self._answering.refresh()
            self.send(Count(self._answering.counts()))
        return self._has_ended

    def _turn(self, mask: int, now: float) -> None:
        del now
        if mask & EVENT_WRITE:
            self._flush()
        if mask & EVENT_READ:
            self._receive()

    def _receive(self) -> None:
        try:
            data = self._channel.recv(_READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self._has_ended = self._has_ended or not data
        done = -1
        replies = []
        for message in self._frames.feed(data):
            if isinstance(message, Apply):
                self._zones[message.change.origin].take(message.change)
                done = message.number
            elif isinstance(message, Reply):
                replies.append(message)
            elif isinstance(message, Reload):
                self._answering.reload()
        if done >= 0:
            self._answering.forget()
            self.send(Done(done))
        # Now, for who gets an answer may ask at once about what it changed.
        for reply in replies:
            self._forwards.deliver(reply)

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._channel.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self._has_ended = True
            self._unsent.clear()
        self._loop.watch(self._channel, self._turn, EVENT_READ | (EVENT_WRITE if self._unsent else 0))


class _LogLines(logging.Handler):
    """Sends what is logged to the keeper."""

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker

    def emit(self, record: logging.LogRecord) -> None:
        self._worker.send(Line(record.levelno, record.name, self.format(record)))


def _opened(descriptor: int, *, secure: bool) -> Opened:
    sock = socket.socket(fileno=descriptor)
    sock.setblocking(False)
    return Opened(sock, secure)


def main(descriptor: int) -> None:
    """Serve with the keeper at the other end of ``descriptor``, until it goes away."""
    # Ctrl-C and reloads are the keeper's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with socket.socket(fileno=descriptor) as channel:
        frames = Frames[ToWorker](ToWorker)
        load = _first(channel, frames)
        if load is None:
            return
        try:
            worker = Worker(channel, load, frames)
        except ResolverError as error:
            # A file that could be read by the user that the keeper was at its start, and not by this one.
            channel.sendall(frame(Line(logging.ERROR, __name__, str(error))))
            sys.exit(1)
        channel.setblocking(False)
        # What was loaded stays: collections that looked through it, or came often, would hold up the answers.
        gc.freeze()
        gc.set_threshold(_COLLECT_AFTER)
        ask_for_short_slices()
        # The keeper adds level and name, in the form that its log has.
        logging.basicConfig(level=load.log_level, handlers=[_LogLines(worker)], format="%(message)s")
        worker.run()


def _first(channel: socket.socket, frames: Frames[ToWorker]) -> Load | None:
    while data := channel.recv(_LOAD_SIZE):
        for message in frames.feed(data):
            assert isinstance(message, Load), "the first message is the load"
            return message
    return None


if __name__ == "__main__":
    main(int(sys.argv[1]))
