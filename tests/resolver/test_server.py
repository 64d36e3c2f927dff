"""The server over real sockets."""

import resource
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from selectors import DefaultSelector
from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest

from resolver import ResolverError
from resolver.answers.responder import Transport, respond
from resolver.config import ResolverConfig, TcpLimits
from resolver.serving.server import Resolver
from resolver.serving.sockets import open_all
from resolver.serving.tcp import TcpClients, take_frame
from tests.resolver.serving import TIMEOUT, Served, read_exactly, serving, texts


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def frame(wire: bytes) -> bytes:
    return struct.pack("!H", len(wire)) + wire


def query(name: str, *, identifier: int = 1) -> bytes:
    message = dns.message.make_query(name, "A")
    message.id = identifier
    return message.to_wire()


def read_frame(sock: socket.socket) -> dns.message.Message:
    return dns.message.from_wire(read_exactly(sock, struct.unpack("!H", read_exactly(sock, 2))[0]))


def received(sock: socket.socket) -> int:
    """How many bytes there were to read now; 0 at the end, -1 if there may be more."""
    try:
        return len(sock.recv(1 << 20))
    except BlockingIOError:
        return -1


def is_closed(sock: socket.socket) -> bool:
    sock.settimeout(TIMEOUT)
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("listen", ["127.0.0.1:0", "[::1]:0"])
def test_both_transports_on_both_families(listen: str) -> None:
    with serving(listen) as running:
        assert texts(running.udp("app.10.0.0.5.xip.test")) == ["10.0.0.5"]
        assert texts(running.tcp("app.2001-db8--1.xip.test", "AAAA")) == ["2001:db8::1"]


def test_several_addresses_are_served() -> None:
    with serving("127.0.0.1:0", "127.0.0.2:0") as running:
        for address in running.addresses:
            host, _, port = address.rpartition(":")
            request = dns.message.make_query("10.0.0.5.xip.test", "A")
            assert texts(dns.query.udp(request, host, TIMEOUT, int(port))) == ["10.0.0.5"]


def test_given_records_are_answered_as_soon_as_they_are_taken(served: Served) -> None:
    served.give("given.xip.test 60 A 192.0.2.1")
    assert texts(served.udp("given.xip.test")) == ["192.0.2.1"]
    served.give("given.xip.test 60 A 192.0.2.2")
    assert texts(served.tcp("given.xip.test")) == ["192.0.2.2"]


def test_an_update_of_a_foreign_zone_is_refused(served: Served) -> None:
    with pytest.raises(ResolverError, match=r"other\.test is not a zone of this server, which has xip\.test"):
        served.give(zone="other.test")


def test_a_long_answer_is_fetched_over_tcp(served: Served) -> None:
    served.give(*(f"long.xip.test 60 TXT {'x' * 90}{number}" for number in range(100)))
    request = dns.message.make_query("long.xip.test", "TXT")
    response, went_over_tcp = dns.query.udp_with_fallback(request, served.host, TIMEOUT, served.port)
    assert went_over_tcp
    assert len(texts(response)) == 100


def test_pipelined_questions_are_all_answered(served: Served) -> None:
    with served.connect() as sock:
        asked = b"".join(frame(query(f"10.0.0.{n}.xip.test", identifier=n)) for n in range(200))
        sock.sendall(asked)
        answers = {message.id: texts(message) for message in (read_frame(sock) for _ in range(200))}
    assert answers == {n: [f"10.0.0.{n}"] for n in range(200)}


def test_a_question_may_come_byte_by_byte_and_the_client_may_stop_talking(served: Served) -> None:
    with served.connect() as sock:
        for byte in frame(query("10.0.0.5.xip.test")):
            sock.sendall(bytes([byte]))
        sock.shutdown(socket.SHUT_WR)
        assert texts(read_frame(sock)) == ["10.0.0.5"]
        assert is_closed(sock)


def test_malformed_and_silent_messages_do_not_end_a_connection(served: Served) -> None:
    with served.connect() as sock:
        bad = b"\x00\x07" + bytes(1) + b"\x00\x01" + bytes(7)
        sock.sendall(frame(b"") + frame(b"short") + frame(bad) + frame(query("10.0.0.5.xip.test")))
        first = read_exactly(sock, 14)
        assert first[2:4] == b"\x00\x07"
        assert first[5] & 0xF == dns.rcode.FORMERR
        assert texts(read_frame(sock)) == ["10.0.0.5"]


