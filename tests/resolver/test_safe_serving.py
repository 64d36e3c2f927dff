"""TLS, cookies, lists and the query log in real worker processes, with real clients."""

import json
from pathlib import Path

import dns.message
import dns.query
import pytest

from resolver import ResolverError
from resolver.config import ResolverConfig
from resolver.serving.keeper import Keeper
from tests.doubles.certificates import make_certificate
from tests.resolver.keeping import Kept, keeping
from tests.resolver.programs import run
from tests.resolver.serving import TIMEOUT, texts
from tests.waiting import wait_for


def tls_port(kept: Kept) -> int:
    return int(kept.keeper.addresses[1].removesuffix("/tls").rpartition(":")[2])


@pytest.mark.needs_server
def test_dig_and_kdig_ask_over_tls(tmp_path: Path) -> None:
    chain, _ = make_certificate(tmp_path)
    key = tmp_path / "key.pem"
    with keeping(tls_cert=str(chain), tls_key=str(key), tls_listen=("127.0.0.1:0",), workers=2) as kept:
        where = ("@127.0.0.1", "-p", str(tls_port(kept)), "app.10.0.0.5.xip.test", "A")
        trust = (f"+tls-ca={chain}", "+tls-hostname=127.0.0.1")
        for _ in range(3):
            assert "10.0.0.5" in run("kdig", *where, "+tls", *trust)
            assert "10.0.0.5" in run("dig", *where, "+tls", *trust)
        assert kept.udp("10.0.0.6.xip.test") == kept.tcp("10.0.0.6.xip.test") == ["10.0.0.6"]


def test_workers_take_a_changed_certificate(tmp_path: Path) -> None:
    chain, _ = make_certificate(tmp_path)
    key = str(tmp_path / "key.pem")
    asked = dns.message.make_query("10.0.0.5.xip.test", "A")
    with keeping(tls_cert=str(chain), tls_key=key, tls_listen=("127.0.0.1:0",), workers=2) as kept:
        for _ in range(3):
            for _ in range(4):
                answer = dns.query.tls(asked, "127.0.0.1", TIMEOUT, tls_port(kept), verify=str(chain))
                assert texts(answer) == ["10.0.0.5"]
            make_certificate(tmp_path)


@pytest.mark.needs_server
def test_dig_is_content_with_our_cookies() -> None:
    with keeping(workers=2) as kept:
        kept.give(*(f"long.xip.test 60 TXT {'x' * 90}{number}" for number in range(6)))
        where = ("@127.0.0.1", "-p", str(kept.port), "long.xip.test", "TXT", "+ignore")
        first = run("dig", *where, "+cookie")
        assert "(good)" in first
        assert " tc" in first
        cookie = first.partition("COOKIE: ")[2].split()[0]
        for _ in range(6):
            # From other ports, and so to the other worker as well.
            again = run("dig", *where, f"+cookie={cookie}")
            assert "(good)" in again
            assert " tc" not in again
            assert again.count('"xxx') == 6


def test_a_changed_blocklist_reaches_all_workers(tmp_path: Path) -> None:
    path = tmp_path / "blocked"
    path.write_text("")
    with keeping(blocklist=str(path), workers=2) as kept:
        assert kept.everywhere("evil.10.0.0.5.xip.test") == {("10.0.0.5",)}
        path.write_text("EVIL.10.0.0.5.xip.test\n")
        wait_for(lambda: kept.everywhere("evil.10.0.0.5.xip.test") == {()})
        assert kept.everywhere("10.0.0.5.xip.test") == {("10.0.0.5",)}


def test_workers_share_a_query_log(tmp_path: Path) -> None:
    path = tmp_path / "queries"
    with keeping(query_log=str(path), workers=2) as kept:
        for number in range(40):
            kept.udp(f"10.0.0.{number}.xip.test")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {line["name"] for line in lines} == {f"10.0.0.{number}.xip.test." for number in range(40)}
    assert {line["rcode"] for line in lines} == {"NOERROR"}


def test_limits_are_counted() -> None:
    with keeping(rrl_private=True, rrl_rate=2, rrl_slip=1) as kept:
        for _ in range(10):
            kept.udp("10.0.0.5.xip.test")
        places = kept.keeper.crew.places if kept.keeper.crew else []
        wait_for(lambda: places[0].counts.events.get("rrl_slipped", 0) >= 5)


def test_a_file_that_workers_cannot_use_is_told_without_a_traceback(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As for a worker that is started later than its keeper.
    monkeypatch.setattr("resolver.serving.keeper.check_files", lambda config: None)
    path = tmp_path / "blocked"
    keeper = Keeper(ResolverConfig(zones=("xip.test",), listen=("127.0.0.1:0",), blocklist=str(path)))
    keeper.bind()
    with pytest.raises(ResolverError, match="a worker process did not start"):
        keeper.start()
    keeper.close()
    assert f"cannot read the blocklist {path}: No such file or directory" in caplog.text
    assert "Traceback" not in capfd.readouterr().err
