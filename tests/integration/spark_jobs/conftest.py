"""Tenants whose uploads are ingested."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import ensure_tenant_key


@pytest.fixture(scope="session")
def new_tenant(platform: Settings) -> Callable[[str], Tenant]:
    """Makes a tenant, as far as ingestion knows of one: a name and a key for pseudonyms."""

    def make(name: str) -> Tenant:
        tenant = Tenant(name)
        ensure_tenant_key(platform, tenant)
        return tenant

    return make