@contextmanager
def one_client(
    answer: Callable[[bytes, str, Transport], bytes],
) -> Iterator[tuple[socket.socket, Callable[[], bool]]]:
    """A client of a server without a loop, and what turns it: whether there was something to do."""
    with socket.create_server(("127.0.0.1", 0)) as listener, DefaultSelector() as selector:
        clients = TcpClients(selector, TcpLimits(60, 10, 10), answer)

        def turn() -> bool:
            ready = selector.select(0.2)
            for key, mask in ready:
                key.data(mask, 0)
            return bool(ready)

        with socket.create_connection(listener.getsockname()) as sock:
            clients.accept(listener, 0)
            yield sock, turn
        clients.close()


def test_a_client_that_takes_no_answers_is_not_read_from() -> None:
    answered: list[bytes] = []

    def answer(wire: bytes, host: str, transport: Transport) -> bytes:
        answered.append(wire)
        return bytes(50_000)

    with one_client(answer) as (greedy, turn):
        greedy.sendall(frame(b"?") * 20_000)
        while turn():
            pass
        assert 0 < len(answered) < 2000


def test_a_client_that_ended_its_side_still_gets_all_answers() -> None:
    with one_client(lambda *_: bytes(50_000)) as (sock, turn):
        sock.sendall(frame(b"?") * 300)
        sock.shutdown(socket.SHUT_WR)
        sock.setblocking(False)
        size = 0
        while turn() or size < 300 * 50_002:
            while (more := received(sock)) > 0:
                size += more
            assert more < 0 or size == 300 * 50_002, "closed before all was sent"
        assert size == 300 * 50_002


def test_both_families_may_have_the_same_port() -> None:
    first = Resolver(ResolverConfig(zones=("xip.test",), listen=("0.0.0.0:0",)))
    (address,) = first.bind()
    second = Resolver(ResolverConfig(zones=("xip.test",), listen=(f"[::]:{address.rpartition(':')[2]}",)))
    assert second.bind()
    first.close()
    second.close()


def test_idle_and_slow_clients_are_closed_at_their_deadline() -> None:
    with serving(tcp_timeout=0.3) as running, running.connect() as idle, running.connect() as slow:
        idle.sendall(frame(query("10.0.0.5.xip.test")))
        read_frame(idle)
        stop = threading.Event()

        def trickle() -> None:
            for byte in frame(query("10.0.0.5.xip.test")) * 50:
                if stop.wait(0.05):
                    return
                try:
                    slow.sendall(bytes([byte]))
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        assert is_closed(idle)
        assert is_closed(slow)
        stop.set()
        thread.join()


def test_the_client_that_waited_longest_makes_room() -> None:
    with serving(tcp_connections=3) as running:
        first, second, third = (running.connect() for _ in range(3))
        for sock in (first, second, third):
            sock.sendall(frame(query("10.0.0.5.xip.test")))
            read_frame(sock)
        first.sendall(frame(query("10.0.0.5.xip.test")))
        read_frame(first)
        with running.connect() as fourth:
            fourth.sendall(frame(query("10.0.0.6.xip.test")))
            assert texts(read_frame(fourth)) == ["10.0.0.6"]
            assert is_closed(second)
            for sock in (first, third):
                sock.sendall(frame(query("10.0.0.7.xip.test")))
                assert texts(read_frame(sock)) == ["10.0.0.7"]
        for sock in (first, second, third):
            sock.close()


def test_a_client_that_is_put_out_while_it_asks_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go_on = threading.Event(), threading.Event()

    def stall(wire: bytes, *rest: Any, **options: Any) -> bytes | None:
        if b"stall" in wire:
            entered.set()
            go_on.wait(TIMEOUT)
        return respond(wire, *rest, **options)

    monkeypatch.setattr("resolver.serving.answering.FastPath.answer", lambda *_: None)
    monkeypatch.setattr("resolver.serving.answering.respond", stall)
    with serving(tcp_connections=1) as running, running.connect() as old:
        old.sendall(frame(query("10.0.0.5.xip.test")))
        read_frame(old)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(query("stall.xip.test"), (running.host, running.port))
        assert entered.wait(TIMEOUT)
        # Both become ready while the loop is busy: the newcomer first, whose place is the old one's.
        with running.connect() as new:
            old.sendall(frame(query("10.0.0.5.xip.test")))
            new.sendall(frame(query("10.0.0.6.xip.test")))
            go_on.set()
            assert texts(read_frame(new)) == ["10.0.0.6"]
            assert is_closed(old)


