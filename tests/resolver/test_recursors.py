"""What most clients really ask through: BIND, Unbound and Knot Resolver in front of the server."""

import json
from collections.abc import Iterator
from pathlib import Path

import dns.rcode
import pytest

from tests.resolver.recursors import RECURSORS, Recursor, recursing
from tests.resolver.serving import serving, texts
from tests.waiting import wait_for

pytestmark = pytest.mark.needs_server

ZONES = ("xip.test", "10.in-addr.arpa")


@pytest.fixture(scope="module", params=sorted(RECURSORS))
def recursor(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recursor]:
    folder: Path = tmp_path_factory.mktemp(request.param)
    log = folder / "queries"
    with serving(zones=ZONES, ns=("ns1.xip.test=127.0.0.1",), query_log=str(log)) as running:
        running.give(
            "www.xip.test 60 CNAME app.10-0-0-5.xip.test",
            "xip.test 60 MX 10 mail.xip.test",
            "_acme-challenge.10.0.0.9.xip.test 60 TXT proof",
            "deep.inner.given.xip.test 60 A 192.0.2.1",
            "*.wild.xip.test 60 A 192.0.2.2",
            *(f"long.xip.test 60 TXT {'x' * 90}{number}" for number in range(50)),
        )
        with recursing(request.param, folder, running.port, ZONES) as found:
            yield found


@pytest.mark.parametrize(
    ("name", "rtype", "expected"),
    [
        ("app.2001-db8--1", "AAAA", "2001:db8::1"),
        ("0--1", "AAAA", "::1"),
        ("app.20010db8000000000000000000000001", "AAAA", "2001:db8::1"),
        ("app.0a000005", "A", "10.0.0.5"),
        ("app-10-0-0-5", "A", "10.0.0.5"),
        ("a.b-10-0-0-5", "A", "10.0.0.5"),
        ("app.10.0.0.5", "A", "10.0.0.5"),
        ("10.0.0.5", "A", "10.0.0.5"),
        ("web.team-1.10.0.0.6", "A", "10.0.0.6"),
        ("1.2.3.4.5", "A", "2.3.4.5"),
        ("a.b.c.d.e.f.g.h.10.0.0.7", "A", "10.0.0.7"),
        ("UPPER.Case.10.0.0.8", "A", "10.0.0.8"),
        ("deep.inner.given", "A", "192.0.2.1"),
        ("any.thing.wild", "A", "192.0.2.2"),
        ("_acme-challenge.10.0.0.9", "TXT", '"proof"'),
    ],
)
def test_every_form_of_name_is_found(recursor: Recursor, name: str, rtype: str, expected: str) -> None:
    assert texts(recursor.ask(f"{name}.xip.test", rtype)) == [expected]


def test_aliases_are_followed_and_reverse_names_found(recursor: Recursor) -> None:
    assert texts(recursor.ask("www.xip.test", "A")) == ["app.10-0-0-5.xip.test.", "10.0.0.5"]
    assert texts(recursor.ask("5.0.0.10.in-addr.arpa", "PTR")) == ["10-0-0-5.xip.test."]
    assert texts(recursor.ask("xip.test", "MX")) == ["10 mail.xip.test."]


def test_long_answers_come_through(recursor: Recursor) -> None:
    query = recursor.ask("long.xip.test", "TXT")
    assert query.rcode() == dns.rcode.NOERROR
    assert len(texts(query)) == 50 or query.flags & 0x200


@pytest.mark.parametrize(
    ("name", "rtype", "rcode"),
    [
        ("nothing.xip.test", "A", dns.rcode.NXDOMAIN),
        ("1.2.3.256.xip.test", "A", dns.rcode.NXDOMAIN),
        ("5.xip.test", "A", dns.rcode.NOERROR),
        ("0.0.5.xip.test", "A", dns.rcode.NOERROR),
        ("10.0.0.5.xip.test", "AAAA", dns.rcode.NOERROR),
        ("10.0.0.5.xip.test", "HTTPS", dns.rcode.NOERROR),
        ("2001-db8--1.xip.test", "A", dns.rcode.NOERROR),
        ("inner.given.xip.test", "A", dns.rcode.NOERROR),
    ],
)
def test_there_is_nothing_where_there_is_nothing(
    recursor: Recursor, name: str, rtype: str, rcode: dns.rcode.Rcode
) -> None:
    response = recursor.ask(name, rtype)
    assert (response.rcode(), texts(response)) == (rcode, [])


def test_what_does_not_exist_hides_nothing_below(recursor: Recursor) -> None:
    assert recursor.ask("0.5.xip.test", "A").rcode() == dns.rcode.NOERROR
    assert recursor.ask("none.xip.test", "A").rcode() == dns.rcode.NXDOMAIN
    assert texts(recursor.ask("9.0.0.5.xip.test", "A")) == ["9.0.0.5"]
    assert texts(recursor.ask("none.9.0.0.5.xip.test", "A")) == ["9.0.0.5"]


def asked_names(recursor: Recursor, name: str) -> set[str]:
    """The names that the server is asked for when somebody asks the recursor for ``name``."""
    assert texts(recursor.ask(name, "A"))

    def asked() -> set[str]:
        log = (recursor.folder / "queries").read_text()
        return {json.loads(line)["name"] for line in log.splitlines()}

    wait_for(lambda: f"{name}." in map(str.lower, asked()), f"a question for {name}")
    return asked()


def test_recursors_ask_as_they_are_meant_to_here(recursor: Recursor) -> None:
    names = asked_names(recursor, "long-enough-to-mix-the-case.of.172.16.33.44.xip.test")
    if recursor.kind != "bind":
        assert any(name != name.lower() for name in names), "0x20"
    if recursor.kind != "knot":
        assert {"44.xip.test.", "_.44.xip.test."} & {name.lower() for name in names}, "QNAME minimisation"
