"""What people ask with: dig, kdig, drill and delv against the running server."""

from collections.abc import Iterator

import pytest

from tests.resolver.programs import run
from tests.resolver.serving import Served, serving

pytestmark = pytest.mark.needs_server


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(ns=("ns1.xip.test=127.0.0.1",)) as running:
        running.give("www.xip.test 60 CNAME app.10-0-0-5.xip.test", "xip.test 60 MX 10 mail.xip.test")
        running.give(*(f"long.xip.test 60 TXT {'x' * 90}{number}" for number in range(50)))
        yield running


def ask(served: Served, tool: str, name: str, rtype: str, *more: str) -> str:
    if tool == "drill":
        return run(tool, "-p", str(served.port), *more, name, rtype, f"@{served.host}")
    return run(tool, f"@{served.host}", "-p", str(served.port), *more, name, rtype)


@pytest.mark.parametrize("tool", ["dig", "kdig", "drill"])
def test_tools_see_addresses_aliases_and_negative_answers(served: Served, tool: str) -> None:
    assert "10.0.0.5" in ask(served, tool, "app.10.0.0.5.xip.test", "A")
    assert "2001:db8::1" in ask(served, tool, "2001-db8--1.xip.test", "AAAA")
    aliased = ask(served, tool, "www.xip.test", "A")
    assert "app.10-0-0-5.xip.test." in aliased
    assert "10.0.0.5" in aliased
    missing = ask(served, tool, "nothing.xip.test", "A")
    assert "NXDOMAIN" in missing
    assert "SOA" in missing
    assert "REFUSED" in ask(served, tool, "example.com", "A")


def test_dig_has_nothing_to_warn_about(served: Served) -> None:
    for rtype in ("A", "NS", "SOA", "MX", "ANY"):
        answer = ask(served, "dig", "xip.test", rtype)
        assert "WARNING" not in answer.replace("WARNING: recursion requested but not available", "")
        assert "flags: qr aa rd;" in answer
    assert "extra bytes" not in ask(
        served, "dig", "10.0.0.5.xip.test", "A", "+nsid", "+cookie", "+subnet=192.0.2.0/24"
    )


def test_a_long_answer_comes_over_tcp(served: Served) -> None:
    retried = ask(served, "dig", "long.xip.test", "TXT")
    assert "Truncated, retrying in TCP mode" in retried
    assert retried.count('"xxx') == 50
    assert ask(served, "kdig", "long.xip.test", "TXT", "+tcp").count('"xxx') == 50


def test_dig_speaks_every_version_of_edns_and_every_opcode(served: Served) -> None:
    assert "BADVERS" in ask(served, "dig", "10.0.0.5.xip.test", "A", "+edns=1", "+noednsnegotiation")
    assert "NOTIMP" in ask(served, "dig", "10.0.0.5.xip.test", "A", "+opcode=STATUS")
    assert "status: NOERROR" in ask(served, "dig", "10.0.0.5.xip.test", "A", "+noedns")


def test_delv_finds_the_zone_unsigned_and_whole(served: Served) -> None:
    answer = run(
        "delv", f"@{served.host}", "-p", str(served.port), "+noroot", "-i", "app.10.0.0.5.xip.test", "A"
    )
    assert "10.0.0.5" in answer
