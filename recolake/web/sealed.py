"""Bodies at rest that only their caller can open: the key is made of what the caller sends and we forget."""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def seal(secret: bytes, body: bytes) -> bytes:
    """Encrypt a body (AES-256-GCM, NIST SP 800-38D).

    Args:
        secret: of at least 128 random bits, such as an API key.
    """
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(secret)).encrypt(nonce, body, None)


def unseal(secret: bytes, sealed: bytes) -> bytes | None:
    """Inverse of `seal`; None where it was sealed with another secret, or is damaged."""
    try:
        return AESGCM(_key(secret)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
    except (InvalidTag, ValueError):
        return None


def _key(secret: bytes) -> bytes:
    # The secret is random enough that a fast hash will do, as for API keys.
    return hashlib.sha256(b"recolake sealed body\n" + secret).digest()
