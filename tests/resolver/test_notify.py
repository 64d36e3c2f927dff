"""Secondaries are told of changes, again until they answer, and only so often (RFC 1996)."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import pytest

from resolver import ResolverError
from resolver.names import from_text
from resolver.primary.notify import NotifyTarget, Rounds, build_notify, parse_target
from resolver.records import RRset
from tests.resolver.owner import Owner, changing, key
from tests.waiting import wait_for

ORIGIN = (b"xip", b"test")
TARGET = NotifyTarget("192.0.2.1", 53)


def soa(serial: int, origin: tuple[bytes, ...] = ORIGIN) -> RRset:
    return RRset(origin, 6, 60, (b"\0\0" + serial.to_bytes(4) + bytes(16),))


def serials(rounds: Rounds, now: float) -> list[int]:
    """What is due, sent."""
    due = rounds.due(now)
    for target, wait in due:
        rounds.sent(target, wait, now)
    return [int.from_bytes(wait.soa.data[0][-20:-16]) for _, wait in due]


def test_a_message_is_repeated_ever_more_slowly_and_not_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    rounds = Rounds([TARGET])
    rounds.announce(soa(1), 100.0)
    times = []
    now: float | None = 100.0
    while now is not None:
        if serials(rounds, now):
            times.append(now - 100.0)
        now = rounds.next_due()
    assert times == [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0]
    assert "no answer to NOTIFY from 192.0.2.1:53" in caplog.text


def test_an_answer_ends_it_and_a_new_change_begins_it_anew() -> None:
    rounds = Rounds([TARGET])
    rounds.announce(soa(1), 100.0)
    assert rounds.waiting(ORIGIN, TARGET) is None
    assert serials(rounds, 100.0) == [1]
    assert rounds.waiting(ORIGIN, TARGET)
    rounds.announce(soa(2), 100.01)
    # What it says to the first message is no answer to the second.
    assert rounds.waiting(ORIGIN, TARGET) is None
    assert serials(rounds, 100.02) == []
    rounds.announce(soa(3), 100.05)
    assert rounds.next_due() == pytest.approx(100.1)
    assert serials(rounds, 100.1) == [3]
    rounds.answered(ORIGIN, TARGET)
    assert rounds.next_due() is None


def test_each_zone_and_each_secondary_is_told_by_itself() -> None:
    other = NotifyTarget("192.0.2.2", 53)
    rounds = Rounds([TARGET, other])
    rounds.announce(soa(1), 0.0)
    rounds.announce(soa(2, (b"b", b"test")), 0.0)
    assert sorted(serials(rounds, 0.0)) == [1, 1, 2, 2]
    rounds.answered(ORIGIN, TARGET)
    assert sorted(serials(rounds, 1.0)) == [1, 2, 2]


def test_the_message_is_a_notify_that_others_read() -> None:
    message = dns.message.from_wire(build_notify(soa(7), 4711))
    assert message.opcode() == dns.opcode.NOTIFY
    assert message.id == 4711
    assert message.question[0].to_text() == "xip.test. IN SOA"
    assert message.answer[0][0].serial == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", NotifyTarget("192.0.2.1", 53)),
        ("192.0.2.1:5353", NotifyTarget("192.0.2.1", 5353)),
        ("[2001:db8::1]:5353=Mover.", NotifyTarget("2001:db8::1", 5353, (b"mover",))),
        ("192.0.2.1=mover", NotifyTarget("192.0.2.1", 53, from_text("mover"))),
    ],
)
def test_a_target_is_an_address_with_perhaps_a_port_and_a_key(text: str, expected: NotifyTarget) -> None:
    assert parse_target(text) == expected


@pytest.mark.parametrize("text", ["", ":53", "ns.example:53", "192.0.2.1:0", "192.0.2.1:99999", "=key"])
def test_a_bad_target_is_refused(text: str) -> None:
    with pytest.raises(ResolverError, match="cannot notify"):
        parse_target(text)


class Listener(threading.Thread):
    """A secondary that notes what it is told, and answers as ``reply`` says: the whole bytes, or not."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET) -> None:
        super().__init__(daemon=True)
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.sock.settimeout(0.1)
        self.port = self.sock.getsockname()[1]
        self.got: list[bytes] = []
        self.is_silent = False
        self.key: dns.tsig.Key | None = None
        self.stop = threading.Event()

    def run(self) -> None:
        while not self.stop.is_set():
            try:
                wire, peer = self.sock.recvfrom(4096)
            except TimeoutError:
                continue
            self.got.append(wire)
            if not self.is_silent:
                query = dns.message.from_wire(wire, keyring=self.key or False)
                self.sock.sendto(dns.message.make_response(query).to_wire(), peer)

    def serials(self) -> list[int]:
        return [dns.message.from_wire(wire, keyring=False).answer[0][0].serial for wire in self.got]


@contextmanager
def listening(family: socket.AddressFamily = socket.AF_INET) -> Iterator[Listener]:
    listener = Listener(family)
    listener.start()
    try:
        yield listener
    finally:
        listener.stop.set()
        listener.join()
        listener.sock.close()


@contextmanager
def owning(*notify: str) -> Iterator[Owner]:
    owner = Owner(notify=notify)
    try:
        yield owner
    finally:
        owner.close()


def change(owner: Owner, text: str) -> None:
    message = changing("admin")
    message.replace("a", 60, "TXT", text)
    assert owner.send(message).rcode() == dns.rcode.NOERROR


def test_a_secondary_is_told_at_the_start_and_of_each_change_and_not_again_once_it_answered() -> None:
    with listening() as listener, owning(f"127.0.0.1:{listener.port}") as owner:
        wait_for(lambda: listener.serials() == [owner.serial()])
        change(owner, "one")
        wait_for(lambda: listener.serials()[-1] == owner.serial())
        assert len(listener.got) == 2


def test_a_silent_secondary_is_told_again() -> None:
    with listening() as listener:
        listener.is_silent = True
        with owning(f"127.0.0.1:{listener.port}") as owner:
            wait_for(lambda: len(listener.got) >= 2)
            assert set(listener.serials()) == {owner.serial()}


def test_it_is_signed_if_there_is_a_key_and_only_a_signed_answer_counts() -> None:
    with listening(socket.AF_INET6) as listener, owning(f"[::1]:{listener.port}=acme") as owner:
        wait_for(lambda: len(listener.got) >= 2)
        message = dns.message.from_wire(listener.got[0], keyring=key())
        assert message.had_tsig
        listener.key = key()
        change(owner, "one")
        wait_for(lambda: listener.serials()[-1] == owner.serial())
        count = len(listener.got)
        change(owner, "two")
        wait_for(lambda: len(listener.got) > count)
        assert listener.serials()[count:] == [owner.serial()]
