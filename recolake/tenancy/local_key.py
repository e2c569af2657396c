"""The API key that this machine's own commands use for a tenant: a file that only its owner can read.

Keys are shown once and stored nowhere else in the clear; `recolake demo` and `recolake recommend` ask the API
over HTTP like any customer, so they keep the key they were given.
"""

from __future__ import annotations

from recolake.secrets.provider import secrets_of
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def _name(tenant: Tenant) -> str:
    return f"tenants/{tenant}/api.key"


def read_local_key(settings: Settings, tenant: Tenant) -> str | None:
    """The kept key, or None if this machine has none for the tenant."""
    found = secrets_of(settings).get(_name(tenant))
    return found.text() if found is not None else None


def store_local_key(settings: Settings, tenant: Tenant, secret: str) -> None:
    """Keep a key, in place of an older one; mode 0600 in a folder of mode 0700."""
    secrets_of(settings).put(_name(tenant), f"{secret}\n".encode())
