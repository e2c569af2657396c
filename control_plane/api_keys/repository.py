"""SQL of API keys. Every statement names the tenant, but the one that feeds the snapshot of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from control_plane.models import ApiKeyRow
from recolake.tenancy.api_keys import Environment, KeyRecord, Scope
from recolake.tenancy.context import Tenant


def add(session: Session, record: KeyRecord, sha256: str, name: str = "") -> ApiKeyRow:
    """Insert a key's record."""
    row = ApiKeyRow(
        tenant_id=record.tenant.name,
        key_id=record.key_id,
        sha256=sha256,
        name=name,
        environment=record.environment.value,
        scopes=sorted(record.scopes),
        expires_at=record.expires_at,
    )
    session.add(row)
    session.flush()
    return row


def list_for(session: Session, tenant: Tenant) -> Sequence[ApiKeyRow]:
    """The tenant's keys, oldest first, revoked ones too."""
    statement = select(ApiKeyRow).where(ApiKeyRow.tenant_id == tenant.name)
    return session.scalars(statement.order_by(ApiKeyRow.created_at, ApiKeyRow.key_id)).all()


def revoke(session: Session, tenant: Tenant, key_id: str) -> bool:
    """Revoke a key; False if the tenant has none of that id. A second time changes nothing."""
    revoked_at = func.coalesce(ApiKeyRow.revoked_at, func.now())
    statement = update(ApiKeyRow).where(ApiKeyRow.tenant_id == tenant.name, ApiKeyRow.key_id == key_id)
    return (
        session.execute(statement.values(revoked_at=revoked_at).returning(ApiKeyRow.key_id)).first()
        is not None
    )


def find(session: Session, tenant: Tenant, key_id: str) -> ApiKeyRow | None:
    """One key, revoked or not; nobody else changes it until the transaction ends."""
    return session.get(ApiKeyRow, (tenant.name, key_id), with_for_update=True)


def note_uses(session: Session, uses: Mapping[tuple[str, str], datetime]) -> None:
    """Write down when keys, by tenant and id, were used last; never an earlier moment for a later."""
    used_at = func.greatest(func.coalesce(ApiKeyRow.last_used_at, bindparam("at")), bindparam("at"))
    statement = update(ApiKeyRow).where(
        ApiKeyRow.tenant_id == bindparam("of_tenant"), ApiKeyRow.key_id == bindparam("of_key")
    )
    session.connection().execute(
        statement.values(last_used_at=used_at),
        [{"of_tenant": tenant, "of_key": key, "at": at} for (tenant, key), at in sorted(uses.items())],
    )


def active_records(session: Session) -> dict[str, KeyRecord]:
    """Records of every tenant's keys that are not revoked, by SHA-256."""
    rows = session.scalars(select(ApiKeyRow).where(ApiKeyRow.revoked_at.is_(None))).all()
    return {
        row.sha256: KeyRecord(
            row.key_id,
            Tenant(row.tenant_id),
            frozenset(Scope(scope) for scope in row.scopes),
            row.expires_at,
            Environment(row.environment),
        )
        for row in rows
    }
