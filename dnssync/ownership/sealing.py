"""Sealed markers: AES-256-GCM over gzip, in base64, as external-dns writes and reads them.

``base64(nonce ‖ ciphertext ‖ tag)`` with a nonce of 12 bytes, a tag of 16, and no additional data.
"""

import base64
import binascii
import gzip
import hashlib
import hmac
import zlib

from dnssync.errors import ConfigError

KEY_BYTES = 32
NONCE_BYTES = 12
_TAG_BYTES = 16


def parse_key(text: str) -> bytes:
    """The key that an option gives: 32 bytes taken literally, else the base64 of 32 bytes.

    Raises ConfigError for anything else; the message does not repeat the key.
    """
    literal = text.encode()
    if len(literal) == KEY_BYTES:
        return literal
    try:
        key = base64.b64decode(literal, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"--txt-encrypt-aes-key: its {len(literal)} bytes are neither {KEY_BYTES} plain bytes nor the "
            f"base64 of {KEY_BYTES} bytes; make one with `openssl rand -base64 32`"
        )
    return key


def derive_nonce(text: str, key: bytes, context: str) -> bytes:
    """A nonce for sealing ``text`` at ``context`` (the marker's name).

    It depends on nothing but its arguments, so the same marker seals to the same text each time and a
    record is not rewritten for its nonce; and no nonce comes twice for different texts, other than by a
    collision of 96 bits of HMAC, which is no likelier than with random nonces.
    """
    own_key = hmac.digest(key, b"dnssync marker nonce", hashlib.sha256)
    return hmac.digest(own_key, f"{context}\0{text}".encode(), hashlib.sha256)[:NONCE_BYTES]


def seal(text: str, key: bytes, nonce: bytes) -> str:
    """``text`` sealed, in base64. Raises ConfigError for a key or nonce of the wrong length."""
    if len(nonce) != NONCE_BYTES or len(key) != KEY_BYTES:
        raise ConfigError(
            f"cannot seal a marker: the key has {len(key)} bytes and the nonce {len(nonce)}, "
            f"but {KEY_BYTES} and {NONCE_BYTES} are needed"
        )
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    packed = gzip.compress(text.encode(), compresslevel=9, mtime=0)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, packed, None)).decode("ascii")


def unseal(sealed: str, key: bytes) -> tuple[str, bytes] | None:
    """The text and the nonce of a sealed text; None if it is not one, or sealed with another key."""
    try:
        blob = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(blob) < NONCE_BYTES + _TAG_BYTES or len(key) != KEY_BYTES:
        return None
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = blob[:NONCE_BYTES]
    try:
        packed = AESGCM(key).decrypt(nonce, blob[NONCE_BYTES:], None)
        return gzip.decompress(packed).decode(), nonce
    except (InvalidTag, gzip.BadGzipFile, EOFError, zlib.error, UnicodeDecodeError):
        return None
