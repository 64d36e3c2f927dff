"""UDP sockets: batches, single messages and the accelerator over real loopback sockets."""

import contextlib
import select
import selectors
import shutil
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import dns.message
import pytest

from resolver.fast import mmsg, udp
from resolver.fast.accelerated import AcceleratedWaiting, waiting_on
from resolver.fast.path import FastPath
from resolver.fast.sources import Peer, Say
from resolver.fast.udp import BatchedDatagrams, Paths, PlainDatagrams
from resolver.fast.waiting import Waiting, pause_after
from resolver.telemetry.tally import Latencies
from tests.resolver.test_fastpath import accelerator, load_from
from tests.resolver.zones import World

__all__ = ["accelerator"]

WORLD = World()
FAST = FastPath(WORLD.zones, WORLD.rules)

# Linux's values, which Python has no names for.
_SO_NO_CHECK, _SO_TIMESTAMP, _UDP_GRO = 11, 29, 104
_NUMBERS = range(40)
_LONG, _NAME = "h" * 40, "x-10-0-0-5.xip.test"


class Admission:
    """Lets a client have ``share`` answers, or all if it is exempt."""

    def __init__(self, share: int, exempt: Sequence[bytes] = ()) -> None:
        self.share, self.exempt = share, exempt

    def admit(self, client: bytes, wire: bytes, reply: bytes) -> bool:
        assert len(client) in (4, 16)
        assert wire[:2] == reply[:2]
        self.share -= 1
        return self.share >= 0

    def is_exempt(self, client: bytes) -> bool:
        return client in self.exempt


def paths_of(admission: Admission | None = None) -> Paths:
    def slow(wire: bytes, peer: Peer, say: Say) -> bytes | None:
        if wire.startswith(b"later"):
            say(b"late " + wire)
        return b"slow " + peer[0].encode() if wire.startswith(b"say") else None

    return Paths(FAST.answer, slow, admission, FAST.tables)


