"""SipHash-2-4, a keyed hash of 64 bits for short input (Aumasson and Bernstein, 2012). Pure.

RFC 9018 builds DNS cookies on it, so that servers of different makers can share a secret. Neither the
standard library nor ``cryptography`` gives access to one.
"""

import struct
from functools import lru_cache

_REMEMBERED = 4096
_MASK = 0xFFFFFFFFFFFFFFFF
_KEY = struct.Struct("<QQ")


# A client gives the same cookie for half an hour, with each of its questions.
@lru_cache(_REMEMBERED)
def siphash(key: bytes, data: bytes) -> bytes:
    """The 8 bytes of hash of ``data`` under a ``key`` of 16 bytes, least significant first."""
    low, high = _KEY.unpack(key)
    state = (
        low ^ 0x736F6D6570736575,
        high ^ 0x646F72616E646F6D,
        low ^ 0x6C7967656E657261,
        high ^ 0x7465646279746573,
    )
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        a, b, c, d = _mix(state[0], state[1], state[2], state[3] ^ word, rounds=2)
        state = (a ^ word, b, c, d)
    a, b, c, d = _mix(state[0], state[1], state[2] ^ 0xFF, state[3], rounds=4)
    return (a ^ b ^ c ^ d).to_bytes(8, "little")


def _mix(a: int, b: int, c: int, d: int, *, rounds: int) -> tuple[int, int, int, int]:
    for _ in range(rounds):
        a = a + b & _MASK
        b = (b << 13 & _MASK | b >> 51) ^ a
        a = a << 32 & _MASK | a >> 32
        c = c + d & _MASK
        d = (d << 16 & _MASK | d >> 48) ^ c
        a = a + d & _MASK
        d = (d << 21 & _MASK | d >> 43) ^ a
        c = c + b & _MASK
        b = (b << 17 & _MASK | b >> 47) ^ c
        c = c << 32 & _MASK | c >> 32
    return a, b, c, d
