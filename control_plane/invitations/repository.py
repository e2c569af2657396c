"""SQL of invitations. Who accepts one names no tenant: that is the platform's; all else is the tenant's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from control_plane.models import InvitationRow
from recolake.tenancy.context import Tenant


def add(session: Session, row: InvitationRow) -> InvitationRow:
    """Insert an invitation."""
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def list_for(session: Session, tenant: Tenant) -> Sequence[InvitationRow]:
    """The tenant's invitations, newest first."""
    statement = select(InvitationRow).where(InvitationRow.tenant_id == tenant.name)
    return session.scalars(statement.order_by(InvitationRow.created_at.desc())).all()


def revoke(session: Session, tenant: Tenant, invitation_id: str) -> bool:
    """Revoke an invitation; False if the tenant has none of that id. An accepted one stays as it is."""
    revoked_at = func.coalesce(InvitationRow.revoked_at, func.now())
    statement = update(InvitationRow).where(
        InvitationRow.tenant_id == tenant.name, InvitationRow.invitation_id == invitation_id
    )
    done = session.execute(statement.values(revoked_at=revoked_at).returning(InvitationRow.invitation_id))
    return done.first() is not None


def open_one(session: Session, sha256: str, now: datetime) -> InvitationRow | None:
    """The invitation of a token, if it can be accepted; nobody else accepts it until the transaction ends."""
    statement = select(InvitationRow).where(InvitationRow.sha256 == sha256, *_open(now))
    return session.scalars(statement.with_for_update()).one_or_none()


def count_open(session: Session, tenant: Tenant, now: datetime) -> int:
    """How many invitations of a tenant can be accepted."""
    statement = select(func.count()).where(InvitationRow.tenant_id == tenant.name, *_open(now))
    return session.execute(statement).scalar_one()


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        InvitationRow.accepted_at.is_(None),
        InvitationRow.revoked_at.is_(None),
        InvitationRow.expires_at > now,
    )
