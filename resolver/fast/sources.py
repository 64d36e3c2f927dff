"""From which of the machine's own addresses an answer is sent: the one that the question came to.

Left alone, a socket that is bound to all addresses sends from the address that the system prefers, and who
asked another one does not take that for its answer. On request the system tells with each datagram where it
came to, and takes the same with what is sent (IP_PKTINFO of ip(7); RFC 3542 §6 for IPv6).
"""

import logging
import socket
import struct
import sys
from collections.abc import Callable

log = logging.getLogger(__name__)

Peer = tuple[str, int] | tuple[str, int, int, int]
Source = list[tuple[int, int, bytes]]
"""Ancillary data of ``sendmsg``; empty where the socket's own address is the only one."""

Say = Callable[[bytes], None]
"""Answers one datagram, now or later; what cannot be sent is lost."""

# Linux's values; for the first, Python has a name only since 3.14.
_IP_PKTINFO, _SO_TIMESTAMP = 8, 29
# struct in_pktinfo: interface, source, destination; struct in6_pktinfo: address, interface.
_V4, _V6 = struct.Struct("=I4s4s"), struct.Struct("=16sI")


def has_several_sources(sock: socket.socket) -> bool:
    """Whether a UDP socket is bound to all addresses, and the system can tell which one a datagram came to.

    It does so from now on, and tells nothing else.
    """
    host, family = sock.getsockname()[0], sock.family
    if sys.platform == "linux":
        # What systemd may ask for (Timestamping=) would stand where the address is looked for.
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMP, 0)
    if family == socket.AF_INET6 and host == "::":
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        return True
    if family == socket.AF_INET and host == "0.0.0.0" and sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        return True
    return False


def source_of(family: int, destination: bytes) -> Source:
    """How to send from where a datagram came to, of which the system told ``destination``; b"": nothing.

    By any interface: the way back may be another one.
    """
    if len(destination) == _V4.size and family == socket.AF_INET:
        _, source, _ = _V4.unpack(destination)
        return [(socket.IPPROTO_IP, _IP_PKTINFO, _V4.pack(0, source, bytes(4)))]
    if len(destination) == _V6.size and family == socket.AF_INET6:
        address, _ = _V6.unpack(destination)
        return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, _V6.pack(address, 0))]
    return []


def destination_of(ancillary: Source) -> bytes:
    """What ``recvmsg`` was told of where the datagram came to; b"": nothing."""
    kinds = ((socket.IPPROTO_IP, _IP_PKTINFO), (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO))
    return next((data for level, kind, data in ancillary if (level, kind) in kinds), b"")


def say(sock: socket.socket, peer: Peer, source: Source, reply: bytes) -> None:
    """Send an answer; one that cannot be sent is lost."""
    try:
        if source:
            sock.sendmsg([reply], source, 0, peer)
        else:
            sock.sendto(reply, peer)
    except OSError as error:
        log.debug("an answer to %s was lost: %s", peer[0], error)
