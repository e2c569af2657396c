"""The plans in force, as the data plane is told of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from control_plane.models import SubscriptionRow
from control_plane.organisations import seats
from control_plane.plans import repository
from control_plane.usage import repository as usage
from recolake.limits.calendar import month_of
from recolake.limits.gcra import Rate
from recolake.limits.plans import Allowance, Quota, TenantPlan
from recolake.tenancy.context import Tenant


def current_plans(session: Session, moment: datetime) -> dict[Tenant, TenantPlan]:
    """Of each tenant with a plan: its rates, and the quotas and use of the month."""
    month = month_of(moment)
    return {
        Tenant(row.tenant_id): TenantPlan(
            row.plan_id,
            month,
            _rate(row.key_rate, row.key_burst),
            _rate(row.tenant_rate, row.tenant_burst),
            _quotas(session, row, moment),
        )
        for row in repository.in_force(session, moment)
    }


def _rate(rate: float | None, burst: int | None) -> Rate | None:
    return None if rate is None or burst is None else Rate(rate, burst)


def _quotas(session: Session, plan: SubscriptionRow, moment: datetime) -> dict[Quota, Allowance]:
    found = {}
    for row in usage.limits(session, Tenant(plan.tenant_id), month_of(moment)):
        monthly: int | None = getattr(plan, row.kind)
        if monthly is None:
            continue
        of_month = monthly if row.quota is None else int(row.quota)
        price: int | None = getattr(plan, f"{row.kind}_price", None)
        found[Quota(row.kind)] = Allowance(monthly, of_month, int(row.used), hard=price is None)
    if plan.seats is not None:
        # Whoever takes one asks the tables; the snapshot only tells.
        used = seats.taken(session, Tenant(plan.tenant_id), moment)
        found[Quota.SEATS] = Allowance(plan.seats, plan.seats, used, hard=True)
    return found
