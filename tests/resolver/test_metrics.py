"""What the server shows over HTTP."""

import contextlib
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import dns.edns
import dns.message
import dns.query
import dns.xfr
import dns.zone
import pytest
from prometheus_client.parser import text_string_to_metric_families

from resolver import ResolverError
from resolver.answers.responder import Transport
from resolver.config import ResolverConfig
from resolver.safety.cookies import Cookies, parse_secret
from resolver.serving.answering import Answering
from resolver.serving.forwards import MOST, Forwards
from resolver.telemetry.tally import Answered, Counts, Tally
from tests.resolver.keeping import Kept, keeping
from tests.resolver.serving import TIMEOUT
from tests.resolver.zones import World
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    with keeping(workers=2, metrics_address="127.0.0.1:0") as running:
        yield running


def fetch(kept: Kept, path: str) -> str:
    assert kept.keeper.web
    host, port = kept.keeper.web.address
    with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=TIMEOUT) as response:
        text: str = response.read().decode()
        return text


def metric(kept: Kept, name: str, **labels: str) -> float:
    """The sum of the samples with these labels."""
    samples = [
        sample
        for family in text_string_to_metric_families(fetch(kept, "/metrics"))
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(sample.value for sample in samples)


def test_answers_are_counted_by_type_rcode_transport_and_worker(kept: Kept) -> None:
    queries = "dnssync_resolver_queries_total"
    for number in range(5):
        kept.udp(f"10.0.0.{number}.xip.test")
        kept.tcp("nothing.xip.test", "AAAA")
        kept.udp("www.other.test", "MX")
    wait_for(lambda: metric(kept, queries) >= 15)
    assert metric(kept, queries, type="A", rcode="NOERROR", transport="udp") == 5
    assert metric(kept, queries, type="AAAA", rcode="NXDOMAIN", transport="tcp") == 5
    assert metric(kept, queries, type="MX", rcode="REFUSED", transport="udp") == 5
    assert metric(kept, queries, worker="0") + metric(kept, queries, worker="1") == metric(kept, queries)
    assert metric(kept, "dnssync_resolver_latency_seconds_count") >= 15
    assert metric(kept, "dnssync_resolver_latency_seconds_bucket", le="+Inf") >= 15
    assert metric(kept, "dnssync_resolver_rrl_dropped_total") == 0


def test_what_the_owner_of_the_zones_answers_is_counted_once_too() -> None:
    with keeping(metrics_address="127.0.0.1:0", allow_transfers=("127.0.0.0/8",)) as kept:
        kept.give(*(f"{number}.many.xip.test 60 TXT {'x' * 200}" for number in range(200)))
        # It takes several messages.
        zone = dns.zone.Zone("xip.test")
        query, _ = dns.xfr.make_query(zone)
        dns.query.inbound_xfr(kept.host, zone, query, port=kept.port, timeout=TIMEOUT)
        kept.tcp("xip.test", "IXFR")
        queries = "dnssync_resolver_queries_total"
        wait_for(lambda: metric(kept, queries, path="keeper") >= 2)
        assert metric(kept, queries, type="AXFR", rcode="NOERROR", transport="tcp", path="keeper") == 1
        assert metric(kept, queries, type="IXFR", rcode="FORMERR", transport="tcp", path="keeper") == 1


CLIENT = bytes([127, 0, 0, 1])
SECRET = "00" * 16
# A SOA with it is too long for a negative answer without a cookie, and beside a cookie and a long name.
LONG = ".".join(["h" * 60] * 3) + ".test"


def wire_of(name: str, rtype: str = "A", cookie: bytes = b"", version: int = 0) -> bytes:
    options: list[dns.edns.Option] = []
    if cookie:
        options.append(dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie))
    return dns.message.make_query(name, rtype, use_edns=version, options=options or None).to_wire()


def good_cookie() -> bytes:
    return Cookies([parse_secret(SECRET)]).renew(b"8 bytes.", CLIENT, int(time.time()), verified=False)


