"""What the platform signs for a tenant: Ed25519 (RFC 8032) over canonical JSON.

Canonical is: keys sorted, no blanks, UTF-8, nothing escaped that need not be. Each purpose has a key of its
own, `<home>/secrets/tenants/<tenant>/<purpose>.key`, 32 bytes, made on first use; so a signature for one
purpose never passes for one of another.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from recolake.secrets.provider import secrets_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


class SigningKey(StrEnum):
    """What a key is for."""

    CERTIFICATE = "certificate"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Signature:
    """Both in base64."""

    public_key: str
    signature: str


def canonical(value: Any) -> bytes:
    """The bytes that are signed or hashed for a value of plain JSON."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(settings: Settings, tenant: Tenant, key: SigningKey, content: bytes) -> Signature:
    """Sign with the tenant's key of this purpose, made on first use."""
    private = _private_key(settings, tenant, key)
    return Signature(_text(private.public_key().public_bytes_raw()), _text(private.sign(content)))


def is_signed(public_key: str, signature: str, content: bytes) -> bool:
    """Whether the key signed exactly this; False also where key or signature are none."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key(settings: Settings, tenant: Tenant, key: SigningKey) -> str | None:
    """The tenant's public key in base64; None where this machine has never signed for the purpose."""
    if secrets_of(settings).get(_name(tenant, key)) is None:
        return None
    return _text(_private_key(settings, tenant, key).public_key().public_bytes_raw())


def _name(tenant: Tenant, key: SigningKey) -> str:
    return f"tenants/{tenant}/{key}.key"


def _private_key(settings: Settings, tenant: Tenant, key: SigningKey) -> Ed25519PrivateKey:
    kept = secrets_of(settings).get_or_make(
        _name(tenant, key), lambda: Ed25519PrivateKey.generate().private_bytes_raw()
    )
    return Ed25519PrivateKey.from_private_bytes(kept.reveal())


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
