"""Response rate limiting: so many answers a second per client network, the rest silence or "ask by TCP".

Each network has one account, a leaky bucket: it may spend a second's worth at once, and earns at the rate.
It is charged before the question is looked at, so that a flood costs next to nothing. Real clients
behind a limited network get through: every so many refusals one is an empty answer with TC set (a slip),
and whoever comes back over TCP, or with a DNS cookie, has shown that its address is not forged. Pure.
"""

from enum import Enum

import msgspec

from resolver.safety.policy import Network

# A network at about 130 bytes: a table of some 8 MB per process, whoever sends.
TABLE_SIZE = 65536

_EXEMPT = float("-inf")
# How much of an address is its network: /24 and /56.
_IPV4_BYTES, _IPV6_BYTES = 3, 7
# Before an IPv4 address as a socket of both families tells it (RFC 4291 §2.5.5.2).
_MAPPED = bytes(10) + b"\xff\xff"


class Verdict(Enum):
    """What to do with a question."""

    ANSWER = "answer"
    SLIP = "slip"
    DROP = "drop"


class RateLimit(msgspec.Struct, frozen=True):
    """``rate`` answers a second per network, every ``slip``-th refusal a TC (0: none), exempt networks."""

    rate: int
    slip: int = 2
    exempt: tuple[Network, ...] = ()
    table_size: int = TABLE_SIZE


class Limiter:
    """The accounts of all networks, at most ``table_size``: the longest known goes first."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._cost = 1.0 / limit.rate
        # A second's worth, less half an answer: sums of the cost are not exact.
        self._burst = 1.0 - self._cost / 2
        # Bytes of an address, bits of the prefix, mask and value: refusing must be cheap.
        self._exempt = [
            (net.max_prefixlen // 8, net.prefixlen, int(net.netmask), int(net.network_address))
            for net in limit.exempt
        ]
        # Per network the time at which its account is settled; ahead of now by the burst at most.
        self._settled: dict[bytes, float] = {}
        self.dropped = 0
        self.slipped = 0

    def judge(self, client: bytes, now: float) -> Verdict:
        """Charge the account of the client of 4 or 16 packed bytes; ``now`` in seconds, never going back."""
        client, network = _split(client)
        settled = self._settled.get(network)
        if settled is None:
            self._open(network, now)
            return Verdict.ANSWER
        if settled == _EXEMPT:
            return Verdict.ANSWER
        if settled - now > self._burst:
            return self._refuse(network, client)
        self._settled[network] = max(settled, now) + self._cost
        return Verdict.ANSWER

    def admit(self, client: bytes, now: float) -> bool:
        """``judge`` for a client that has a share left; False, and nothing charged, for one that has not."""
        client, network = _split(client)
        has_share = self._settled.get(network, now) - now <= self._burst
        return has_share and self.judge(client, now) is Verdict.ANSWER

    def is_exempt(self, client: bytes) -> bool:
        """Whether the client's whole network was found to be exempt."""
        _, network = _split(client)
        return self._settled.get(network) == _EXEMPT

    @property
    def networks(self) -> int:
        """How many have an account."""
        return len(self._settled)

    def _open(self, network: bytes, now: float) -> None:
        if len(self._settled) >= self._limit.table_size:
            del self._settled[next(iter(self._settled))]
        self._settled[network] = now + self._cost

    def _refuse(self, network: bytes, client: bytes) -> Verdict:
        if self._is_exempt(network, client):
            return Verdict.ANSWER
        # Counted together, so that no client can tell which of its questions will slip.
        refused = self.dropped + self.slipped
        if self._limit.slip and refused % self._limit.slip == 0:
            self.slipped += 1
            return Verdict.SLIP
        self.dropped += 1
        return Verdict.DROP

    def _is_exempt(self, network: bytes, client: bytes) -> bool:
        number = int.from_bytes(client)
        bits = [
            prefix
            for size, prefix, mask, value in self._exempt
            if size == len(client) and number & mask == value
        ]
        if bits and min(bits) <= 8 * len(network):
            self._settled[network] = _EXEMPT
        return bool(bits)


def _split(client: bytes) -> tuple[bytes, bytes]:
    """The client's address in its own family, and its network."""
    if client.startswith(_MAPPED):
        client = client[len(_MAPPED) :]
    return client, client[: _IPV4_BYTES if len(client) == 4 else _IPV6_BYTES]
