"""Pseudonyms for people: a keyed hash, one key a tenant, kept outside the lake.

HMAC-SHA-256 (RFC 2104), the first 128 bits in hex. `hmac_pads` gives the two padded keys, so that an engine
that has SHA-256 but no HMAC (Spark SQL) computes the very same value.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path

from recolake.files import read_or_create
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

PSEUDONYM_HEX_DIGITS = 32
_BLOCK = 64


def _key_file(settings: Settings, tenant: Tenant) -> Path:
    return settings.secrets_root / "tenants" / tenant.name / "pseudonym.key"


def tenant_key(settings: Settings, tenant: Tenant) -> bytes:
    """The tenant's 32-byte key; made on first use, exactly once even if several processes ask together."""
    return read_or_create(_key_file(settings, tenant), lambda: secrets.token_bytes(32))


def pseudonym(key: bytes, identifier: str) -> str:
    """32 hex digits that stand for one person's identifier."""
    return hmac.new(key, identifier.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_HEX_DIGITS]


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """Inner and outer padded key: HMAC(m) = H(outer + H(inner + m))."""
    padded = key.ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)
