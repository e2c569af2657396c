"""SQL of tenants."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from control_plane.models import TenantRow
from recolake.tenancy.context import Tenant


def add(session: Session, tenant: Tenant, display_name: str) -> bool:
    """Insert a tenant; False if it was there. Two callers at once: exactly one gets True."""
    statement = (
        insert(TenantRow).values(tenant_id=tenant.name, display_name=display_name).on_conflict_do_nothing()
    )
    return session.execute(statement.returning(TenantRow.tenant_id)).scalar_one_or_none() is not None


def find(session: Session, tenant: Tenant) -> TenantRow | None:
    """The tenant's row, or None."""
    return session.get(TenantRow, tenant.name)


def list_all(session: Session) -> Sequence[TenantRow]:
    """All tenants by name."""
    return session.scalars(select(TenantRow).order_by(TenantRow.tenant_id)).all()