@pytest.mark.parametrize(
    ("wire", "rtype", "rcode"),
    [
        (wire_of("10.0.0.5.xip.test"), 1, 0),
        (wire_of("nothing.xip.test"), 1, 3),
        (wire_of("10.0.0.5.xip.test", "ANY"), 255, 0),
        (wire_of("10.0.0.5.xip.test", version=1), 1, 16),
        (wire_of("10.0.0.5.xip.test", cookie=b"8 bytes.", version=1), 1, 16),
        (wire_of("10.0.0.5.xip.test", cookie=b"8 bytes."), 1, 0),
        (wire_of("10.0.0.5.xip.test", cookie=b"too long to be" * 9), 1, 1),
        (wire_of("10.0.0.5.xip.test", cookie=b"short"), 1, 1),
        (wire_of(".".join(["x" * 57] * 4) + ".xip.test", cookie=good_cookie()), 1, 3),
        (dns.message.Message().to_wire()[:11] + b"\1" + bytes([0, 0, 41, 4, 0, 0, 0, 0, 0, 0, 12])
         + bytes([0, 10, 0, 8]) + b"8 bytes.", 0, 0),
        (bytes(5) + b"\1" + bytes(6) + b"\7", 0, 1),
        (b"\0\0\x10" + bytes(9), 0, 4),
        (b"\0\0\x80" + bytes(9), None, None),
        (b"scrap", None, None),
    ],
    # Several processes collect the tests, and the messages have random numbers in them.
    ids=map(str, range(14)),
)  # fmt: skip
@pytest.mark.parametrize("transport", Transport)
def test_whatever_gets_an_answer_is_counted_once(
    wire: bytes, rtype: int | None, rcode: int | None, transport: Transport
) -> None:
    config = ResolverConfig(zones=("xip.test",), hostmaster=LONG, cookie_secrets=(SECRET,))
    answering = Answering(config, World(hostmaster=LONG).zones)
    reply = answering.handle(wire, CLIENT, transport)
    counted = [
        (kind.type, kind.rcode, kind.transport, number) for kind, number in answering.counts().answered
    ]
    assert counted == ([] if reply is None else [(rtype, rcode, transport.value, 1)])
    assert (reply is None) == (rcode is None)