def test_one_client_cannot_take_all_connections() -> None:
    with serving(tcp_connections=10, tcp_connections_per_client=2) as running:
        mine = [running.connect() for _ in range(2)]
        for sock in mine:
            sock.sendall(frame(query("10.0.0.5.xip.test")))
            read_frame(sock)
        with running.connect() as third:
            assert is_closed(third)
        for sock in mine:
            sock.sendall(frame(query("10.0.0.5.xip.test")))
            assert read_frame(sock)
            sock.close()


def test_a_client_that_left_gives_its_place_back() -> None:
    with serving(tcp_connections=10, tcp_connections_per_client=5) as running:
        for _ in range(30):
            with running.connect() as sock:
                sock.sendall(frame(query("10.0.0.5.xip.test")))
                assert texts(read_frame(sock)) == ["10.0.0.5"]
                sock.shutdown(socket.SHUT_WR)
                assert is_closed(sock)


def test_datagrams_that_get_no_answer_leave_the_server_well(served: Served) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(TIMEOUT)
        for wire in (b"", b"x", bytes(12) + b"\xff" * 4000, b"\0\0\x80" + bytes(20)):
            sock.sendto(wire, (served.host, served.port))
        sock.sendto(query("10.0.0.9.xip.test", identifier=99), (served.host, served.port))
        answers = [sock.recv(4096), sock.recv(4096)]
    assert [answer[3] & 0xF for answer in answers] == [dns.rcode.FORMERR, dns.rcode.NOERROR]
    assert texts(dns.message.from_wire(answers[1])) == ["10.0.0.9"]


def test_too_few_descriptors_are_told_with_what_to_do() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(list(Path("/dev/fd").iterdir())) + 4, hard))
    try:
        with pytest.raises(ResolverError) as caught:
            open_all(["127.0.0.1:0"], workers=20)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert str(caught.value) == (
        "cannot listen on 127.0.0.1:0: Too many open files; "
        "allow more open files (ulimit -n), or start fewer --workers"
    )


def test_a_taken_address_is_told_in_one_line(served: Served) -> None:
    second = Resolver(ResolverConfig(zones=("xip.test",), listen=("127.0.0.1:0", served.addresses[0])))
    with pytest.raises(
        ResolverError, match=f"cannot listen on {served.addresses[0]}: Address already in use"
    ):
        second.bind()
    third = Resolver(ResolverConfig(zones=("xip.test",), listen=("192.0.2.1:5300",)))
    with pytest.raises(ResolverError, match=r"cannot listen on 192\.0\.2\.1:5300: Cannot assign"):
        third.bind()


def test_a_mistake_in_answering_is_a_server_failure_and_not_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **options: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("resolver.serving.answering.FastPath.answer", lambda *_: None)
    monkeypatch.setattr("resolver.serving.answering.respond", fail)
    with serving() as running:
        assert running.udp("10.0.0.5.xip.test").rcode() == dns.rcode.SERVFAIL
        assert running.resolver.answer_bytes(b"\0" * 12, Transport.TCP, "127.0.0.1") is not None
    assert "a message could not be answered" in caplog.text


def test_frames_are_taken_whole() -> None:
    data = bytearray(frame(b"abc") + frame(b"") + b"\x00\x05ab")
    assert [take_frame(data) for _ in range(3)] == [b"abc", b"", None]
    assert data == b"\x00\x05ab"
    assert take_frame(bytearray(b"\x00")) is None
    assert take_frame(bytearray()) is None


@pytest.mark.parametrize("workers", [-1, 0, 257])
def test_no_more_workers_than_any_machine_has_use_for(workers: int) -> None:
    with pytest.raises(ResolverError, match=f"{workers} workers are not within 1 and 256"):
        ResolverConfig(zones=("xip.test",), workers=workers)


@pytest.mark.parametrize(
    ("mailbox", "name"), [("ops@xip.test", "ops.xip.test."), ("a.b@xip.test", "a\\.b.xip.test.")]
)
def test_a_mailbox_may_be_written_as_an_address(mailbox: str, name: str) -> None:
    with serving(hostmaster=mailbox) as served:
        assert f" {name} " in texts(served.udp("xip.test", "SOA"))[0]
