"""A keeper and its workers over real processes and sockets."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import dns.tsig
import dns.tsigkeyring
import dns.update
import dns.zone
import pytest

from resolver import ResolverError
from resolver.config import ResolverConfig
from resolver.serving.crew import Crew
from resolver.serving.keeper import Keeper
from tests.resolver.keeping import Kept, keeping
from tests.resolver.serving import TIMEOUT, texts
from tests.resolver.zones import update
from tests.waiting import wait_for

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LTAwMDE="
KEYS = {"tsig_keys": (f"admin:hmac-sha256:{SECRET}",), "allow_updates": ("admin:.",)}


def crew_of(kept: Kept) -> Crew:
    assert kept.keeper.crew
    return kept.keeper.crew


@pytest.fixture(scope="module")
def two() -> Iterator[Kept]:
    with keeping(workers=2, **KEYS, allow_transfers=("127.0.0.0/8",)) as kept:
        yield kept


def test_every_worker_answers_on_both_transports(two: Kept) -> None:
    assert len(set(two.pids)) == 2
    assert two.everywhere("10.0.0.5.xip.test") == {("10.0.0.5",)}
    assert two.tcp("10.0.0.5.xip.test") == ["10.0.0.5"]
    wait_for(lambda: all(place.counts.answered for place in crew_of(two).places))


def test_all_workers_have_a_change_when_it_is_taken(two: Kept) -> None:
    for number in range(20):
        two.give(f"changing.xip.test 60 A 192.0.2.{number}")
        assert two.everywhere("changing.xip.test", questions=6) == {(f"192.0.2.{number}",)}


def test_a_change_reaches_all_workers_within_a_tenth_of_a_second(two: Kept) -> None:
    took = []
    for number in range(50):
        began = time.monotonic()
        two.give(f"quick.xip.test 60 A 192.0.2.{number}")
        took.append(time.monotonic() - began)
    # The rare one may meet a busy machine.
    assert sorted(took)[len(took) * 9 // 10] < 0.1


def test_a_bad_change_is_refused_and_nothing_is_taken(two: Kept) -> None:
    with pytest.raises(ResolverError, match=r"other\.test is not a zone of this server"):
        two.give(zone="other.test")
    with pytest.raises(ResolverError, match="CNAME and other records"):
        two.give("bad.xip.test 60 A 192.0.2.1", "bad.xip.test 60 CNAME a.xip.test")
    assert two.udp("bad.xip.test") == []


def test_cookies_of_one_worker_are_good_with_the_others(two: Kept) -> None:
    query = dns.message.make_query("10.0.0.5.xip.test", "A", use_edns=0)
    query.use_edns(0, options=[dns.edns.CookieOption(b"12345678", b"")])
    cookies = []
    for _ in range(12):
        response = dns.query.udp(query, two.host, TIMEOUT, two.port)
        cookies += [option.to_wire() for option in response.options]
    assert len(cookies) == 12
    # Client's part, version and time, hash: within a second all have one hash (RFC 9018 §4).
    assert len(set(cookies)) == len({cookie[:16] for cookie in cookies})


def test_an_update_is_answered_when_all_workers_have_it(two: Kept) -> None:
    keyring = dns.tsigkeyring.from_text({"admin": SECRET})
    for number in range(5):
        change = dns.update.UpdateMessage("xip.test", keyring=keyring)
        change.replace("updated", 60, "TXT", f"v{number}")
        transport = dns.query.tcp if number % 2 else dns.query.udp
        assert transport(change, two.host, TIMEOUT, two.port).rcode() == 0
        assert two.everywhere("updated.xip.test", "TXT", questions=8) == {(f'"v{number}"',)}


def test_the_answer_to_an_update_waits_for_the_workers(two: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []
    monkeypatch.setattr(crew_of(two), "settle", lambda number, timeout: waited.append(number))
    change = dns.update.UpdateMessage("xip.test", keyring=dns.tsigkeyring.from_text({"admin": SECRET}))
    change.add("waiting", 60, "TXT", "v")
    dns.query.udp(change, two.host, TIMEOUT, two.port)
    assert waited == [two.keeper.truth.number]


def test_a_transfer_comes_whole_through_a_worker(two: Kept) -> None:
    two.give(*(f"big{number}.xip.test 60 TXT {'x' * 200}" for number in range(2000)))
    zone = dns.zone.Zone("xip.test")
    dns.query.inbound_xfr(two.host, zone, port=two.port, timeout=TIMEOUT)
    assert len([name for name in zone.nodes if name.to_text().startswith("big")]) == 2000
    two.keeper.apply("xip.test", update(replace=True))


def test_a_client_that_leaves_a_transfer_harms_nobody(two: Kept) -> None:
    two.give(*(f"big{number}.xip.test 60 TXT {'x' * 200}" for number in range(2000)))
    for _ in range(20):
        with socket.create_connection((two.host, two.port), TIMEOUT) as sock:
            wire = dns.message.make_query("xip.test", "AXFR").to_wire()
            sock.sendall(len(wire).to_bytes(2) + wire)
            sock.recv(100)
    assert two.udp("10.0.0.5.xip.test") == ["10.0.0.5"]
    two.keeper.apply("xip.test", update(replace=True))


def test_a_question_that_was_waiting_is_answered_by_the_next_worker() -> None:
    with keeping() as kept:
        (pid,) = kept.pids
        os.kill(pid, signal.SIGSTOP)
        query = dns.message.make_query("10.0.0.7.xip.test", "A")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(TIMEOUT)
            sock.sendto(query.to_wire(), (kept.host, kept.port))
            os.kill(pid, signal.SIGKILL)
            assert query.is_response(dns.message.from_wire(sock.recv(4096)))
        assert kept.pids != [pid]


def test_a_killed_worker_is_replaced_with_all_there_is() -> None:
    with keeping(workers=2) as kept:
        kept.give("kept.xip.test 60 A 192.0.2.1")
        before = kept.pids
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        # What is given meanwhile is not lost either.
        kept.give("more.xip.test 60 A 192.0.2.2")
        wait_for(lambda: len(kept.pids) == 2 and not set(before) & set(kept.pids))
        assert kept.everywhere("kept.xip.test") == {("192.0.2.1",)}
        assert kept.everywhere("more.xip.test") == {("192.0.2.2",)}


def test_killing_workers_under_load_loses_no_more_than_what_they_had_in_hand() -> None:
    with keeping(workers=2) as kept:
        stop = threading.Event()
        sent, got = [0], [0]

        def ask() -> None:
            for number in range(10_000):
                if stop.is_set():
                    return
                query = dns.message.make_query(f"10.0.{number >> 8}.{number & 255}.xip.test", "A")
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                    sock.settimeout(3)
                    sock.sendto(query.to_wire(), (kept.host, kept.port))
                    sent[0] += 1
                    try:
                        sock.recv(4096)
                    except TimeoutError:
                        continue
                    got[0] += 1

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        kills = 0
        for _ in range(3):
            asked = sent[0]
            wait_for(lambda asked=asked: sent[0] > asked + 100)  # type: ignore[misc]
            wait_for(lambda: len(kept.pids) == 2)
            os.kill(kept.pids[kills % 2], signal.SIGKILL)
            kills += 1
        asked = sent[0]
        wait_for(lambda: sent[0] > asked + 100)
        stop.set()
        for thread in threads:
            thread.join()
        print(f"{sent[0]} asked, {sent[0] - got[0]} lost over {kills} kills")
        assert sent[0] - got[0] <= kills * len(threads)


def test_a_stuck_worker_keeps_the_others_going_and_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("resolver.serving.process.START_TIMEOUT", 100.0)
    monkeypatch.setattr("resolver.serving.process.SILENCE", 4.0)
    monkeypatch.setattr("resolver.serving.process._END_TIMEOUT", 0.1)
    monkeypatch.setattr("resolver.serving.keeper.SETTLE_TIMEOUT", 0.3)
    with keeping(workers=2) as kept:
        stuck, well = kept.pids
        os.kill(stuck, signal.SIGSTOP)
        kept.give("after.xip.test 60 A 192.0.2.1")
        wait_for(lambda: len(kept.pids) == 2 and stuck not in kept.pids, seconds=30)
        assert well in kept.pids
        assert kept.everywhere("after.xip.test") == {("192.0.2.1",)}
    assert "a worker takes no changes" in caplog.text


def test_closing_leaves_no_process_behind() -> None:
    with keeping(workers=3) as kept:
        pids = kept.pids
        assert len(pids) == 3
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    kept.keeper.close()


def test_a_worker_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolver.serving.process.sys.executable", "/bin/false")
    keeper = Keeper(ResolverConfig(zones=("xip.test",), listen=("127.0.0.1:0",), workers=2))
    keeper.bind()
    with pytest.raises(ResolverError, match="a worker process did not start"):
        keeper.start()
    keeper.close()


def test_a_program_that_cannot_be_run_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolver.serving.process.sys.executable", "/nowhere/python")
    keeper = Keeper(ResolverConfig(zones=("xip.test",), listen=("127.0.0.1:0",)))
    keeper.bind()
    with pytest.raises(ResolverError, match="cannot run /nowhere/python: No such file or directory"):
        keeper.start()
    keeper.close()


def test_records_that_cannot_be_read_again_later_are_an_error_at_the_start(tmp_path: Path) -> None:
    records = tmp_path / "xip.zone"
    records.write_text("www 60 A 192.0.2.1\n")
    keeper = Keeper(ResolverConfig(zones=("xip.test",), listen=("127.0.0.1:0",), static=(str(records),)))
    keeper.bind()
    # As for a user who may not, whom the process becomes in between.
    records.unlink()
    with pytest.raises(ResolverError, match=f"cannot read the records in {records}: No such file"):
        keeper.start()
    keeper.close()


def test_a_changed_blocklist_and_changed_keys_hold_for_signed_questions(tmp_path: Path) -> None:
    blocklist, keys = tmp_path / "blocked", tmp_path / "keys"
    blocklist.write_text("")
    keys.write_text(f"old:hmac-sha256:{SECRET}\n")
    settings = {"blocklist": str(blocklist), "tsig_key_files": (str(keys),)}

    def ask(kept: Kept, key: str) -> list[str]:
        query = dns.message.make_query("app.10.0.0.5.xip.test", "A")
        query.use_tsig(dns.tsig.Key(key, SECRET, "hmac-sha256"))
        try:
            return texts(dns.query.tcp(query, kept.host, TIMEOUT, kept.port))
        except dns.tsig.PeerBadKey:
            return ["bad key"]

    with keeping(**settings) as kept:
        assert (ask(kept, "old"), ask(kept, "new")) == (["10.0.0.5"], ["bad key"])
        keys.write_text(f"new:hmac-sha256:{SECRET}\n")
        kept.keeper.refresh()
        assert (ask(kept, "old"), ask(kept, "new")) == (["bad key"], ["10.0.0.5"])
        blocklist.write_text("app.10.0.0.5.xip.test\n")
        kept.keeper.reload()
        assert ask(kept, "new") == []
        keys.write_text("nonsense\n")
        kept.keeper.refresh()
        assert ask(kept, "new") == []


def test_a_grant_to_a_key_that_nobody_gave_is_told() -> None:
    keeper = Keeper(
        ResolverConfig(zones=("xip.test",), listen=("127.0.0.1:0",), allow_updates=("nobody:xip.test",))
    )
    keeper.bind()
    with pytest.raises(ResolverError, match=r"there is no TSIG key nobody\."):
        keeper.start()
    keeper.close()


def test_workers_do_not_let_a_second_server_share_their_port(two: Kept) -> None:
    second = Keeper(ResolverConfig(zones=("xip.test",), listen=(f"127.0.0.1:{two.port}",), workers=2))
    with pytest.raises(ResolverError, match="Address already in use"):
        second.bind()


def test_what_a_worker_logs_is_logged_by_the_keeper(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocklist = tmp_path / "blocked"
    blocklist.write_text("evil.xip.test\n")
    with keeping(blocklist=str(blocklist)):
        blocklist.unlink()
        wait_for(lambda: "keeping the former lists: cannot read the blocklist" in caplog.text)
    # The level and the logger's name stand beside the text, not in it.
    assert any(message.startswith("keeping the former lists: ") for message in caplog.messages)
