"""Quotas that were reached: a row each, once, for whoever tells the customer (webhooks, e-mail)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from control_plane.models import ThresholdRow
from control_plane.usage import repository
from recolake.notices.tell import NoticeType, tell
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

PERCENTS = (80, 100)


def reached(used: int, quota: int | None) -> Sequence[int]:
    """Which shares of a quota are used, in percent; none of a quota without end, or while nothing is used."""
    if quota is None or used <= 0:
        return ()
    return [percent for percent in PERCENTS if used * 100 >= percent * quota]


def record(session: Session, touched: Iterable[tuple[Tenant, str]], now: datetime) -> list[ThresholdRow]:
    """Note what tenants reached in months that got usage; returns what was new."""
    added: list[ThresholdRow] = []
    for tenant, month in touched:
        for row in repository.limits(session, tenant, month):
            for percent in reached(int(row.used), None if row.quota is None else int(row.quota)):
                statement = insert(ThresholdRow).values(
                    tenant_id=tenant.name,
                    month=month,
                    kind=row.kind,
                    percent=percent,
                    used=int(row.used),
                    quota=int(row.quota),
                    reached_at=now,
                )
                added += session.scalars(statement.on_conflict_do_nothing().returning(ThresholdRow))
    return added


def tell_of(settings: Settings, row: ThresholdRow) -> None:
    """Have the tenant's programs told, once."""
    what = NoticeType.QUOTA_100 if row.percent == 100 else NoticeType.QUOTA_80
    data = {
        "month": row.month,
        "kind": row.kind,
        "percent": row.percent,
        "used": row.used,
        "quota": row.quota,
    }
    occasion = f"{row.month} {row.kind} {row.percent}"
    tell(settings, Tenant(row.tenant_id), what, occasion, data, at=row.reached_at)


def reached_by(session: Session, tenant: Tenant, since: datetime | None = None) -> Sequence[ThresholdRow]:
    """What a tenant reached, oldest first; `since` a moment, that moment included."""
    statement = select(ThresholdRow).where(ThresholdRow.tenant_id == tenant.name)
    if since is not None:
        statement = statement.where(ThresholdRow.reached_at >= since)
    order = (ThresholdRow.reached_at, ThresholdRow.month, ThresholdRow.kind, ThresholdRow.percent)
    return session.scalars(statement.order_by(*order)).all()
