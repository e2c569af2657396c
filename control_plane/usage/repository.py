"""SQL of usage. Every statement names the tenant, but the one that takes in everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import CursorResult, text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from control_plane.usage.invoice_sql import INVOICE_SQL, LIMITS_SQL
from recolake.limits.calendar import month_end, month_start
from recolake.tenancy.context import Tenant
from recolake.usage.meter import MeterRecord

_ADD = text(
    """
    INSERT INTO usage_records (tenant_id, usage_id, at, key_id, kind, units, scenario, environment)
    SELECT * FROM unnest(
        CAST(:tenant_id AS text[]), CAST(:usage_id AS text[]), CAST(:at AS timestamptz[]),
        CAST(:key_id AS text[]), CAST(:kind AS text[]), CAST(:units AS bigint[]),
        CAST(:scenario AS text[]), CAST(:environment AS text[])
    ) AS came (tenant_id, usage_id, at, key_id, kind, units, scenario, environment)
    -- Of a day that is summed up nobody can tell any more whether a call is in the sum.
    WHERE NOT EXISTS (
        SELECT FROM usage_days AS d
        WHERE d.tenant_id = came.tenant_id
          AND d.begins >= date_trunc('day', came.at, 'UTC')
    )
    ON CONFLICT DO NOTHING
    """
)
_BY_DAY = text(
    """
    SELECT * FROM (
        SELECT CAST(at AT TIME ZONE 'UTC' AS date) AS day, kind, key_id, scenario, environment,
               CAST(sum(units) AS bigint) AS units, CAST(sum(calls) AS bigint) AS calls
        FROM (
            SELECT at, kind, key_id, coalesce(scenario, '') AS scenario, environment, units, 1 AS calls
            FROM usage_records
            WHERE tenant_id = :tenant_id AND at >= :begins AND at < :ends
            UNION ALL
            SELECT begins, kind, key_id, scenario, environment, units, calls
            FROM usage_days
            WHERE tenant_id = :tenant_id AND begins >= :begins AND begins < :ends
        ) AS used
        GROUP BY 1, 2, 3, 4, 5
    ) AS days
    WHERE CAST(:after_day AS date) IS NULL
       OR (day, kind, key_id, scenario, environment)
        > (CAST(:after_day AS date), :after_kind, :after_key, :after_scenario, :after_environment)
    ORDER BY day, kind, key_id, scenario, environment
    LIMIT :most
    """
)
_IDS = text(
    """
    SELECT usage_id, kind, at FROM usage_records
    WHERE tenant_id = :tenant_id AND at >= :begins AND at < :ends
    """
)

_SUM_UP = text(
    """
    WITH begun AS (
        SELECT tenant_id, min(valid_from) AS at FROM subscriptions GROUP BY tenant_id
    ),
    gone AS (
        DELETE FROM usage_records WHERE at < :before RETURNING *
    )
    INSERT INTO usage_days (tenant_id, begins, kind, key_id, scenario, environment, units, calls)
    SELECT g.tenant_id,
           greatest(date_trunc('day', g.at, 'UTC'), CASE WHEN g.at >= b.at THEN b.at END),
           g.kind, g.key_id, coalesce(g.scenario, ''), g.environment, sum(g.units), count(*)
    FROM gone AS g
    LEFT JOIN begun AS b ON b.tenant_id = g.tenant_id
    GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (tenant_id, begins, kind, key_id, scenario, environment)
    DO UPDATE SET units = usage_days.units + excluded.units, calls = usage_days.calls + excluded.calls
    """
)
_FORGET_DAYS = text("DELETE FROM usage_days WHERE begins < :before")

Group = tuple[date, str, str, str, str]
"""Day, kind, key, scenario ('' for none) and environment of a line of the usage by day."""


def add(session: Session, records: Sequence[MeterRecord]) -> int:
    """Insert what is not there yet, and not of a day that is summed up; returns how many rows that were."""
    columns: dict[str, list[Any]] = {name: [] for name in MeterRecord.model_fields}
    for record in records:
        for name, value in record:
            columns[name].append(value)
    return _rows(session.execute(_ADD, columns))


def by_day(
    session: Session, tenant: Tenant, begins: datetime, ends: datetime, after: Group | None, most: int
) -> Sequence[Row[Any]]:
    """Units and calls by day, kind, key, scenario and environment, in that order, after a group."""
    named = ("after_day", "after_kind", "after_key", "after_scenario", "after_environment")
    values = dict(zip(named, after or (None, "", "", "", ""), strict=True))
    return session.execute(
        _BY_DAY, {"tenant_id": tenant.name, "begins": begins, "ends": ends, "most": most} | values
    ).all()


def ids(session: Session, tenant: Tenant, begins: datetime, ends: datetime) -> Sequence[Row[Any]]:
    """Usage id, kind and moment of each call."""
    return session.execute(_IDS, {"tenant_id": tenant.name, "begins": begins, "ends": ends}).all()


def limits(session: Session, tenant: Tenant, month: str) -> Sequence[Row[Any]]:
    """Kind, prorated quota (None: no end), use and price of a month; nothing where there is no plan."""
    return session.execute(text(LIMITS_SQL), _month(tenant, month)).all()


def invoice(session: Session, tenant: Tenant, month: str) -> Sequence[Row[Any]]:
    """The lines of a month's invoice."""
    return session.execute(text(INVOICE_SQL), _month(tenant, month)).all()


def sum_up(session: Session, before: datetime) -> int:
    """Put the calls before a midnight in UTC into sums by day, in their place; gives how many changed."""
    return _rows(session.execute(_SUM_UP, {"before": before}))


def forget_days(session: Session, before: datetime) -> int:
    """Remove sums of days before that; gives how many."""
    return _rows(session.execute(_FORGET_DAYS, {"before": before}))


def _rows(done: object) -> int:
    assert isinstance(done, CursorResult)
    return done.rowcount


def _month(tenant: Tenant, month: str) -> dict[str, object]:
    return {"tenant_id": tenant.name, "month_start": month_start(month), "month_end": month_end(month)}
