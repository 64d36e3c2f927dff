"""UDP sockets: batches, single messages and the accelerator over real loopback sockets."""

import contextlib
import select
import socket
from collections.abc import Iterator, Sequence
from types import ModuleType

import dns.message
import pytest

from resolver.fast import mmsg, udp
from resolver.fast.accelerated import AcceleratedDatagrams, open_datagrams
from resolver.fast.path import FastPath
from resolver.fast.udp import BatchedDatagrams, Datagrams, Paths, PlainDatagrams
from tests.resolver.test_fastpath import accelerator
from tests.resolver.zones import World

__all__ = ["accelerator"]

WORLD = World()
FAST = FastPath(WORLD.zones, WORLD.rules)

# Linux's value, which Python has no name for.
_SO_NO_CHECK = 11
_NUMBERS = range(40)
_LONG, _NAME = "h" * 40, "x-10-0-0-5.xip.test"


class Admission:
    """Lets a client have ``share`` answers, or all if it is exempt."""

    def __init__(self, share: int, exempt: Sequence[bytes] = ()) -> None:
        self.share, self.exempt = share, exempt

    def admit(self, client: bytes) -> bool:
        assert len(client) in (4, 16)
        self.share -= 1
        return self.share >= 0

    def is_exempt(self, client: bytes) -> bool:
        return client in self.exempt


def paths_of(admission: Admission | None = None) -> Paths:
    def slow(wire: bytes, peer: mmsg.Peer) -> bytes | None:
        return b"slow " + peer[0].encode() if wire.startswith(b"say") else None

    return Paths(lambda wires: [FAST.answer(wire) for wire in wires], slow, admission, FAST.tables)


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


@pytest.fixture(params=["plain", "batched", "accelerated"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param != "plain" and not mmsg.IS_AVAILABLE:
        pytest.skip("not this system")
    return str(request.param)


def datagrams(kind: str, sock: socket.socket, paths: Paths, module: ModuleType) -> Datagrams:
    if kind == "accelerated":
        return AcceleratedDatagrams(sock, paths, module)
    return {"plain": PlainDatagrams, "batched": BatchedDatagrams}[kind](sock, paths)


def exchange(
    answering: Datagrams, server: socket.socket, client: socket.socket, wires: Sequence[bytes]
) -> int:
    for wire in wires:
        client.send(wire)
    taken = 0
    while taken < len(wires):
        assert select.select([server], [], [], 5)[0]
        taken += answering.turn()
    return taken


def question(identifier: int, name: str = "") -> bytes:
    return dns.message.make_query(
        name or f"h.10.0.0.{identifier % 256}.xip.test", "A", id=identifier
    ).to_wire()


Pair = tuple[socket.socket, socket.socket]


def test_every_message_gets_its_own_answer(kind: str, pair: Pair, accelerator: ModuleType) -> None:
    server, client = pair
    answering = datagrams(kind, server, paths_of(), accelerator)
    for _ in range(2):
        wires = [question(number) if number % 7 else b"nothing" for number in range(150)]
        wires[70] = b"say it"
        assert exchange(answering, server, client, wires) == 150
        expected = [WORLD.bytes(wire) for wire in wires if wire[:3] not in (b"not", b"say")]
        answers = [client.recv(4096) for _ in range(len(expected) + 1)]
        spoken = b"slow " + client.getsockname()[0].encode()
        assert sorted(answers) == sorted([*filter(None, expected), spoken])
    assert answering.turn() == 0


def test_a_client_without_a_share_is_left_to_the_slow_path(
    kind: str, pair: Pair, accelerator: ModuleType
) -> None:
    server, client = pair
    answering = datagrams(kind, server, paths_of(Admission(share=10)), accelerator)
    exchange(answering, server, client, [*(question(number) for number in range(30)), b"say the end"])
    answers = [client.recv(4096) for _ in range(11)]
    assert sum(answer.startswith(b"slow") for answer in answers) == 1
    client.setblocking(False)
    with pytest.raises(BlockingIOError):
        client.recv(4096)


@pytest.mark.skipif(not mmsg.IS_AVAILABLE, reason="only batches remember who is exempt")
@pytest.mark.parametrize("kind", ["batched", "accelerated"])
def test_an_exempt_client_has_all_it_wants(kind: str, pair: Pair, accelerator: ModuleType) -> None:
    server, client = pair
    host = socket.inet_pton(client.family, client.getsockname()[0])
    answering = datagrams(kind, server, paths_of(Admission(share=0, exempt=[host])), accelerator)
    for _ in range(2):
        exchange(answering, server, client, [question(number) for number in range(30)])
        assert {client.recv(4096)[:2] for _ in range(30)} == {number.to_bytes(2) for number in range(30)}


@pytest.mark.parametrize("can_cut", [True, False], ids=["in pieces", "apart"])
def test_clients_of_one_batch_get_their_own_answers(
    kind: str, pair: Pair, accelerator: ModuleType, can_cut: bool
) -> None:
    server, client = pair
    if not can_cut:
        # The kernel does not cut what it shall not compute the checksums of.
        server.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)
    answering = datagrams(kind, server, paths_of(), accelerator)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.socket(client.family, socket.SOCK_DGRAM)) for _ in range(5)]
        for other in clients:
            other.settimeout(5)
            other.connect(server.getsockname())
        asked = {
            other: [question(number, _LONG[: number % 40] + _NAME) for number in _NUMBERS]
            for other in clients
        }
        for _ in range(2):
            for wires in zip(*asked.values(), strict=True):
                for other, wire in zip(asked, wires, strict=True):
                    other.send(wire)
            taken = 0
            while taken < len(clients) * len(_NUMBERS):
                assert select.select([server], [], [], 5)[0]
                taken += answering.turn()
            for other, wires in asked.items():
                answers = sorted(other.recv(4096) for _ in wires)
                assert answers == sorted(filter(None, map(WORLD.bytes, wires)))


