"""DNS over TLS: the certificate's files, and the transport through a loop as it is served."""

import contextlib
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

import dns.message
import dns.query
import pytest

from resolver import ResolverError
from resolver.config import ResolverConfig, TcpLimits
from resolver.serving.tcp import TcpClients
from resolver.serving.tls import Certificate
from tests.doubles.certificates import make_certificate
from tests.resolver.serving import read_exactly, serving, texts

TIMEOUT = 20.0


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    make_certificate(tmp_path)
    return tmp_path / "certificate.pem", tmp_path / "key.pem"


@contextmanager
def listening(certificate: Certificate, size: int = 0, *, timeout: float = 60) -> Iterator[int]:
    """A loop that answers every message with itself and ``size`` more bytes; its port."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener, DefaultSelector() as selector:
        limits = TcpLimits(timeout, 50, 50)
        clients = TcpClients(
            selector, limits, lambda wire, host, transport: wire[:2] + b"\x80" + wire[3:] + bytes(size)
        )
        accept = lambda mask, now: clients.accept(listener, now, certificate.wrap)  # noqa: E731
        selector.register(listener, EVENT_READ, accept)

        def loop() -> None:
            while not stop.is_set():
                for key, mask in selector.select(0.05):
                    key.data(mask, 0.0)
            clients.close()

        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join(TIMEOUT)


def trusting(chain: Path, alpn: str = "dot") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(chain))
    context.set_alpn_protocols([alpn])
    return context


@contextmanager
def connected(port: int, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    plain = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    with plain, context.wrap_socket(plain, server_hostname="127.0.0.1") as sock:
        yield sock


def test_questions_are_answered_over_tls(files: tuple[Path, Path]) -> None:
    with listening(Certificate(*map(str, files))) as port:
        asked = dns.message.make_query("10.0.0.5.xip.test", "A")
        answer = dns.query.tls(asked, "127.0.0.1", TIMEOUT, port, verify=str(files[0]))
        assert asked.is_response(answer)
        with connected(port, trusting(files[0])) as sock:
            assert sock.selected_alpn_protocol() == "dot"
            assert sock.version() in ("TLSv1.2", "TLSv1.3")


def test_many_questions_in_one_record_and_long_answers(files: tuple[Path, Path]) -> None:
    with (
        listening(Certificate(*map(str, files)), 20_000) as port,
        connected(port, trusting(files[0])) as sock,
    ):
        message = b"\0\1" + bytes(48)
        sock.sendall((len(message).to_bytes(2) + message) * 200)
        for _ in range(200):
            assert read_exactly(sock, 2) == (20_050).to_bytes(2)
            assert read_exactly(sock, 20_050).startswith(b"\0\1\x80")


def test_plain_and_old_clients_are_turned_away_and_others_served(files: tuple[Path, Path]) -> None:
    with listening(Certificate(*map(str, files))) as port:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as plain:
            plain.sendall(b"\0\x0c" + bytes(12))
            # An alert, perhaps, then the end: by a reset where something was not read.
            with contextlib.suppress(ConnectionResetError):
                while plain.recv(100):
                    pass
        old = trusting(files[0])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionResetError)), connected(port, old):
            pass
        dns.query.tls(dns.message.make_query("x", "A"), "127.0.0.1", TIMEOUT, port, verify=str(files[0]))


def test_silent_clients_do_not_hinder_the_handshakes_of_others(files: tuple[Path, Path]) -> None:
    with listening(Certificate(*map(str, files))) as port:
        silent = [socket.create_connection(("127.0.0.1", port), TIMEOUT) for _ in range(20)]
        dns.query.tls(dns.message.make_query("x", "A"), "127.0.0.1", TIMEOUT, port, verify=str(files[0]))
        for sock in silent:
            sock.close()


def test_a_changed_certificate_is_taken_while_serving(files: tuple[Path, Path], tmp_path: Path) -> None:
    with listening(Certificate(*map(str, files))) as port:
        with connected(port, trusting(files[0])) as sock:
            before = sock.getpeercert(binary_form=True)
        make_certificate(tmp_path)
        with connected(port, trusting(files[0])) as sock:
            assert sock.getpeercert(binary_form=True) != before


def test_unusable_files_leave_the_former_certificate(
    files: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    certificate = Certificate(*map(str, files))
    good = files[0].read_bytes()
    with listening(certificate) as port:
        files[0].write_bytes(b"half written")
        for _ in range(3):
            with connected(port, _trusting_bytes(good)) as sock:
                assert sock.getpeercert()
        files[1].unlink()
        with connected(port, _trusting_bytes(good)) as sock:
            assert sock.getpeercert()
    assert caplog.text.count("keeping the former certificate") == 2


def _trusting_bytes(chain: bytes) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=chain.decode("ascii"))


def test_missing_and_mismatched_files_are_told_in_one_line(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ResolverError, match=r"cannot use the certificate /nowhere .*: no such file"):
        Certificate("/nowhere", "")
    other = tmp_path / "other"
    other.mkdir()
    make_certificate(other)
    with pytest.raises(ResolverError, match="one of them has no PEM block of its kind"):
        Certificate(str(files[1]), "")
    with pytest.raises(ResolverError, match="key values mismatch"):
        Certificate(str(files[0]), str(other / "key.pem"))


def test_one_file_may_hold_both(files: tuple[Path, Path], tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(files[0].read_bytes() + files[1].read_bytes())
    with listening(Certificate(str(both), "")) as port:
        dns.query.tls(dns.message.make_query("x", "A"), "127.0.0.1", TIMEOUT, port, verify=str(files[0]))


def test_the_server_speaks_it_beside_the_other_transports(files: tuple[Path, Path]) -> None:
    chain, key = map(str, files)
    with serving(tls_cert=chain, tls_key=key, tls_listen=("127.0.0.1:0",)) as running:
        port = int(running.addresses[1].removesuffix("/tls").rpartition(":")[2])
        asked = dns.message.make_query("10.0.0.5.xip.test", "A")
        for _ in range(3):
            assert texts(dns.query.tls(asked, "127.0.0.1", TIMEOUT, port, verify=chain)) == ["10.0.0.5"]
        assert texts(running.udp("10.0.0.5.xip.test")) == ["10.0.0.5"]
        assert texts(running.tcp("10.0.0.5.xip.test")) == ["10.0.0.5"]


@pytest.mark.parametrize(
    ("listen", "tls_listen", "expected"),
    [
        (("127.0.0.1:5300", "[::1]:5300"), (), ("127.0.0.1:853", "[::1]:853")),
        ((":53",), (), (":853",)),
        (("10.0.0.1",), ("10.0.0.2:1853",), ("10.0.0.2:1853",)),
    ],
)
def test_where_it_listens(
    listen: tuple[str, ...], tls_listen: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    config = ResolverConfig(zones=("xip.test",), listen=listen, tls_cert="c", tls_listen=tls_listen)
    assert config.secure_listen == expected


def test_without_a_certificate_there_is_no_tls() -> None:
    assert ResolverConfig(zones=("xip.test",)).secure_listen == ()
    with pytest.raises(ResolverError, match="without a certificate"):
        ResolverConfig(zones=("xip.test",), tls_listen=("127.0.0.1:853",))
