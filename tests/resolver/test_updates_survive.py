"""kill -9 under a load of updates, again and again: nothing that was acknowledged is lost."""

import os
import threading
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.update

from tests.resolver.updatable import HOST, SECRET, Updatable, updatable
from tests.waiting import wait_for

KILLS = int(os.environ.get("DNSSYNC_KILLS", "8"))
CLIENTS = 3
KEY = dns.tsig.Key("acme", SECRET, "hmac-sha256")


class Client(threading.Thread):
    """Adds one value after the other at a name of its own, and knows which of them were acknowledged."""

    def __init__(self, server: Updatable, index: int) -> None:
        super().__init__(daemon=True)
        self.name_of = f"_acme-challenge.c{index}.xip.test."
        self.server = server
        self.tried: list[str] = []
        self.acknowledged: list[str] = []
        self.stop = threading.Event()

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            text = str(number)
            update = dns.update.UpdateMessage("xip.test", keyring=KEY)
            update.replace(self.name_of, 60, "TXT", text)
            self.tried.append(text)
            try:
                if self.server.update(update, timeout=2.0) == dns.rcode.NOERROR:
                    self.acknowledged.append(text)
            except (OSError, EOFError, dns.exception.DNSException):
                # Killed; whether this one was taken nobody knows.
                self.stop.wait(0.02)


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    options = ("--tsig-key", f"acme:hmac-sha256:{SECRET}", "--journal", str(tmp_path / "journal"))
    with updatable(*options) as server:
        acknowledged = 0
        for round_number in range(KILLS):
            clients = [Client(server, index) for index in range(CLIENTS)]
            before = [server.ask(client.name_of, "TXT") for client in clients]
            for client in clients:
                client.start()
            # Another moment each time: a few updates, or some dozens.
            wait_for_acknowledged(clients, 3 + round_number * 7 % 40)
            serial = server.serial()
            server.kill()
            for client in clients:
                client.stop.set()
                client.join(10)
            server.restart()
            for client, held in zip(clients, before, strict=True):
                check(server, client, held)
            assert (server.serial() - serial) % 2**32 < 2**31
            acknowledged += sum(len(client.acknowledged) for client in clients)
        assert acknowledged >= 3 * KILLS
        print(f"{KILLS} kills, {acknowledged} acknowledged updates, none lost")


def wait_for_acknowledged(clients: list[Client], enough: int) -> None:
    wait_for(lambda: sum(len(client.acknowledged) for client in clients) >= enough)


def check(server: Updatable, client: Client, before: list[str]) -> None:
    """What is held is the last acknowledged value or one that was sent after it."""
    (held,) = server.ask(client.name_of, "TXT") or [""]
    if not client.acknowledged:
        assert held in [*before, "", *(f'"{text}"' for text in client.tried)]
        return
    least = client.tried.index(client.acknowledged[-1])
    assert held.strip('"') in client.tried[least:], (held, client.acknowledged[-1])


def test_an_update_that_was_cut_off_is_whole_or_not_there(tmp_path: Path) -> None:
    """Many records in one message: after a kill all of them or none."""
    options = ("--tsig-key", f"admin:hmac-sha256:{SECRET}", "--allow-update", "admin:.")
    key = dns.tsig.Key("admin", SECRET, "hmac-sha256")
    names = [f"n{number}.xip.test." for number in range(100)]
    with updatable(*options, "--journal", str(tmp_path / "journal")) as server:
        for round_number in range(3):
            update = dns.update.UpdateMessage("xip.test", keyring=key)
            for name in names:
                update.replace(name, 60, "TXT", str(round_number))
            sender = threading.Thread(target=_send_and_forget, args=(server, update))
            sender.start()
            # About as long as it takes: sometimes before, sometimes after.
            sender.join(0.004 * round_number)
            server.kill()
            sender.join()
            server.restart()
            held = {tuple(server.ask(name, "TXT")) for name in names}
            assert len(held) == 1, held


def _send_and_forget(server: Updatable, update: dns.update.UpdateMessage) -> None:
    try:
        dns.query.tcp(update, HOST, 2.0, server.port)
    except (OSError, EOFError, dns.exception.DNSException):
        return
