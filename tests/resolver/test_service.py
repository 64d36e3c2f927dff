"""The server as a service: signals, systemd's sockets and notifications, privileges, files that change."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.query
import msgspec
import pytest
import yaml

from resolver import ResolverError
from resolver.config import ResolverConfig
from resolver.serving.keeper import Keeper
from resolver.serving.service import Systemd, become, inherited_sockets
from resolver.serving.sockets import Opened
from tests.ports import free_port
from tests.resolver.serving import TIMEOUT, texts
from tests.waiting import wait_for

PROJECT = Path(__file__).resolve().parents[2]

# Starts a program with sockets from 3 on, as the service manager does.
ACTIVATE = """
import os, sys
descriptors = [int(text) for text in sys.argv[1].split(",")]
copies = [os.dup2(descriptor, 100 + index) for index, descriptor in enumerate(descriptors)]
for index, copy in enumerate(copies):
    os.dup2(copy, 3 + index)
os.environ["LISTEN_PID"] = str(os.getpid())
os.environ["LISTEN_FDS"] = str(len(copies))
os.execv(sys.executable, [sys.executable, "-m", "resolver", *sys.argv[2:]])
"""


class Manager:
    """The notification socket of a service manager."""

    def __init__(self, folder: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.settimeout(TIMEOUT)
        self.path = str(folder / "notify")
        self.sock.bind(self.path)

    def wait_for(self, line: str) -> None:
        while line not in self.sock.recv(4096).decode().splitlines():
            pass


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    found = Manager(tmp_path)
    yield found
    found.sock.close()


@contextmanager
def service(
    *arguments: str, program: tuple[str, ...] = ("-m", "resolver"), **options: Any
) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, **options.pop("environ", {})}
    command = [sys.executable, *program, "--zone", "xip.test", *arguments]
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE, **options
    ) as running:
        try:
            yield running
        finally:
            running.terminate()
            running.communicate(timeout=TIMEOUT)


def ask(port: int, name: str, rtype: str = "A", *, timeout: float = TIMEOUT) -> list[str]:
    return texts(dns.query.udp(dns.message.make_query(name, rtype), "127.0.0.1", timeout, port))


def test_the_manager_hears_of_start_life_reload_and_end(tmp_path: Path, manager: Manager) -> None:
    records, included, port = tmp_path / "xip.zone", tmp_path / "part.zone", free_port()
    records.write_text(f"www 60 A 192.0.2.1\n$INCLUDE {included}\n")
    included.write_text("part 60 A 192.0.2.2\n")
    environ = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "600000"}
    listen = ("--listen", f"127.0.0.1:{port}", "--static", str(records))
    with service(*listen, environ=environ) as running:
        manager.wait_for("READY=1")
        assert ask(port, "www.xip.test") == ["192.0.2.1"]
        manager.wait_for("WATCHDOG=1")
        manager.wait_for("WATCHDOG=1")
        included.write_text("part 60 A 192.0.2.3\n")
        running.send_signal(signal.SIGHUP)
        manager.wait_for("RELOADING=1")
        manager.wait_for("READY=1")
        assert ask(port, "part.xip.test") == ["192.0.2.3"]
        running.terminate()
        manager.wait_for("STOPPING=1")
        assert running.wait(TIMEOUT) == 0


def test_sockets_of_the_manager_are_served(manager: Manager) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as stream,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        port = stream.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        passed = f"{stream.fileno()},{datagrams.fileno()}"
        with service(
            *("--workers", "2"),
            program=("-c", ACTIVATE, passed),
            pass_fds=[stream.fileno(), datagrams.fileno()],
            environ={"NOTIFY_SOCKET": manager.path},
        ):
            manager.wait_for("READY=1")
            assert ask(port, "10.0.0.5.xip.test") == ["10.0.0.5"]
            query = dns.message.make_query("10.0.0.6.xip.test", "A")
            assert texts(dns.query.tcp(query, "127.0.0.1", TIMEOUT, port)) == ["10.0.0.6"]


def test_a_socket_named_for_tls_is_not_served_without_it(caplog: pytest.LogCaptureFixture) -> None:
    config = ResolverConfig(zones=("xip.test",))
    with socket.create_server(("127.0.0.1", 0)) as stream:
        keeper = Keeper(config)
        with pytest.raises(ResolverError, match=r"there is no certificate \(--tls-cert\)"):
            keeper.bind([Opened(stream, secure=True)])
        keeper = Keeper(msgspec.structs.replace(config, tls_cert="chain.pem"))
        keeper.bind([Opened(stream)])
        assert "none of the service manager's sockets is for it" in caplog.text
        keeper.close()


def test_no_question_is_lost_over_reloads_and_changed_files(tmp_path: Path, manager: Manager) -> None:
    records, port = tmp_path / "xip.zone", free_port()
    records.write_text("www 60 A 192.0.2.0\n")
    stop = threading.Event()
    asked, lost = [0], [0]

    def keep_asking() -> None:
        while not stop.is_set():
            asked[0] += 1
            try:
                assert ask(port, "10.0.0.5.xip.test", timeout=3) == ["10.0.0.5"]
            except dns.exception.Timeout:
                lost[0] += 1

    listen = ("--listen", f"127.0.0.1:{port}", "--static", str(records), "--workers", "2")
    with service(*listen, environ={"NOTIFY_SOCKET": manager.path}) as running:
        manager.wait_for("READY=1")
        before = ask(port, "xip.test", "SOA")[0].split()[2]
        threads = [threading.Thread(target=keep_asking) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(1, 6):
            records.write_text(f"www 60 A 192.0.2.{number}\n")
            if number % 2:
                running.send_signal(signal.SIGHUP)
            wait_for(lambda number=number: ask(port, "www.xip.test") == [f"192.0.2.{number}"])  # type: ignore[misc]
        records.write_text("www 60 A nonsense\n")
        running.send_signal(signal.SIGHUP)
        assert running.stderr
        assert any(b"xip.zone:1: 'www 60 A nonsense'" in line for line in running.stderr)
        assert ask(port, "www.xip.test") == ["192.0.2.5"]
        stop.set()
        for thread in threads:
            thread.join()
        assert int(ask(port, "xip.test", "SOA")[0].split()[2]) > int(before)
        assert lost[0] == 0, f"{lost[0]} of {asked[0]} questions were lost"
        assert asked[0] > 100


def test_a_mistake_in_a_file_at_the_start_is_one_line(tmp_path: Path) -> None:
    records = tmp_path / "xip.zone"
    records.write_text("\nwww A nonsense\n")
    with service("--static", str(records)) as running:
        assert running.wait(TIMEOUT) == 1
        assert running.stderr
        said = running.stderr.read().decode()
    assert said.startswith(f"resolver: error: {records}:2: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "3"},
        {"LISTEN_PID": str(os.getpid())},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"},
    ],
)
def test_sockets_for_others_are_left_alone(environ: dict[str, str]) -> None:
    assert inherited_sockets(environ) == []


def test_a_manager_that_is_gone_or_absent_troubles_nobody(tmp_path: Path) -> None:
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "none")}).tell("READY=1")
    Systemd({}).tell("READY=1")
    Systemd({"WATCHDOG_USEC": "soon"}).live(0)


def test_the_abstract_address_and_the_pace_of_the_watchdog() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(f"\0dnssync-{os.getpid()}")
        sock.settimeout(TIMEOUT)
        systemd = Systemd({"NOTIFY_SOCKET": f"@dnssync-{os.getpid()}", "WATCHDOG_USEC": "3000000"})
        for now in (0.0, 0.5, 1.0, 1.9):
            systemd.live(now)
        systemd.tell("STOPPING=1")
        assert [sock.recv(100) for _ in range(3)] == [b"WATCHDOG=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_unknown_user_is_told() -> None:
    with pytest.raises(ResolverError, match="there is no user or group 'nobody-at-all'"):
        become("nobody-at-all")
    with pytest.raises(ResolverError, match="there is no user or group"):
        become("nobody:no-group-at-all")


def test_root_becomes_the_user_for_good_and_others_cannot() -> None:
    script = (
        "import os\nfrom resolver.errors import ResolverError\nfrom resolver.serving.service import become\n"
        "os.geteuid() or os.setgroups([0, 12])\n"
        "try:\n become('nobody')\nexcept ResolverError as error:\n raise SystemExit(str(error))\n"
        "import pwd\nentry = pwd.getpwnam('nobody')\n"
        "assert os.getresuid() == (entry.pw_uid,) * 3\nassert os.getresgid() == (entry.pw_gid,) * 3\n"
        "assert 0 not in os.getgroups()\n"
        "try:\n os.setuid(0)\nexcept PermissionError:\n print('for good')\n"
        "become('nobody')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, check=False, timeout=TIMEOUT * 2
    )
    if os.geteuid() == 0:
        assert (done.returncode, done.stdout) == (0, b"for good\n"), done.stderr
    else:
        assert done.returncode == 1
        assert b"only root can become the user 'nobody'" in done.stderr


def test_the_example_units_name_what_there_is() -> None:
    folder = PROJECT / "examples" / "systemd"
    unit = (folder / "dnssync-resolver.service").read_text()
    assert "Type=notify" in unit
    assert "Requires=dnssync-resolver.socket" in unit
    assert "Service=dnssync-resolver.service" in (folder / "dnssync-resolver.socket").read_text()
    from dnssync.option import options_of
    from dnssync.settings import ResolverSettings

    options = options_of(ResolverSettings)
    assert set(yaml.safe_load((folder / "resolver.yaml").read_text())) <= set(options)
