"""Seats of a plan: a member who is let in has one, and an open invitation keeps one free."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from control_plane.errors import SeatsTakenError
from control_plane.models import InvitationRow, MemberRow
from control_plane.organisations import repository
from control_plane.plans import repository as plans
from recolake.tenancy.context import Tenant


def taken(session: Session, tenant: Tenant, now: datetime) -> int:
    """How many seats are taken."""
    members = select(func.count()).where(MemberRow.tenant_id == tenant.name, MemberRow.disabled_at.is_(None))
    invited = select(func.count()).where(
        InvitationRow.tenant_id == tenant.name,
        InvitationRow.accepted_at.is_(None),
        InvitationRow.revoked_at.is_(None),
        InvitationRow.expires_at > now,
    )
    return session.execute(members).scalar_one() + session.execute(invited).scalar_one()


def require_seats(session: Session, tenant: Tenant, now: datetime, more: int) -> None:
    """Whether so many more may be taken; nobody else takes one until the transaction ends.

    Raises:
        SeatsTakenError: the plan has no more.
    """
    repository.lock(session, tenant)
    begun = [row for row in plans.subscriptions(session, tenant) if row.valid_from <= now]
    limit = begun[-1].seats if begun else None
    if limit is not None and taken(session, tenant, now) + more > limit:
        raise SeatsTakenError(limit)