@pytest.fixture(params=["127.0.0.1", "::1"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with (
        socket.socket(family, socket.SOCK_DGRAM) as server,
        socket.socket(family, socket.SOCK_DGRAM) as client,
    ):
        for sock in (server, client):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.bind((request.param, 0))
        server.setblocking(False)
        client.settimeout(5)
        client.connect(server.getsockname())
        yield server, client


class Server:
    """Waits on one UDP socket, and counts what came."""

    def __init__(self, kind: str, sock: socket.socket, paths: Paths, module: ModuleType) -> None:
        self.selector = selectors.DefaultSelector()
        self.latencies = Latencies()
        self.waiting = Waiting(self.selector, paths, self.latencies)
        if kind == "accelerated":
            assert isinstance(self.selector, selectors.EpollSelector)
            self.waiting = AcceleratedWaiting(self.selector, paths, self.latencies, module)
        self.waiting.listen(sock)

    @property
    def taken(self) -> int:
        return sum(self.latencies.cells[:-1])

    def take(self, number: int) -> None:
        """Wait until so many more messages were answered, or left unanswered."""
        wanted, deadline = self.taken + number, time.monotonic() + 5
        while self.taken < wanted:
            assert time.monotonic() < deadline, f"{self.taken} of {wanted} came"
            assert not self.waiting.wait(0.001)
        assert self.taken == wanted


@pytest.fixture(params=["plain", "batched", "accelerated"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "plain" and not mmsg.IS_AVAILABLE:
        pytest.skip("not this system")
    if request.param == "plain":
        monkeypatch.setattr(mmsg, "IS_AVAILABLE", False)
    return str(request.param)


def exchange(
    datagrams: BatchedDatagrams, server: socket.socket, client: socket.socket, wires: Sequence[bytes]
) -> None:
    for wire in wires:
        client.send(wire)
    taken = 0
    while taken < len(wires):
        assert select.select([server], [], [], 5)[0]
        taken += datagrams.take_many()


def question(identifier: int, name: str = "") -> bytes:
    return dns.message.make_query(
        name or f"h.10.0.0.{identifier % 256}.xip.test", "A", id=identifier
    ).to_wire()


Pair = tuple[socket.socket, socket.socket]


def test_every_message_gets_its_own_answer(kind: str, pair: Pair, accelerator: ModuleType) -> None:
    sock, client = pair
    server = Server(kind, sock, paths_of(), accelerator)
    for _ in range(2):
        wires = [question(number) if number % 7 else b"nothing" for number in range(150)]
        wires[70] = b"say it"
        for wire in wires:
            client.send(wire)
        server.take(150)
        expected = [WORLD.bytes(wire) for wire in wires if wire[:3] not in (b"not", b"say")]
        answers = [client.recv(4096) for _ in range(len(expected) + 1)]
        spoken = b"slow " + client.getsockname()[0].encode()
        assert sorted(answers) == sorted([*filter(None, expected), spoken])


def test_questions_that_come_one_by_one_are_answered_at_once(
    kind: str, pair: Pair, accelerator: ModuleType
) -> None:
    sock, client = pair
    server = Server(kind, sock, paths_of(), accelerator)
    for number in range(20):
        client.send(question(number))
        server.take(1)
        assert client.recv(4096) == WORLD.bytes(question(number))
    client.send(b"say it")
    server.take(1)
    assert client.recv(4096).startswith(b"slow")


def test_the_wait_ends_early_when_another_socket_is_ready(
    kind: str, pair: Pair, accelerator: ModuleType
) -> None:
    sock, client = pair
    server = Server(kind, sock, paths_of(), accelerator)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server.selector.register(ours, selectors.EVENT_READ)
        client.send(question(1))
        began = time.monotonic()
        waker = threading.Timer(0.05, theirs.send, [b"!"])
        waker.start()
        assert server.waiting.wait(30)
        assert time.monotonic() - began < 10
        waker.join()
        assert client.recv(4096) == WORLD.bytes(question(1))
        ours.recv(1)
        assert not server.waiting.wait(0.01)


def test_questions_get_their_turn_among_many_other_sockets(
    kind: str, pair: Pair, accelerator: ModuleType
) -> None:
    sock, client = pair
    with contextlib.ExitStack() as stack:
        server = Server(kind, sock, paths_of(), accelerator)
        for _ in range(100):
            ours, theirs = map(stack.enter_context, socket.socketpair())
            theirs.send(b"always")
            server.selector.register(ours, selectors.EVENT_READ)
        server.selector.select(0)
        for number in range(10):
            client.send(question(number))
            # Each of the others is served once in between, and has more.
            assert server.waiting.wait(5)
            assert client.recv(4096, socket.MSG_DONTWAIT) == WORLD.bytes(question(number))
            server.selector.select(0)


def test_a_client_without_a_share_is_left_to_the_slow_path(
    kind: str, pair: Pair, accelerator: ModuleType
) -> None:
    sock, client = pair
    server = Server(kind, sock, paths_of(Admission(share=10)), accelerator)
    for wire in [*(question(number) for number in range(30)), b"say the end"]:
        client.send(wire)
    server.take(31)
    answers = [client.recv(4096) for _ in range(11)]
    assert sum(answer.startswith(b"slow") for answer in answers) == 1
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.recv(4096)


def test_an_exempt_client_has_all_it_wants(kind: str, pair: Pair, accelerator: ModuleType) -> None:
    sock, client = pair
    host = socket.inet_pton(client.family, client.getsockname()[0])
    server = Server(kind, sock, paths_of(Admission(share=0, exempt=[host])), accelerator)
    for _ in range(2):
        for number in range(30):
            client.send(question(number))
        server.take(30)
        assert {client.recv(4096)[:2] for _ in range(30)} == {number.to_bytes(2) for number in range(30)}


@pytest.mark.parametrize("can_cut", [True, False], ids=["in pieces", "apart"])
def test_clients_of_one_batch_get_their_own_answers(
    kind: str, pair: Pair, accelerator: ModuleType, can_cut: bool
) -> None:
    sock, client = pair
    if not can_cut:
        # The kernel does not cut what it shall not compute the checksums of.
        sock.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)
    server = Server(kind, sock, paths_of(), accelerator)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.socket(client.family, socket.SOCK_DGRAM)) for _ in range(5)]
        for other in clients:
            other.settimeout(5)
            other.connect(sock.getsockname())
        asked = {
            other: [question(number, _LONG[: number % 40] + _NAME) for number in _NUMBERS]
            for other in clients
        }
        for _ in range(2):
            for wires in zip(*asked.values(), strict=True):
                for other, wire in zip(asked, wires, strict=True):
                    other.send(wire)
            server.take(len(clients) * len(_NUMBERS))
            for other, wires in asked.items():
                answers = sorted(other.recv(4096) for _ in wires)
                assert answers == sorted(filter(None, map(WORLD.bytes, wires)))


@pytest.mark.parametrize(
    ("bound", "asked"),
    [
        ("0.0.0.0", ("127.0.0.9", "127.0.0.1")),
        ("::", ("127.0.0.9", "::1", "127.0.0.1")),
    ],
    ids=["IPv4", "both families"],
)
# With times a socket comes from systemd whose unit says Timestamping=.
@pytest.mark.parametrize("option", [0, _SO_NO_CHECK, _SO_TIMESTAMP], ids=["in pieces", "apart", "with times"])
def test_an_answer_comes_from_the_address_that_was_asked(
    kind: str, bound: str, asked: Sequence[str], accelerator: ModuleType, option: int
) -> None:
    with contextlib.ExitStack() as stack:
        family = socket.AF_INET6 if ":" in bound else socket.AF_INET
        sock = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if option:
            sock.setsockopt(socket.SOL_SOCKET, option, 1)
        sock.setblocking(False)
        sock.bind((bound, 0))
        server = Server(kind, sock, paths_of(), accelerator)
        clients = []
        for host in asked:
            of_host = socket.AF_INET6 if ":" in host else socket.AF_INET
            client = stack.enter_context(socket.socket(of_host, socket.SOCK_DGRAM))
            client.settimeout(5)
            # A connected socket takes nothing from any other address.
            client.connect((host, sock.getsockname()[1]))
            clients.append(client)
        for client in clients:
            client.send(question(1))
            server.take(1)
            assert client.recv(4096) == WORLD.bytes(question(1))
        wires = [*map(question, range(30)), b"say it", b"later"]
        for _ in range(2):
            for wire in wires:
                for client in clients:
                    client.send(wire)
            server.take(len(wires) * len(clients))
            for client in clients:
                own = client.getsockname()[0].encode()
                slow = b"slow " + (b"::ffff:" + own if b"." in own and ":" in bound else own)
                expected = [*filter(None, map(WORLD.bytes, wires[:30])), slow, b"late later"]
                assert sorted(client.recv(4096) for _ in wires) == sorted(expected)


# The plain loop answers one by one.
@pytest.mark.parametrize("kind", ["batched", "accelerated"], indirect=True)
def test_who_cannot_be_answered_does_not_keep_others_from_theirs_in_one_piece(
    kind: str, accelerator: ModuleType, tmp_path: Path
) -> None:
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
    except PermissionError:
        pytest.skip("not everybody may make such a packet")
    assert accelerator.__file__
    # Not yet told by another test that pieces cannot be cut.
    module = load_from(Path(shutil.copy(accelerator.__file__, tmp_path)))
    wires = [question(number, _NAME) for number in _NUMBERS]
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
        raw,
    ):
        sock.setblocking(False)
        sock.bind(("127.0.0.1", 0))
        client.settimeout(5)
        client.setsockopt(socket.IPPROTO_UDP, _UDP_GRO, 1)
        client.connect(sock.getsockname())
        server = Server(kind, sock, paths_of(), module)
        for wire in wires:
            header = struct.pack("!4H", 0, sock.getsockname()[1], 8 + len(wire), 0)
            raw.sendto(header + wire, ("127.0.0.1", 0))
        server.take(len(wires))
        for wire in wires:
            client.send(wire)
        server.take(len(wires))
        expected = b"".join(filter(None, map(WORLD.bytes, wires)))
        pieces: list[bytes] = []
        while len(b"".join(pieces)) < len(expected):
            pieces.append(client.recv(1 << 16))
        assert b"".join(pieces) == expected
        assert len(pieces) < 3


