"""What a tenant used, what remains, and what it costs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from control_plane.database import open_database
from control_plane.models import SubscriptionRow
from control_plane.organisations import seats
from control_plane.plans import repository as plans
from control_plane.usage import repository, thresholds
from control_plane.usage.cursor import read_cursor, write_cursor
from control_plane.usage.schemas import (
    InvoiceLine,
    InvoiceRead,
    LimitsRead,
    QuotaRead,
    RateRead,
    ReachedRead,
    UsageLine,
    UsagePage,
)
from recolake.errors import InvalidInputError
from recolake.limits.calendar import month_end, month_of
from recolake.limits.plans import Quota
from recolake.moments import Clock, utc_now
from recolake.settings import Settings
from recolake.tenancy.context import Tenant


def usage_page(
    settings: Settings, tenant: Tenant, first: date, last: date, cursor: str | None, most: int
) -> UsagePage:
    """A tenant's usage by day, `last` included.

    Raises:
        InvalidInputError: the days are in the wrong order, or the cursor is not one.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    if last < first or last == date.max:
        raise InvalidInputError("`to` is before `from`.", hint="Swap the two.", field="to")
    begins = datetime.combine(first, time(), UTC)
    ends = datetime.combine(last, time(), UTC) + timedelta(days=1)
    after = read_cursor(cursor) if cursor else None
    with open_database(settings).transaction(tenant) as session:
        rows = repository.by_day(session, tenant, begins, ends, after, most + 1)
    lines = [
        UsageLine(
            day=row.day,
            kind=row.kind,
            key_id=row.key_id,
            scenario=row.scenario or None,
            environment=row.environment,
            units=row.units,
            calls=row.calls,
        )
        for row in rows[:most]
    ]
    following = None
    if len(rows) > most:
        end = rows[most - 1]
        following = write_cursor((end.day, end.kind, end.key_id, end.scenario, end.environment))
    return UsagePage(lines=lines, next_cursor=following)


def limits(settings: Settings, tenant: Tenant, *, now: Clock = utc_now) -> LimitsRead:
    """What the tenant's plan allows this month, and what remains of it.

    Raises:
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    moment = now()
    month = month_of(moment)
    with open_database(settings).transaction(tenant) as session:
        plan = plans.current(session, tenant, moment)
        rows = repository.limits(session, tenant, month)
        seats_taken = seats.taken(session, tenant, moment)
        reached = [
            ReachedRead(month=row.month, kind=row.kind, percent=row.percent, reached_at=row.reached_at)
            for row in thresholds.reached_by(session, tenant)
            if row.month == month
        ]
    quotas = []
    for row in rows:
        quota, used = None if row.quota is None else int(row.quota), int(row.used)
        quotas.append(
            QuotaRead(
                kind=row.kind,
                quota=quota,
                used=used,
                remaining=None if quota is None else max(quota - used, 0),
                beyond="refused" if row.price is None else "billed",
            )
        )
    if plan is not None:
        left = None if plan.seats is None else max(plan.seats - seats_taken, 0)
        quotas.append(
            QuotaRead(
                kind=Quota.SEATS.value, quota=plan.seats, used=seats_taken, remaining=left, beyond="refused"
            )
        )
    return LimitsRead(
        plan_id=plan.plan_id if plan else None,
        month=month,
        quotas=quotas,
        seats=plan.seats if plan else None,
        training_minutes=plan.training_minutes if plan else None,
        rates=_rates(plan) if plan else [],
        reached=reached,
    )


def _rates(plan: SubscriptionRow) -> list[RateRead]:
    found = []
    if plan.key_rate is not None and plan.key_burst is not None:
        found.append(RateRead(scope="key", rate=plan.key_rate, burst=plan.key_burst))
    if plan.tenant_rate is not None and plan.tenant_burst is not None:
        found.append(RateRead(scope="tenant", rate=plan.tenant_rate, burst=plan.tenant_burst))
    return found


def invoice(settings: Settings, tenant: Tenant, month: str, *, now: Clock = utc_now) -> InvoiceRead:
    """A month's invoice, from `INVOICE_SQL` alone.

    Raises:
        InvalidInputError: it is no month.
        ServiceUnavailableError: PostgreSQL does not answer.
    """
    ends = month_end(month)
    with open_database(settings).transaction(tenant) as session:
        rows = repository.invoice(session, tenant, month)
    lines = [
        InvoiceLine(
            line=row.line,
            about=row.about,
            begins=row.begins,
            ends=row.ends,
            quota=None if row.quota is None else int(row.quota),
            used=None if row.used is None else int(row.used),
            amount=int(row.amount),
            currency=row.currency,
        )
        for row in rows
    ]
    totals: Counter[str] = Counter()
    for line in lines:
        totals[line.currency] += line.amount
    return InvoiceRead(
        tenant_id=tenant.name, month=month, final=now() >= ends, lines=lines, totals=dict(totals)
    )
