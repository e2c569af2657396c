"""Tables `usage_records`, `usage_days` and `usage_thresholds`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.models.base import Base


class UsageRow(Base):
    """One billable call. No foreign key: what was answered is billed, whatever became of the tenant's row."""

    __tablename__ = "usage_records"
    __table_args__ = (
        CheckConstraint("units > 0", name="units_are_positive"),
        Index("ix_usage_records_tenant_id_at", "tenant_id", "at"),
    )

    tenant_id: Mapped[str] = mapped_column(String(39), primary_key=True)
    usage_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    key_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    units: Mapped[int] = mapped_column(BigInteger)
    scenario: Mapped[str | None] = mapped_column(String(120))
    environment: Mapped[str] = mapped_column(String(40))


class UsageDayRow(Base):
    """Sums of the calls of a day that are not kept one by one any more.

    `begins` is the start of the day in UTC, or for the calls that came after it, the moment of that day at
    which the tenant's first plan began: what was used before is on no invoice. `scenario` is '' for none.
    """

    __tablename__ = "usage_days"
    __table_args__ = (CheckConstraint("units > 0 AND calls > 0", name="amounts_are_positive"),)

    tenant_id: Mapped[str] = mapped_column(String(39), primary_key=True)
    begins: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    key_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    scenario: Mapped[str] = mapped_column(String(120), primary_key=True)
    environment: Mapped[str] = mapped_column(String(40), primary_key=True)
    units: Mapped[int] = mapped_column(BigInteger)
    calls: Mapped[int] = mapped_column(BigInteger)


class ThresholdRow(Base):
    """A share of a month's quota was reached: once a tenant, month, kind and share."""

    __tablename__ = "usage_thresholds"

    tenant_id: Mapped[str] = mapped_column(String(39), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    percent: Mapped[int] = mapped_column(Integer, primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)
    quota: Mapped[int] = mapped_column(BigInteger)
    reached_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
