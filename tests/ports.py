"""Ports for servers under test that cannot take port 0."""

import itertools
import os
import random
import socket

# Below the ports that systems hand out to clients (Linux begins at 32768), so that no client of a test that
# runs at the same time can sit on one. Each test process has a range of its own.
_FIRST, _SIZE = 12000, 2000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 8
_start = random.randrange(_SIZE)
_offsets = itertools.count()


def free_port() -> int:
    """A loopback port that is free for UDP and TCP, and that no other test of this run is given."""
    while True:
        port = _FIRST + _worker * _SIZE + (_start + next(_offsets)) % _SIZE
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            try:
                stream.bind(("127.0.0.1", port))
                datagrams.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
