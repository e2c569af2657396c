"""The keys that sign access tokens: secrets, asked for anew at each use.

So a rotation needs no restart. `tokens/current.key` signs; `tokens/previous.key`, which a rotation leaves
behind, still verifies the tokens of the quarter of an hour before. A key's id is its RFC 7638 thumbprint.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from recolake.secrets.provider import secrets_of
from recolake.secrets.secret import Secret
from recolake.settings import Settings
from recolake.tenancy.signatures import canonical

_CURRENT, _PREVIOUS = "tokens/current.key", "tokens/previous.key"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair and its id."""

    kid: str
    private: Ed25519PrivateKey

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()


def signing_key(settings: Settings) -> SigningKey:
    """The key that signs now; made on first use, exactly once."""
    return _parse(secrets_of(settings).get_or_make(_CURRENT, _new))


def verifying_keys(settings: Settings) -> dict[str, Ed25519PublicKey]:
    """Public keys by id: the one that signs, and the one before."""
    keys = [signing_key(settings)]
    previous = secrets_of(settings).get(_PREVIOUS)
    if previous is not None:
        keys.append(_parse(previous))
    return {key.kid: key.public for key in keys}


def rotate(settings: Settings) -> str:
    """Sign with a new key from now on; give its id. Twice in a row, and no earlier token is good any more."""
    provider = secrets_of(settings)
    provider.put(_PREVIOUS, provider.get_or_make(_CURRENT, _new).reveal())
    provider.put(_CURRENT, _new())
    return signing_key(settings).kid


def jwk(public: Ed25519PublicKey) -> dict[str, str]:
    """The members that RFC 8037 asks of a public key."""
    return {"crv": "Ed25519", "kty": "OKP", "x": base64url(public.public_bytes_raw())}


def key_id(public: Ed25519PublicKey) -> str:
    """RFC 7638: SHA-256 over the required members, in order, without white space."""
    return base64url(hashlib.sha256(canonical(jwk(public))).digest())


def _new() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes_raw()


def _parse(secret: Secret) -> SigningKey:
    private = Ed25519PrivateKey.from_private_bytes(secret.reveal())
    return SigningKey(key_id(private.public_key()), private)


def base64url(raw: bytes) -> str:
    """Without padding, as JOSE and PKCE write it (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
