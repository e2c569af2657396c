"""Tables `plans` and `subscriptions`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Double, ForeignKey, Integer, String, func
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.models.base import Base
from control_plane.models.tenant import TenantRow


class Terms:
    """What a plan allows and costs: columns that a plan and each subscription to it have.

    A quota that is NULL has no end. Beyond one, a thousand units cost `…_price` hundredths of the currency; a
    price that is NULL means that the quota ends the answers.
    """

    currency: Mapped[str] = mapped_column(String(3))
    monthly_fee: Mapped[int] = mapped_column(BigInteger)
    requests: Mapped[int | None] = mapped_column(BigInteger)
    events: Mapped[int | None] = mapped_column(BigInteger)
    items: Mapped[int | None] = mapped_column(BigInteger)
    seats: Mapped[int | None] = mapped_column(BigInteger)
    training_minutes: Mapped[int | None] = mapped_column(BigInteger)
    requests_price: Mapped[int | None] = mapped_column(BigInteger)
    events_price: Mapped[int | None] = mapped_column(BigInteger)
    items_price: Mapped[int | None] = mapped_column(BigInteger)
    key_rate: Mapped[float | None] = mapped_column(Double)
    key_burst: Mapped[int | None] = mapped_column(Integer)
    tenant_rate: Mapped[float | None] = mapped_column(Double)
    tenant_burst: Mapped[int | None] = mapped_column(Integer)


class PlanRow(Terms, Base):
    """A plan that can be subscribed to. It belongs to the platform, so its key names no tenant."""

    __tablename__ = "plans"

    plan_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())


class SubscriptionRow(Terms, Base):
    """What a tenant agreed to, from a moment until its next subscription begins: periods cannot overlap.

    It is a copy of the plan's terms, so that a plan's new price changes no old invoice.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (CheckConstraint("monthly_fee >= 0", name="fee_is_not_negative"),)

    tenant_id: Mapped[str] = mapped_column(ForeignKey(TenantRow.tenant_id), primary_key=True)
    valid_from: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(40))
