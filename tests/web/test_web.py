"""The web server over real HTTP."""

import http.client
import json
import socket
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from dnssync.errors import ConfigError
from dnssync.metrics import Metrics
from dnssync.web import Pages, WebServer


class Health(NamedTuple):
    status: str
    reasons: tuple[str, ...] = ()


class State:
    """What the pages show; tests change it."""

    def __init__(self) -> None:
        self.health = Health("ok")
        self.ready = False
        self.metrics = Metrics("1.2.3")

    def pages(self) -> Pages:
        return Pages(lambda: self.health, lambda: self.ready, self.metrics.exposition)


class Answer(NamedTuple):
    status: int
    content_type: str | None
    body: bytes


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
def server(state: State) -> Iterator[WebServer]:
    server = WebServer("127.0.0.1:0", state.pages())
    yield server
    server.close()


def get(server: WebServer, path: str, method: str = "GET") -> Answer:
    connection = http.client.HTTPConnection(*server.address, timeout=10)
    connection.request(method, path)
    response = connection.getresponse()
    answer = Answer(response.status, response.getheader("Content-Type"), response.read())
    connection.close()
    return answer


@pytest.mark.parametrize(
    ("health", "status"),
    [(Health("ok"), 200), (Health("degraded", ("zone x",)), 200), (Health("failing", ("stuck",)), 503)],
)
def test_healthz_fails_only_when_a_restart_would_help(
    server: WebServer, state: State, health: Health, status: int
) -> None:
    state.health = health
    answer = get(server, "/healthz")
    assert answer.status == status
    assert json.loads(answer.body) == {"status": health.status, "reasons": list(health.reasons)}


def test_readyz_waits_for_the_first_sync(server: WebServer, state: State) -> None:
    assert get(server, "/readyz").status == 503
    state.ready = True
    assert get(server, "/readyz?verbose").status == 200


def test_metrics_are_in_the_text_format(server: WebServer, state: State) -> None:
    state.metrics.no_op_runs.inc()
    answer = get(server, "/metrics")
    assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert b"external_dns_controller_no_op_runs_total 1.0\n" in answer.body
    assert b'dnssync_build_info{arch="' in answer.body


def test_head_has_no_body_and_other_paths_and_methods_are_refused(server: WebServer) -> None:
    assert get(server, "/healthz", "HEAD") == Answer(200, "application/json; charset=utf-8", b"")
    assert get(server, "/").status == 404
    assert get(server, "/healthz", "POST").status == 501


def test_a_port_that_is_taken_is_one_clear_line(server: WebServer, state: State) -> None:
    host, port = server.address
    with pytest.raises(
        ConfigError, match=f"^cannot listen on {host}:{port} .*Address already in use; give another"
    ):
        WebServer(f"{host}:{port}", state.pages())


@pytest.mark.parametrize("address", ["no.such.host.invalid:0", "192.0.2.1:0"])
def test_an_address_that_is_not_ours_is_one_clear_line(address: str, state: State) -> None:
    with pytest.raises(ConfigError, match=f"^cannot listen on {address} for metrics and health: "):
        WebServer(address, state.pages())


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_port_alone_listens_on_ipv4_and_ipv6(state: State) -> None:
    server = WebServer(":0", state.pages())
    for host in ("127.0.0.1", "::1"):
        with socket.create_connection((host, server.address[1]), timeout=10) as client:
            client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.0 200")
    server.close()


def test_an_ipv6_address_stands_in_brackets(state: State) -> None:
    server = WebServer("[::1]:0", state.pages())
    assert server.address[0] == "::1"
    assert get(server, "/healthz").status == 200
    server.close()


def test_a_silent_client_does_not_stop_others(server: WebServer) -> None:
    with socket.create_connection(server.address, timeout=10):
        assert get(server, "/healthz").status == 200


def test_closing_frees_the_port_and_may_be_done_twice(state: State) -> None:
    first = WebServer("127.0.0.1:0", state.pages())
    host, port = first.address
    first.close()
    first.close()
    second = WebServer(f"{host}:{port}", state.pages())
    assert second.address == (host, port)
    second.close()
