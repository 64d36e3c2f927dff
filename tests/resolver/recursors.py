"""Recursors from the operating system, on loopback ports, that find our zones at a resolver under test."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.ports import free_port
from tests.resolver.programs import running

_START_TIMEOUT = 30.0

Configure = Callable[[Path, int, int, Sequence[str]], list[str]]


def bind(folder: Path, port: int, upstream: int, zones: Sequence[str]) -> list[str]:
    """BIND, iterating from the zones' servers, with names minimised without compromise."""
    stubs = "\n".join(
        f'zone "{zone}" {{ type static-stub; server-addresses {{ 127.0.0.1; }}; }};' for zone in zones
    )
    # "port" is also the one at which it asks others.
    (folder / "named.conf").write_text(
        f"""options {{
            directory "{folder}"; pid-file "named.pid"; session-keyfile "session.key";
            managed-keys-directory "{folder}"; port {upstream};
            listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
            recursion yes; allow-recursion {{ any; }}; qname-minimization strict;
            dnssec-validation no; empty-zones-enable no; max-cache-ttl 1;
        }};
        controls {{ }};
        {stubs}"""
    )
    return ["named", "-g", "-c", str(folder / "named.conf"), "-n", "1"]


def unbound(folder: Path, port: int, upstream: int, zones: Sequence[str]) -> list[str]:
    """Unbound, with strict minimisation, mixed case (0x20) and hardened against odd answers."""
    stubs = "\n".join(
        f'stub-zone:\n name: "{zone}"\n stub-addr: 127.0.0.1@{upstream}\n stub-prime: no' for zone in zones
    )
    opened = "\n".join(f' local-zone: "{zone}" nodefault' for zone in (*zones, "test.", "10.in-addr.arpa."))
    (folder / "unbound.conf").write_text(
        f"""server:
 directory: "{folder}"
 chroot: ""
 username: ""
 pidfile: "{folder}/unbound.pid"
 use-syslog: no
 logfile: ""
 interface: 127.0.0.1@{port}
 do-not-query-localhost: no
 access-control: 127.0.0.0/8 allow
 module-config: "iterator"
 qname-minimisation: yes
 qname-minimisation-strict: yes
 use-caps-for-id: yes
 harden-below-nxdomain: yes
 harden-referral-path: no
{opened}
{stubs}
remote-control:
 control-enable: no
"""
    )
    return ["unbound", "-d", "-c", str(folder / "unbound.conf")]


def knot(folder: Path, port: int, upstream: int, zones: Sequence[str]) -> list[str]:
    """Knot Resolver, which mixes the case of what it forwards."""
    suffixes = ", ".join(f"'{zone}'" for zone in zones)
    (folder / "kresd.conf").write_text(
        f"""net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
        trust_anchors.remove('.')
        modules.unload('priming')
        modules.unload('ta_update')
        modules.unload('ta_signal_query')
        cache.size = 10 * MB
        policy.add(policy.suffix(policy.STUB('127.0.0.1@{upstream}'), policy.todnames({{ {suffixes} }})))"""
    )
    return ["kresd", "-n", "-q", "-c", str(folder / "kresd.conf"), str(folder)]


RECURSORS: dict[str, Configure] = {"bind": bind, "unbound": unbound, "knot": knot}


class Recursor:
    """One that runs."""

    def __init__(self, kind: str, folder: Path, port: int) -> None:
        self.kind = kind
        self.folder = folder
        self.port = port

    def ask(self, name: str, rtype: str) -> dns.message.Message:
        return dns.query.udp(dns.message.make_query(name, rtype), "127.0.0.1", 10, self.port)


@contextlib.contextmanager
def recursing(kind: str, folder: Path, upstream: int, zones: Sequence[str]) -> Iterator[Recursor]:
    """A recursor of that kind until the block ends."""
    port = free_port()
    with running(RECURSORS[kind](folder, port, upstream, zones), folder) as process:
        recursor = Recursor(kind, folder, port)
        _await_answers(recursor, process, folder, zones[0])
        yield recursor


def _await_answers(recursor: Recursor, process: subprocess.Popen[bytes], folder: Path, zone: str) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    query = dns.message.make_query(zone, "SOA")
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(dns.exception.Timeout, OSError):
            if dns.query.udp(query, "127.0.0.1", 0.5, recursor.port).answer:
                return
    raise AssertionError("the recursor does not answer: " + (folder / "log").read_text(errors="replace"))
