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
    )
    ON CONFLICT DO NOTHING
    """
)
_BY_DAY = text(
    """
    SELECT * FROM (
        SELECT CAST(at AT TIME ZONE 'UTC' AS date) AS day, kind, key_id,
               coalesce(scenario, '') AS scenario, environment,
               CAST(sum(units) AS bigint) AS units, count(*) AS calls
        FROM usage_records
        WHERE tenant_id = :tenant_id AND at >= :begins AND at < :ends
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

Group = tuple[date, str, str, str, str]
"""Day, kind, key, scenario ('' for none) and environment of a line of the usage by day."""


def add(session: Session, records: Sequence[MeterRecord]) -> int:
    """Insert what is not there yet; returns how many rows that were."""
    columns: dict[str, list[Any]] = {name: [] for name in MeterRecord.model_fields}
    for record in records:
        for name, value in record:
            columns[name].append(value)
    done = session.execute(_ADD, columns)
    assert isinstance(done, CursorResult)
    return done.rowcount


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


def _month(tenant: Tenant, month: str) -> dict[str, object]:
    return {"tenant_id": tenant.name, "month_start": month_start(month), "month_end": month_end(month)}
