"""DNS cookies (RFC 7873, RFC 9018): a client that gives ours back is at the address it claims. Pure.

A cookie is the client's 8 bytes, then ours, which are 16: a version, the time in seconds, and a keyed hash
of all that with the client's address. All servers with one secret take each other's cookies.
"""

import hmac
from collections.abc import Sequence

from resolver.errors import ResolverError
from resolver.safety.siphash import siphash

SECRET_SIZE = 16

_CLIENT_SIZE = 8
_VERSION = b"\x01\x00\x00\x00"
_SERVER_SIZES = range(8, 33)

# Seconds (RFC 9018 §4.3): the life of a cookie, the lead that another server's clock may have, and the
# age from which a client is given a new one.
_LIFE = 3600
_LEAD = 300
_RENEWAL_AGE = 1800


class Cookies:
    """Makes and checks cookies. The first secret makes them, all are accepted: so secrets can roll over."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """``secrets`` of 16 bytes, at least one. RFC 9018 §5: add the next one last, then move it first."""
        self._secrets = tuple(secrets)

    def verify(self, cookie: bytes, client: bytes, now: int) -> bool:
        """Whether the second part of ``cookie`` is ours, made for this client, and not too old."""
        if len(cookie) != _CLIENT_SIZE + SECRET_SIZE or cookie[8:12] != _VERSION:
            return False
        if not -_LEAD <= _age(cookie, now) <= _LIFE:
            return False
        return any(
            hmac.compare_digest(siphash(secret, cookie[:16] + client), cookie[16:])
            for secret in self._secrets
        )

    def renew(self, cookie: bytes, client: bytes, now: int, *, verified: bool) -> bytes:
        """The cookie to send back: the same while it is young, else a new one for its client's part."""
        if verified and _age(cookie, now) < _RENEWAL_AGE:
            return cookie
        made = cookie[:_CLIENT_SIZE] + _VERSION + (now & 0xFFFFFFFF).to_bytes(4)
        return made + siphash(self._secrets[0], made + client)


def is_well_formed(cookie: bytes) -> bool:
    """Whether the option has a length that RFC 7873 §5.2.2 allows; else the answer is FORMERR."""
    return len(cookie) == _CLIENT_SIZE or len(cookie) - _CLIENT_SIZE in _SERVER_SIZES


def parse_secret(text: str) -> bytes:
    """A secret from its 32 hex digits; raises ResolverError, which does not repeat it."""
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != SECRET_SIZE:
        raise ResolverError(
            "a cookie secret is not 32 hexadecimal digits; make one with: openssl rand -hex 16"
        )
    return secret


def _age(cookie: bytes, now: int) -> int:
    """Seconds since it was made, negative if that lies ahead: serial number arithmetic (RFC 1982)."""
    return (now - int.from_bytes(cookie[12:16]) + 0x80000000) % 0x100000000 - 0x80000000