@pytest.mark.parametrize("others", [0, 10, 100])
def test_an_answer_that_cannot_be_sent_is_given_up_alone(pair: Pair, others: int) -> None:
    if not mmsg.IS_AVAILABLE:
        pytest.skip("not this system")
    server, client = pair
    huge = b"x" * 70000
    said = [b"one", huge, b"three", *[b"other"] * others]
    replies = iter(said)
    answering = BatchedDatagrams(server, Paths(lambda wires: [next(replies) for _ in wires], lambda *_: None))
    exchange(answering, server, client, [b"asked"] * len(said))
    assert sorted(client.recv(4096) for _ in said[1:]) == sorted([b"one", *said[2:]])


@pytest.mark.skipif(not mmsg.IS_AVAILABLE, reason="not this system")
def test_a_long_message_among_short_ones_is_read_whole(pair: Pair) -> None:
    server, client = pair
    wires = [b"short", b"l" * 255, b"o" * 256, b"n" * 257, b"g" * 4096, b"short again"]
    seen: list[bytes] = []

    def silent(given: Sequence[bytes]) -> list[bytes | None]:
        seen.extend(given)
        return [b"so"] * len(given)

    exchange(BatchedDatagrams(server, Paths(silent, lambda *_: None)), server, client, wires)
    assert seen == wires
    exchange(BatchedDatagrams(server, Paths(silent, lambda *_: None)), server, client, [b"x" * 5000])
    assert seen[-1] == b"x" * 4096


def test_the_accelerator_can_be_switched_off(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESOLVER_ACCELERATOR", "off")
    assert not isinstance(open_datagrams(pair[0], paths_of()), AcceleratedDatagrams)


def test_other_systems_get_the_plain_loop(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmsg, "IS_AVAILABLE", False)
    assert isinstance(udp.datagrams_of(pair[0], paths_of()), PlainDatagrams)