@pytest.mark.parametrize("others", [0, 10, 100])
def test_an_answer_that_cannot_be_sent_is_given_up_alone(pair: Pair, others: int) -> None:
    if not mmsg.IS_AVAILABLE:
        pytest.skip("not this system")
    server, client = pair
    huge = b"x" * 70000
    said = [b"one", huge, b"three", *[b"other"] * others]
    replies = iter(said)
    answering = BatchedDatagrams(server, Paths(lambda wire: next(replies), lambda *_: None))
    exchange(answering, server, client, [b"asked"] * len(said))
    assert sorted(client.recv(4096) for _ in said[1:]) == sorted([b"one", *said[2:]])


@pytest.mark.skipif(not mmsg.IS_AVAILABLE, reason="not this system")
def test_a_long_message_among_short_ones_is_read_whole(pair: Pair) -> None:
    server, client = pair
    wires = [b"short", b"l" * 255, b"o" * 256, b"n" * 257, b"g" * 4096, b"short again"]
    seen: list[bytes] = []

    def silent(wire: bytes) -> bytes | None:
        seen.append(wire)
        return b"so"

    exchange(BatchedDatagrams(server, Paths(silent, lambda *_: None)), server, client, wires)
    assert seen == wires
    exchange(BatchedDatagrams(server, Paths(silent, lambda *_: None)), server, client, [b"x" * 5000])
    assert seen[-1] == b"x" * 4096


