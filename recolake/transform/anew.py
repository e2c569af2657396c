"""Tenants whose tables the next build makes anew, because rows were taken out from under them: an erasure
asks so.

A file a tenant, removed once its tables are built: whoever is killed in between builds them again.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from recolake.files import write_atomically
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def ask_anew(settings: Settings, tenant: Tenant) -> None:
    """Have the next build recompute all tables of the tenant."""
    write_atomically(_file(settings, tenant), b"")


def asked_anew(settings: Settings, among: Container[str]) -> list[str]:
    """Which of these tenants' tables are to be made anew."""
    folder = _file(settings, Tenant("any")).parent
    return sorted(path.name for path in folder.glob("[!.]*") if path.name in among)


def built_anew(settings: Settings, tenant: Tenant) -> None:
    """They were."""
    _file(settings, tenant).unlink(missing_ok=True)


def _file(settings: Settings, tenant: Tenant) -> Path:
    return settings.run_root / "build-anew" / tenant.name
