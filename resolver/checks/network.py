"""Questions to other name servers, for checks of a delegation."""

import secrets
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from resolver.config import Listen

if TYPE_CHECKING:
    from dns.message import Message

TIMEOUT = 3.0
_TRIES = 2


class DnsNetwork:
    """Asks over UDP, and TCP where that is too small; ``recursor`` None: those of the system."""

    def __init__(self, recursor: Listen | None = None, *, port: int = 53) -> None:
        self._recursor = recursor
        self._port = port

    def resolve(self, name: str, rtype: str) -> list[str]:
        """The data that a recursor finds; empty if there is none or it cannot be asked."""
        import dns.exception
        import dns.resolver

        try:
            resolver = dns.resolver.Resolver(configure=self._recursor is None)
            if self._recursor:
                resolver.nameservers, resolver.port = [self._recursor.host], self._recursor.port
            answer = resolver.resolve(name, rtype, lifetime=TIMEOUT * _TRIES, raise_on_no_answer=False)
        except (dns.exception.DNSException, OSError):
            return []
        return [rdata.to_text() for rdata in answer.rrset or ()]

    def ask(self, name: str, rtype: str, address: str) -> "Message | None":
        """What the name server at ``address`` answers itself; None if it does not."""
        import dns.query

        return _try(
            lambda query: dns.query.udp_with_fallback(query, address, TIMEOUT, self._port)[0], name, rtype
        )

    def takes_tcp(self, name: str, address: str) -> bool:
        """Whether the name server at ``address`` answers over TCP, too."""
        import dns.query

        ask = partial(dns.query.tcp, where=address, timeout=TIMEOUT, port=self._port)
        return _try(ask, name, "SOA") is not None


def _try(ask: "Callable[[Message], Message]", name: str, rtype: str) -> "Message | None":
    import dns.exception
    import dns.flags
    import dns.message

    query = dns.message.make_query(name, rtype, use_edns=0, id=secrets.randbits(16))
    query.flags &= ~dns.flags.RD
    for _ in range(_TRIES):
        try:
            return ask(query)
        except (dns.exception.DNSException, OSError, ValueError, EOFError):
            continue
    return None