def test_a_fault_in_the_fast_path_leaves_the_question_to_the_slow_one(pair: Pair) -> None:
    server, client = pair

    def broken(wire: bytes) -> bytes | None:
        raise RuntimeError("a fault")

    paths = Paths(broken, lambda wire, peer, say: b"slow " + wire)
    for datagrams in (PlainDatagrams(server, paths), BatchedDatagrams(server, paths)):
        client.send(b"one")
        assert datagrams.take_one() == 1
        exchange(BatchedDatagrams(server, paths), server, client, [b"two", b"three"])
        assert [client.recv(4096) for _ in range(3)] == [b"slow one", b"slow two", b"slow three"]
        assert datagrams.take_one() == 0
        assert datagrams.take_many() == 0


def test_the_accelerator_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOLVER_ACCELERATOR", "off")
    found = waiting_on(selectors.DefaultSelector(), paths_of(), Latencies())
    assert not isinstance(found, AcceleratedWaiting)


def test_an_accelerator_of_another_version_is_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("not this system")
    monkeypatch.delenv("RESOLVER_ACCELERATOR", raising=False)
    monkeypatch.setitem(sys.modules, "resolver.fast._accelerator", ModuleType("_accelerator"))
    found = waiting_on(selectors.DefaultSelector(), paths_of(), Latencies())
    assert not isinstance(found, AcceleratedWaiting)
    assert "python -m resolver.fast.build_accelerator" in caplog.text


def test_other_systems_get_the_plain_loop(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmsg, "IS_AVAILABLE", False)
    assert isinstance(udp.datagrams_of(pair[0], paths_of()), PlainDatagrams)


def test_a_wait_works_with_any_selector(pair: Pair) -> None:
    server, client = pair
    with selectors.SelectSelector() as selector:
        waiting = waiting_on(selector, paths_of(), Latencies())
        waiting.listen(server)
        client.send(question(1))
        assert not waiting.wait(0.05)
        assert client.recv(4096) == WORLD.bytes(question(1))


@pytest.mark.parametrize("number", [0, 1, 31, mmsg.SIZE, 4 * mmsg.SIZE])
def test_no_pause_while_idle_or_while_more_is_waiting(number: int) -> None:
    assert pause_after(number) == 0.0


@pytest.mark.parametrize("number", [32, mmsg.SIZE - 1, mmsg.SIZE + 1, 2 * mmsg.SIZE + 90])
def test_a_short_pause_once_a_burst_was_drained(number: int) -> None:
    assert 0.0 < pause_after(number) <= 0.0005
