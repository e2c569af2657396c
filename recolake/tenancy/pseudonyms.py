"""Pseudonyms for people: a keyed hash, one key a tenant, kept outside the lake.

HMAC-SHA-256 (RFC 2104), the first 128 bits in hex. `hmac_pads` gives the two padded keys, so that an engine
that has SHA-256 but no HMAC (Spark SQL) computes the very same value.
"""

from __future__ import annotations

import hmac
import os
import secrets

from recolake.errors import ServiceUnavailableError
from recolake.files import sync_folder
from recolake.secrets.provider import secrets_of
from recolake.secrets.secret import SecretUnreadableError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.signatures import SigningKey

PSEUDONYM_HEX_DIGITS = 32
_KEY_BYTES = 32
_BLOCK = 64


def _name(tenant: Tenant) -> str:
    return f"tenants/{tenant}/pseudonym.key"


class PseudonymKeyError(ServiceUnavailableError):
    """The tenant's key for pseudonyms is not where it belongs; a new one would make everybody a stranger."""

    code = "pseudonym_key_unavailable"

    def __init__(self, tenant: Tenant, what: str, where: str) -> None:
        super().__init__(
            f"The pseudonym key of tenant '{tenant}' {what}.",
            hint=f"Whoever runs this platform restores it from the backup of the secrets: {where}.",
        )


def ensure_tenant_key(settings: Settings, tenant: Tenant) -> bytes:
    """The tenant's 32-byte key, made if there is none: exactly once, even if several processes ask together.

    For the creation of a tenant alone; everybody else asks `tenant_key`.
    """
    made = secrets_of(settings).get_or_make(_name(tenant), lambda: secrets.token_bytes(_KEY_BYTES))
    return made.reveal()


def tenant_key(settings: Settings, tenant: Tenant) -> bytes:
    """The tenant's 32-byte key.

    Raises:
        PseudonymKeyError: there is none, it cannot be read, or it is not one.
        SecretExposedError: others than its owner may read it.
    """
    provider = secrets_of(settings)
    where = provider.where(_name(tenant))
    try:
        found = provider.get(_name(tenant))
    except SecretUnreadableError as error:
        raise PseudonymKeyError(tenant, "cannot be read", where) from error
    if found is None:
        raise PseudonymKeyError(tenant, "is missing", where)
    key = found.reveal()
    if len(key) != _KEY_BYTES:
        raise PseudonymKeyError(tenant, "is damaged", where)
    return key


def destroy_tenant_keys(settings: Settings, tenant: Tenant) -> None:
    """Remove the tenant's key for pseudonyms, and every other secret of it but the keys that sign: what is in
    a copy of its data somewhere names nobody from now on. Nothing brings the key back.

    The bytes are overwritten first; on a disk that writes elsewhere, only its encryption helps.

    Raises:
        PseudonymKeyError: the key is still there, because it comes from elsewhere.
    """
    folder = settings.secrets_root / "tenants" / tenant.name
    signing = {f"{key}.key" for key in SigningKey}
    for path in sorted(folder.glob("*")):
        if path.name not in signing and path.is_file():
            with path.open("r+b") as stream:
                stream.write(secrets.token_bytes(path.stat().st_size))
                stream.flush()
                os.fsync(stream.fileno())
            path.unlink()
    if folder.is_dir():
        sync_folder(folder)
    provider = secrets_of(settings)
    if provider.get(_name(tenant)) is not None:
        raise PseudonymKeyError(tenant, "has to be destroyed where it is", provider.where(_name(tenant)))


class TenantKeys:
    """The keys of tenants, each read once; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: dict[Tenant, bytes] = {}

    def of(self, tenant: Tenant) -> bytes:
        """The tenant's key.

        Raises:
            PseudonymKeyError: there is none, it cannot be read, or it is not one.
        """
        key = self._keys.get(tenant)
        if key is None:
            key = self._keys[tenant] = tenant_key(self._settings, tenant)
        return key


def pseudonym(key: bytes, identifier: str) -> str:
    """32 hex digits that stand for one person's identifier."""
    return hmac.digest(key, identifier.encode(), "sha256").hex()[:PSEUDONYM_HEX_DIGITS]


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """Inner and outer padded key: HMAC(m) = H(outer + H(inner + m))."""
    padded = key.ljust(_BLOCK, b"\0")
    return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)
