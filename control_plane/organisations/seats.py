"""Seats of a plan: a member who is let in has one, and an open invitation keeps one free."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from control_plane.errors import SeatsTakenError
from control_plane.invitations import repository as invitations
from control_plane.organisations import repository
from control_plane.plans import repository as plans
from recolake.tenancy.context import Tenant


def taken(session: Session, tenant: Tenant, now: datetime) -> int:
    """How many seats are taken."""
    return repository.let_in(session, tenant) + invitations.count_open(session, tenant, now)


def require_seats(session: Session, tenant: Tenant, now: datetime, more: int) -> None:
    """Whether so many more may be taken; nobody else takes one until the transaction ends.

    Raises:
        SeatsTakenError: the plan has no more.
    """
    repository.lock(session, tenant)
    plan = plans.current(session, tenant, now)
    limit = plan.seats if plan is not None else None
    if limit is not None and taken(session, tenant, now) + more > limit:
        raise SeatsTakenError(limit)
