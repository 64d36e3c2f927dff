"""Serving as a service of the system: signals, systemd's sockets and notifications, privileges.

The protocols of systemd are those of sd_listen_fds(3) and sd_notify(3): plain file descriptors and
datagrams, for which no library is needed. Without systemd all of it does nothing.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Mapping

from resolver.config import ResolverConfig
from resolver.errors import ResolverError
from resolver.serving.keeper import Keeper
from resolver.serving.scheduling import give_way
from resolver.serving.sockets import Opened

log = logging.getLogger(__name__)

_FIRST_DESCRIPTOR = 3
_TICK = 0.25
_OURS = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


def serve(config: ResolverConfig) -> None:
    """Serve until SIGINT or SIGTERM; SIGHUP reads all files again. Raises ResolverError.

    Sockets are opened before the process becomes ``config.user``, and the files that it reads again later
    are opened after.
    """
    stop, wanted = threading.Event(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(signal.SIGHUP, lambda *_: wanted.set())
    systemd = Systemd(os.environ)
    inherited = inherited_sockets(os.environ)
    for name in _OURS:
        # They are for this process alone.
        os.environ.pop(name, None)
    keeper = Keeper(config)
    try:
        addresses = keeper.bind(inherited)
        if config.user:
            become(config.user)
        keeper.start()
        log.info("listening on %s", ", ".join(addresses))
        _keep(keeper, systemd, stop, wanted)
    finally:
        keeper.close()


def _keep(keeper: Keeper, systemd: "Systemd", stop: threading.Event, wanted: threading.Event) -> None:
    give_way()
    systemd.tell("READY=1")
    while not stop.wait(_TICK):
        if wanted.is_set():
            wanted.clear()
            systemd.tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
            keeper.reload()
            systemd.tell("READY=1")
        else:
            keeper.refresh()
        if keeper.is_ready:
            systemd.live(time.monotonic())
    systemd.tell("STOPPING=1")


class Systemd:
    """The way to the service manager, if there is one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of a name that is not in the file system.
        self._address = "\0" + path[1:] if path.startswith("@") else path
        is_ours = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        microseconds = environ.get("WATCHDOG_USEC", "0") if is_ours else "0"
        # A third of what is allowed: one message may be late.
        self._pause = int(microseconds) / 3e6 if microseconds.isdecimal() else 0.0
        self._next = 0.0

    def tell(self, state: str) -> None:
        """Send lines of ``NAME=VALUE``; a manager that does not listen is none of our troubles."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.connect(self._address)
                sock.send(state.encode())
        except OSError as error:
            log.warning("cannot notify the service manager: %s", error)

    def live(self, now: float) -> None:
        """Say that the service lives, if the manager wants to know and it is time; ``now`` in seconds."""
        if self._pause and now >= self._next:
            self._next = now + self._pause
            self.tell("WATCHDOG=1")


def inherited_sockets(environ: Mapping[str, str]) -> list[Opened]:
    """The listening sockets that the service manager opened for this process, in place of ``--listen``.

    Those whose FileDescriptorName begins with ``tls`` are for DNS over TLS. Raises ResolverError for
    sockets of other kinds.
    """
    if environ.get("LISTEN_PID") != str(os.getpid()) or not environ.get("LISTEN_FDS", "").isdecimal():
        return []
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    opened = []
    for index in range(int(environ["LISTEN_FDS"])):
        name = names[index] if index < len(names) else ""
        opened.append(_inherit(_FIRST_DESCRIPTOR + index, name))
    return opened


def _inherit(descriptor: int, name: str) -> Opened:
    os.set_inheritable(descriptor, False)
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        raise ResolverError(
            f"what the service manager passed as {name or descriptor} is no socket"
        ) from error
    is_stream = sock.type == socket.SOCK_STREAM
    is_listening = is_stream and sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    is_internet = sock.family in (socket.AF_INET, socket.AF_INET6)
    if not is_internet or not (is_listening or sock.type == socket.SOCK_DGRAM):
        raise ResolverError(
            f"the socket {name or descriptor} of the service manager is none that DNS can be served on;"
            " want ListenStream= and ListenDatagram= with an address and a port"
        )
    sock.setblocking(False)
    return Opened(sock, secure=name.startswith("tls"))


def become(user: str) -> None:
    """Become ``USER`` or ``USER:GROUP`` for good, or stay if that is who we are; raises ResolverError."""
    import grp
    import pwd

    name, _, group = user.partition(":")
    try:
        entry = pwd.getpwnam(name)
        gid = grp.getgrnam(group).gr_gid if group else entry.pw_gid
    except KeyError:
        raise ResolverError(f"there is no user or group {user!r} on this machine (--user)") from None
    if (os.geteuid(), os.getegid()) == (entry.pw_uid, gid):
        return
    try:
        os.initgroups(name, gid)
        os.setgid(gid)
        os.setuid(entry.pw_uid)
    except PermissionError:
        raise ResolverError(
            f"only root can become the user {user!r} (--user); start as root or as it"
        ) from None
