"""The check of a delegation, against name servers on loopback that are right or wrong in one way each."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import pytest

from resolver.checks.checking import check_configuration
from resolver.checks.delegation import check_zones
from resolver.checks.network import DnsNetwork
from resolver.config import Listen, ResolverConfig
from tests.resolver.serving import Served, serving


class Town(DnsNetwork):
    """Name servers on loopback behind made-up addresses, and what a recursor would find."""

    def __init__(self, **records: tuple[str, ...]) -> None:
        super().__init__()
        self.servers: dict[str, Served] = {}
        self.records = records

    def resolve(self, name: str, rtype: str) -> list[str]:
        key = f"{name.rstrip('.')}_{rtype}".replace(".", "_").replace("-", "_")
        return list(self.records.get(key, ()))

    def ask(self, name: str, rtype: str, address: str) -> dns.message.Message | None:
        server = self.servers.get(address)
        if server is None:
            return None
        return DnsNetwork(port=server.port).ask(name, rtype, server.host)

    def takes_tcp(self, name: str, address: str) -> bool:
        server = self.servers[address]
        return DnsNetwork(port=server.port).takes_tcp(name, server.host)


OURS = ("ns1.xip.test=192.0.2.1", "ns2.other.test")


@contextmanager
def town(
    delegated: tuple[str, ...] = ("ns1.xip.test", "ns2.other.test"),
    first: dict[str, object] | None = None,
    second: dict[str, object] | None = None,
) -> Iterator[Town]:
    """``test`` with a delegation of ``xip.test`` to two servers, each with settings of its own."""
    found = Town(
        test_NS=("ns.test.",),
        ns_test_A=("198.51.100.1",),
        ns2_other_test_A=("192.0.2.2",),
        ns9_other_test_A=("192.0.2.9",),
    )
    with ExitStack() as stack:
        parent = stack.enter_context(serving(zones=("test",), ns=("ns.test",)))
        parent.give(*(f"xip.test 60 NS {name}" for name in delegated), zone="test")
        parent.give("ns1.xip.test 60 A 192.0.2.1", zone="test")
        found.servers["198.51.100.1"] = parent
        for address, settings in (("192.0.2.1", first), ("192.0.2.2", second)):
            if settings is not None:
                given = {"ns": OURS, **settings}
                found.servers[address] = stack.enter_context(serving(**given))
        yield found


def findings(network: Town, **settings: object) -> list[str]:
    config = ResolverConfig(**{"zones": ("xip.test",), "ns": OURS, **settings})  # type: ignore[arg-type]
    return [str(finding) for finding in check_zones(config, check_configuration(config), network)]


def test_a_sound_delegation_has_no_problem() -> None:
    with town(first={}, second={}) as network:
        told = findings(network)
    assert told[:2] == [
        "xip.test: ok: test. delegates it to ns1.xip.test., ns2.other.test.",
        "xip.test: ok: answered alike by ns1.xip.test. (192.0.2.1), ns2.other.test. (192.0.2.2)",
    ]
    assert not any("problem" in line for line in told)


def test_a_zone_that_is_not_delegated_is_told_with_what_to_do() -> None:
    with town(delegated=()) as network:
        (line,) = findings(network)
    assert line == (
        "xip.test: problem: not delegated: test. has no NS for it; "
        "enter there: ns1.xip.test., ns2.other.test."
    )


def test_without_a_recursor_that_is_told() -> None:
    (line,) = findings(Town())
    assert line == "xip.test: problem: no server of a parent zone is found; is there a recursor to ask?"


def test_names_at_the_parent_must_be_ours() -> None:
    with town(delegated=("ns1.xip.test", "ns9.other.test"), first={}, second={}) as network:
        told = findings(network)
    assert (
        "xip.test: problem: ns9.other.test. too much; ns2.other.test. missing "
        "(parent against this configuration)" in told
    )
    assert "xip.test: problem: ns9.other.test. (192.0.2.9) does not answer" in told


def test_the_addresses_at_the_parent_must_be_ours() -> None:
    with town(first={}, second={}) as network:
        told = findings(network, ns=("ns1.xip.test=192.0.2.8,192.0.2.1", "ns2.other.test"))
    assert "xip.test: problem: ns1.xip.test. has other addresses there: 192.0.2.8 missing" in told


def test_the_name_servers_may_stand_in_a_file(tmp_path: Path) -> None:
    records = tmp_path / "xip.zone"
    records.write_text("@ NS ns1\n@ NS ns2.other.test.\nns1 A 192.0.2.1\n")
    with town(first={}, second={}) as network:
        told = findings(network, ns=(), static=(str(records),))
    assert not any("problem" in line for line in told)


def test_a_server_without_an_address_is_told() -> None:
    with town(delegated=("ns1.xip.test", "ns3.xip.test"), first={}) as network:
        told = findings(network)
    assert "xip.test: problem: ns3.xip.test. has no address; give it glue at the parent" in told


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ({"zones": ("other.test",)}, "is not authoritative for it"),
        ({"ns": ("ns1.xip.test",)}, "has other NS: ns2.other.test. missing"),
        (
            {"deny_nets": ("192.0.2.0/24",)},
            "answers 192-0-2-1.xip.test with nothing instead of 192.0.2.1",
        ),
        (None, "does not answer"),
    ],
)
def test_a_server_that_differs_is_told(second: dict[str, object] | None, problem: str) -> None:
    with town(first={}, second=second) as network:
        told = findings(network)
    assert f"xip.test: problem: ns2.other.test. (192.0.2.2) {problem}" in told


def test_a_server_that_only_passes_answers_on_is_told() -> None:
    with town(first={}, second={}) as network:
        ask = network.ask

        def from_cache(name: str, rtype: str, address: str) -> dns.message.Message | None:
            message = ask(name, rtype, address)
            if message and address == "192.0.2.2":
                message.flags &= ~dns.flags.AA
            return message

        network.ask = from_cache  # type: ignore[method-assign]
        told = findings(network)
    assert "xip.test: problem: ns2.other.test. (192.0.2.2) is not authoritative for it" in told


def test_a_server_behind_a_wall_against_tcp_is_told() -> None:
    with town(first={}, second={}) as network:
        open_to_all = network.takes_tcp
        network.takes_tcp = lambda name, address: (  # type: ignore[method-assign]
            address != "192.0.2.2" and open_to_all(name, address)
        )
        told = findings(network)
    assert (
        "xip.test: problem: ns2.other.test. (192.0.2.2) does not answer over TCP, as it must (RFC 7766);"
        " let port 53 through for it, too" in told
    )


def test_what_the_policy_withholds_is_not_missed() -> None:
    with town(first={"private_only": True}, second={"private_only": True}) as network:
        assert not any("problem" in line for line in findings(network, private_only=True))


def test_the_network_asks_real_servers() -> None:
    with serving(zones=("xip.test",), ns=("ns1.xip.test=127.0.0.1",)) as running:
        network = DnsNetwork(Listen(running.host, running.port), port=running.port)
        assert network.resolve("10-0-0-5.xip.test", "A") == ["10.0.0.5"]
        assert network.resolve("nothing.xip.test", "A") == []
        message = network.ask("xip.test.", "NS", running.host)
        assert message is not None
        assert message.answer[0].rdtype == dns.rdatatype.NS
        assert network.takes_tcp("xip.test.", running.host)
    assert network.ask("xip.test.", "NS", "not an address") is None
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        assert not DnsNetwork(port=deaf.getsockname()[1]).takes_tcp("xip.test.", "127.0.0.1")


def run_check(served: Served, *arguments: str) -> subprocess.CompletedProcess[str]:
    recursor = f"{served.host}:{served.port}"
    command = [sys.executable, "-c", "from dnssync.cli import main; main()", "resolver", "--check"]
    return subprocess.run(
        [*command, "--check-recursor", recursor, "--zone", "xip.test", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_command_tells_and_exits_with_a_code() -> None:
    with serving(zones=("elsewhere.test",)) as recursor:
        problem = run_check(recursor)
        assert problem.stdout == (
            "xip.test: problem: no server of a parent zone is found; is there a recursor to ask?\n"
        )
        assert problem.returncode == 3
        mistake = run_check(recursor, "--blocklist", "/nowhere")
        assert "cannot read the blocklist /nowhere" in mistake.stderr
        assert "Traceback" not in mistake.stderr
        assert mistake.returncode == 1
        wrong = run_check(recursor, "--check-recursor", "here")
        assert wrong.stderr == (
            "dnssync: error: --check-recursor: 'here' is not an address with a port"
            " (examples: 127.0.0.1:53, [::1]:53)\n"
        )
        assert wrong.returncode == 1
        for option in (("--static", "/nowhere"), ("--allow-update", "nobody")):
            assert run_check(recursor, *option).returncode == 1
