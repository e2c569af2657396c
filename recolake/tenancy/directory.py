"""Which tenants exist, read from the snapshot that the control plane publishes on every change."""

from __future__ import annotations

import json
from pathlib import Path

from recolake.errors import UnknownTenantError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def tenants_snapshot(settings: Settings) -> Path:
    """JSON list of tenant names; written by control_plane alone."""
    return settings.snapshot_root / "tenants.json"


def known_tenants(settings: Settings) -> list[Tenant]:
    path = tenants_snapshot(settings)
    if not path.exists():
        return []
    return [Tenant(name) for name in json.loads(path.read_text())]


def require_tenant(settings: Settings, name: str) -> Tenant:
    """The tenant of that name.

    Raises:
        InvalidInputError: the name is malformed.
        UnknownTenantError: nobody created it.
    """
    tenant = Tenant(name)
    if tenant not in known_tenants(settings):
        raise UnknownTenantError(
            f"There is no tenant '{name}'.",
            hint=f"Create it with `recolake tenant create {name}`.",
            field="tenant",
        )
    return tenant