@pytest.mark.parametrize("accelerator", ["on", "off"])
@pytest.mark.parametrize("at_once", [True, False], ids=["in batches", "one by one"])
def test_what_the_rate_limit_takes_back_is_not_counted(
    accelerator: str, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESOLVER_ACCELERATOR", accelerator)
    names = "dnssync_resolver_queries_total", "dnssync_resolver_rrl_dropped_total"
    with (
        keeping(rrl_private=True, rrl_rate=5, rrl_slip=0, metrics_address="127.0.0.1:0") as kept,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.connect((kept.host, kept.port))
        replies: list[bytes] = []
        for number in range(120):
            client.send(wire_of(f"10.0.0.{number}.xip.test"))
            if not at_once:
                # Until it is answered or left unanswered, more or less.
                client.settimeout(0.002)
                with contextlib.suppress(TimeoutError):
                    replies.append(client.recv(512))
        wait_for(lambda: sum(metric(kept, name) for name in names) >= 120)
        client.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                replies.append(client.recv(512))
        assert [metric(kept, name) for name in names] == [len(replies), 120 - len(replies)]
        assert 5 <= len(replies) < 60


def test_what_finds_no_place_on_the_way_to_the_keeper_is_counted() -> None:
    noted: list[tuple[int, Transport]] = []
    forwards = Forwards(
        lambda message: None, lambda wire, reply, transport: noted.append((reply[3], transport))
    )
    wire = wire_of("10.0.0.5.xip.test")
    taken = [
        forwards.open(wire, ("127.0.0.1", 1), Transport.TCP, lambda reply: None) for _ in range(MOST + 2)
    ]
    assert taken[-2:] == [None, None]
    assert noted == [(2, Transport.TCP)] * 2


def test_an_answer_that_could_not_be_made_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    answering = Answering(ResolverConfig(zones=("xip.test",)), World().zones)
    monkeypatch.setattr(answering._front, "handle", lambda *_: 1 / 0)
    assert answering.handle(wire_of("10.0.0.5.xip.test"), CLIENT, Transport.UDP)
    assert answering.counts().answered == ((Answered(1, 2, "udp", "slow"), 1),)


def test_zones_and_workers_are_shown(kept: Kept) -> None:
    serial = kept.give("shown.xip.test 60 A 192.0.2.1")
    assert metric(kept, "dnssync_resolver_zone_serial", zone="xip.test") == serial
    assert metric(kept, "dnssync_resolver_zone_changes_total") >= 1
    assert metric(kept, "dnssync_resolver_zone_rrsets", zone="xip.test") == 3
    assert metric(kept, "dnssync_resolver_worker_up") == 2


def test_counters_survive_the_worker_that_counted() -> None:
    with keeping(metrics_address="127.0.0.1:0") as kept:
        queries = "dnssync_resolver_queries_total"
        kept.udp("10.0.0.5.xip.test")
        wait_for(lambda: metric(kept, queries) == 1)
        os.kill(kept.pids[0], signal.SIGKILL)
        wait_for(lambda: metric(kept, "dnssync_resolver_worker_starts_total") == 2)
        kept.udp("10.0.0.5.xip.test")
        wait_for(lambda: metric(kept, queries) == 2)


def test_health_and_readiness(kept: Kept) -> None:
    assert fetch(kept, "/healthz") == "ok\n"
    assert fetch(kept, "/readyz") == "ready\n"
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(kept, "/other")
    assert caught.value.code == 404
    caught.value.close()


def test_a_crowd_of_web_clients_has_a_bound_and_leaves(kept: Kept) -> None:
    assert kept.keeper.web
    before = threading.active_count()
    with contextlib.ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(socket.create_connection(kept.keeper.web.address, TIMEOUT))
        wait_for(lambda: threading.active_count() >= before + 20)
        assert threading.active_count() <= before + 40
    # Places are free again as soon as the crowd is gone.
    wait_for(lambda: threading.active_count() <= before)
    assert fetch(kept, "/healthz") == "ok\n"


def test_no_worker_is_not_ready() -> None:
    with keeping(metrics_address="[::1]:0") as kept:
        crew = kept.keeper.crew
        assert crew
        crew.closing.set()
        os.kill(kept.pids[0], signal.SIGKILL)
        wait_for(lambda: not kept.keeper.is_ready)
        assert kept.keeper.web
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"http://[::1]:{kept.keeper.web.address[1]}/readyz", timeout=TIMEOUT)
        assert caught.value.code == 503
        caught.value.close()


def test_a_taken_address_is_told_and_leaves_nothing_open(kept: Kept) -> None:
    assert kept.keeper.web
    address = f"127.0.0.1:{kept.keeper.web.address[1]}"
    with (
        pytest.raises(ResolverError, match=f"cannot listen on {address} for metrics and health"),
        keeping(metrics_address=address),
    ):
        pytest.fail("it was started")


def test_strangers_cannot_make_the_counters_grow() -> None:
    tally = Tally()
    for rtype in range(65536):
        tally.answer(rtype, 0, "udp", "slow")
    counts = tally.counts()
    assert len(counts.answered) < 500
    assert sum(number for _, number in counts.answered) == 65536
    assert dict(counts.answered)[Answered(0, 0, "udp", "slow")] > 65000


def test_counts_are_added() -> None:
    first, second = Tally(), Tally()
    first.answer(1, 0, "udp", "slow")
    first.latencies.note(40_000, 3)
    first.events["x"] = 1
    second.answer(1, 0, "udp", "slow")
    second.latencies.note(60_000_000_000)
    total = first.counts() + second.counts()
    assert total.answered == ((Answered(1, 0, "udp", "slow"), 2),)
    assert sum(total.latency) == 4
    assert total.latency[-1] == 1
    assert total.latency_sum == pytest.approx(60.00012)
    assert total.events == {"x": 1}
    assert total + Counts() == total
