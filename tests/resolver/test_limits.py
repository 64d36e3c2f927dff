"""Response rate limiting, with the clock in the test's hand."""

from ipaddress import ip_address, ip_network

import pytest

from resolver.safety.limits import Limiter, RateLimit, Verdict
from resolver.safety.policy import PRIVATE_NETWORKS


def judged(limiter: Limiter, host: str, times: int, now: float) -> list[Verdict]:
    return [limiter.judge(ip_address(host).packed, now) for _ in range(times)]


def test_a_network_has_its_share_at_once_and_earns_it_again() -> None:
    limiter = Limiter(RateLimit(10, slip=0))
    assert judged(limiter, "192.0.2.1", 10, 5.0) == [Verdict.ANSWER] * 10
    assert judged(limiter, "192.0.2.1", 5, 5.0) == [Verdict.DROP] * 5
    assert judged(limiter, "192.0.2.1", 4, 5.31) == [Verdict.ANSWER] * 3 + [Verdict.DROP]
    assert judged(limiter, "192.0.2.1", 11, 60.0) == [Verdict.ANSWER] * 10 + [Verdict.DROP]


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("192.0.2.1", "192.0.2.255", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:0:ff::1", "2001:db8:0:1::2", True),
        ("2001:db8:0:100::1", "2001:db8::1", False),
        ("192.0.2.1", "c000:0200::1", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.3.1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
    ],
)
def test_the_share_is_that_of_a_24_or_56(first: str, second: str, shared: bool) -> None:
    limiter = Limiter(RateLimit(1, slip=0))
    judged(limiter, first, 1, 0.0)
    assert judged(limiter, second, 1, 0.0) == [Verdict.DROP if shared else Verdict.ANSWER]


@pytest.mark.parametrize(("slip", "slipped"), [(0, 0), (1, 100), (2, 50), (3, 34)])
def test_some_refusals_slip(slip: int, slipped: int) -> None:
    limiter = Limiter(RateLimit(1, slip=slip))
    verdicts = judged(limiter, "192.0.2.1", 101, 0.0)[1:]
    assert verdicts.count(Verdict.SLIP) == slipped == limiter.slipped
    assert verdicts.count(Verdict.DROP) == 100 - slipped == limiter.dropped


def test_exempt_networks_have_no_limit() -> None:
    limiter = Limiter(RateLimit(1, exempt=PRIVATE_NETWORKS))
    for host in ("127.0.0.1", "10.1.2.3", "fd00::1", "::1"):
        assert set(judged(limiter, host, 100, 0.0)) == {Verdict.ANSWER}
    assert judged(limiter, "192.0.2.1", 2, 0.0)[1] is not Verdict.ANSWER


def test_an_exempt_network_is_so_on_a_socket_of_both_families_too() -> None:
    limiter = Limiter(RateLimit(1, slip=0, exempt=PRIVATE_NETWORKS))
    assert set(judged(limiter, "::ffff:10.0.0.1", 100, 0.0)) == {Verdict.ANSWER}
    assert limiter.is_exempt(ip_address("::ffff:10.0.0.1").packed)


def test_a_single_address_can_be_exempt_among_its_neighbours() -> None:
    limiter = Limiter(RateLimit(1, slip=0, exempt=(ip_network("192.0.2.7/32"),)))
    assert judged(limiter, "192.0.2.8", 2, 0.0) == [Verdict.ANSWER, Verdict.DROP]
    assert set(judged(limiter, "192.0.2.7", 50, 0.0)) == {Verdict.ANSWER}
    assert judged(limiter, "192.0.2.8", 1, 0.0) == [Verdict.DROP]


def test_the_table_does_not_grow_and_forgets_the_longest_known() -> None:
    limiter = Limiter(RateLimit(1, slip=0, table_size=100))
    judged(limiter, "192.0.2.1", 1, 0.0)
    for number in range(99):
        limiter.judge(bytes([10, 0, number, 1]), 0.0)
    assert judged(limiter, "192.0.2.1", 1, 0.0) == [Verdict.DROP]
    for number in range(10_000):
        limiter.judge((11 << 24 | number << 8).to_bytes(4), 0.0)
    assert limiter.networks == 100
    assert judged(limiter, "192.0.2.1", 1, 0.0) == [Verdict.ANSWER]
