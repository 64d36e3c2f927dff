"""DNS servers to measure, each with the same zone on a free port of loopback and pinned to one core."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import dns.exception
import dns.message
import dns.query

from benchmarks.usage import cpu_seconds

SERVER_CORE, CLIENT_CORE = 0, 1
ZONE = "bench.test"
WILD = "w.bench.test"
"""Below it every name has both addresses: by a wildcard at the peers, by the address in it at ours."""

_START_SECONDS = 20.0
_ZONE_FILE = f"""$ORIGIN {ZONE}.
$TTL 3600
@ SOA ns1 hostmaster 1 3600 600 1209600 60
@ NS ns1
ns1 A 192.0.2.1
*.w A 192.0.2.2
*.w AAAA 2001:db8::2
"""


class Command(NamedTuple):
    """How to start a server: its name in the table, and from a folder and a port to a command line."""

    name: str
    program: str
    arguments: Callable[[Path, int], Sequence[str]]
    environment: Mapping[str, str] = MappingProxyType({})


class Running(NamedTuple):
    """A started server."""

    name: str
    port: int
    pid: int

    def cpu(self) -> float:
        """CPU seconds of all its processes so far."""
        return sum(cpu_seconds(pid) for pid in _session(self.pid))


def available(commands: Sequence[Command]) -> list[Command]:
    """Those whose programs this system has."""
    return [command for command in commands if shutil.which(command.program)]


@contextmanager
def running(command: Command, folder: Path) -> Iterator[Running]:
    """The server, answering, until the block ends."""
    port = _free_port()
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "zone").write_text(_ZONE_FILE)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *command.arguments(folder, port)],
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, **command.environment},
        )
    try:
        _await_answer(command, port, process, folder)
        yield Running(command.name, port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_answer(command: Command, port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    query = dns.message.make_query(f"x.10.0.0.5.{WILD}", "A")
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if dns.query.udp(query, "127.0.0.1", 0.3, port).answer:
                return
        except (dns.exception.DNSException, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"{command.name} does not answer: {(folder / 'log').read_text()[-2000:]}")


def _session(leader: int) -> list[int]:
    """The processes of a session; the leader's id is the session's."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(fields[3]) == leader:
                found.append(int(entry.name))
    return found


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _nsd(folder: Path, port: int) -> list[str]:
    config = folder / "nsd.conf"
    config.write_text(f"""
server:
  ip-address: 127.0.0.1@{port}
  server-count: 1
  username: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/pid"
  xfrdfile: ""
  zonelistfile: "{folder}/zones"
  xfrdir: "{folder}"
  database: ""
  tcp-count: 200
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: {ZONE}
  zonefile: zone
""")
    return ["nsd", "-d", "-c", str(config)]


def _knot(folder: Path, port: int) -> list[str]:
    config = folder / "knot.conf"
    config.write_text(f"""
server:
  rundir: "{folder}"
  listen: 127.0.0.1@{port}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
database:
  storage: "{folder}"
zone:
  - domain: {ZONE}
    file: "{folder}/zone"
""")
    return ["knotd", "-c", str(config)]


def _powerdns(folder: Path, port: int) -> list[str]:
    (folder / "named.conf").write_text(f'zone "{ZONE}" {{ type master; file "{folder}/zone"; }};\n')
    (folder / "pdns.conf").write_text(f"""
launch=bind
bind-config={folder}/named.conf
local-address=127.0.0.1
local-port={port}
socket-dir={folder}
distributor-threads=1
receiver-threads=1
version-string=anonymous
""")
    return ["pdns_server", f"--config-dir={folder}", "--daemon=no", "--guardian=no"]


def _dnslib(folder: Path, port: int) -> list[str]:
    return [sys.executable, "-m", "benchmarks.dnslib_server", str(port)]


def _ours(folder: Path, port: int) -> list[str]:
    listen = ["--listen", f"127.0.0.1:{port}", "--ns", f"ns1.{ZONE}=192.0.2.1"]
    return [sys.executable, "-m", "resolver", *listen, "--zone", ZONE, "--zone", WILD]


PEERS = (
    Command("NSD", "nsd", _nsd),
    Command("Knot", "knotd", _knot),
    Command("PowerDNS", "pdns_server", _powerdns),
    Command("dnslib's server", sys.executable, _dnslib),
)
OURS = (
    Command("ours, Python", sys.executable, _ours, {"RESOLVER_ACCELERATOR": "off"}),
    Command("ours, C", sys.executable, _ours, {"RESOLVER_ACCELERATOR": "on"}),
)
