"""SQL of plans and subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from control_plane.models import PlanRow, SubscriptionRow, Terms
from control_plane.plans.schemas import PlanTerms
from recolake.tenancy.context import Tenant

TERMS = tuple(PlanTerms.model_fields)


def terms_of(row: Terms) -> dict[str, object]:
    """The columns that a plan and a subscription share."""
    return {name: getattr(row, name) for name in TERMS}


def put(session: Session, plan_id: str, title: str, terms: PlanTerms) -> None:
    """Make a plan, or give it new terms; subscriptions keep those that they began with."""
    values = {"title": title} | terms.model_dump()
    statement = insert(PlanRow).values(plan_id=plan_id, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["plan_id"], set_=values))


def find(session: Session, plan_id: str) -> PlanRow | None:
    """The plan's row, or None."""
    return session.get(PlanRow, plan_id)


def list_all(session: Session) -> Sequence[PlanRow]:
    """All plans by id."""
    return session.scalars(select(PlanRow).order_by(PlanRow.plan_id)).all()


def subscriptions(session: Session, tenant: Tenant) -> Sequence[SubscriptionRow]:
    """The tenant's subscriptions, oldest first."""
    statement = select(SubscriptionRow).where(SubscriptionRow.tenant_id == tenant.name)
    return session.scalars(statement.order_by(SubscriptionRow.valid_from)).all()


def current(session: Session, tenant: Tenant, moment: datetime) -> SubscriptionRow | None:
    """The tenant's subscription at a moment; None before its first."""
    begun = [row for row in subscriptions(session, tenant) if row.valid_from <= moment]
    return begun[-1] if begun else None


def in_force(session: Session, moment: datetime) -> Sequence[SubscriptionRow]:
    """Of each tenant that has one, the subscription at a moment."""
    statement = select(SubscriptionRow).where(SubscriptionRow.valid_from <= moment)
    newest = statement.distinct(SubscriptionRow.tenant_id).order_by(
        SubscriptionRow.tenant_id, SubscriptionRow.valid_from.desc()
    )
    return session.scalars(newest).all()


def subscribe(session: Session, tenant: Tenant, plan: PlanRow, valid_from: datetime) -> SubscriptionRow:
    """Begin a subscription with the plan's present terms."""
    row = SubscriptionRow(
        tenant_id=tenant.name, plan_id=plan.plan_id, valid_from=valid_from, **terms_of(plan)
    )
    session.add(row)
    session.flush()
    return row
