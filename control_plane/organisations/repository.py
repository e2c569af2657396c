"""SQL of members. Every statement names the tenant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from control_plane.database import MEMBERS_LOCK
from control_plane.models import MemberRow, PersonRow, TenantRow
from control_plane.permissions import Role
from recolake.tenancy.context import Tenant


def add(session: Session, tenant: Tenant, person_id: str, role: Role) -> bool:
    """Make a person a member; False if they are one already, whose role then stays."""
    statement = insert(MemberRow).values(tenant_id=tenant.name, person_id=person_id, role=role.value)
    added = session.execute(statement.on_conflict_do_nothing().returning(MemberRow.person_id))
    return added.scalar_one_or_none() is not None


def list_for(session: Session, tenant: Tenant, person_id: str | None = None) -> Sequence[Row[Any]]:
    """The members, or the one of an id, with what is known of the person; who joined first comes first."""
    statement = (
        select(
            MemberRow.person_id,
            PersonRow.email,
            PersonRow.name,
            MemberRow.role,
            MemberRow.joined_at,
            MemberRow.disabled_at,
        )
        .join(PersonRow, PersonRow.person_id == MemberRow.person_id)
        .where(MemberRow.tenant_id == tenant.name)
    )
    if person_id is not None:
        statement = statement.where(MemberRow.person_id == person_id)
    return session.execute(statement.order_by(MemberRow.joined_at, MemberRow.person_id)).all()


def lock(session: Session, tenant: Tenant) -> None:
    """Until the transaction ends nobody else changes this tenant's members: two owners cannot both go."""
    session.execute(
        text("SELECT pg_advisory_xact_lock(:lock, hashtext(:tenant))"),
        {"lock": MEMBERS_LOCK, "tenant": tenant.name},
    )


def find(session: Session, tenant: Tenant, person_id: str) -> MemberRow | None:
    """A member, let in or not."""
    return session.get(MemberRow, (tenant.name, person_id))


def let_in(session: Session, tenant: Tenant, role: Role | None = None) -> int:
    """How many members are let in: all, or those of a role."""
    statement = select(func.count()).where(
        MemberRow.tenant_id == tenant.name, MemberRow.disabled_at.is_(None)
    )
    if role is not None:
        statement = statement.where(MemberRow.role == role.value)
    return session.execute(statement).scalar_one()


def change(
    session: Session, tenant: Tenant, person_id: str, role: Role, disabled_at: datetime | None
) -> None:
    """Replace a member's role and state."""
    statement = update(MemberRow).where(MemberRow.tenant_id == tenant.name, MemberRow.person_id == person_id)
    session.execute(statement.values(role=role.value, disabled_at=disabled_at))


def rename(session: Session, tenant: Tenant, display_name: str) -> None:
    """Give the organisation another name for people to read."""
    statement = update(TenantRow).where(TenantRow.tenant_id == tenant.name)
    session.execute(statement.values(display_name=display_name))
