"""The API key that this machine's own commands use for a tenant: a file that only its owner can read.

Keys are shown once and stored nowhere else in the clear; `recolake demo` and `recolake recommend` ask the API
over HTTP like any customer, so they keep the key they were given.
"""

from __future__ import annotations

from pathlib import Path

from recolake.files import private_folder, write_atomically
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def _path(settings: Settings, tenant: Tenant) -> Path:
    return settings.secrets_root / "tenants" / tenant.name / "api.key"


def read_local_key(settings: Settings, tenant: Tenant) -> str | None:
    """The kept key, or None if this machine has none for the tenant."""
    path = _path(settings, tenant)
    return path.read_text().strip() if path.exists() else None


def store_local_key(settings: Settings, tenant: Tenant, secret: str) -> None:
    """Keep a key, in place of an older one; mode 0600 in a folder of mode 0700."""
    path = _path(settings, tenant)
    private_folder(path.parent)
    write_atomically(path, f"{secret}\n".encode(), mode=0o600)
