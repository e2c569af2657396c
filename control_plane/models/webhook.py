"""Tables of webhooks: endpoints, events, what is to be delivered, and every attempt."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.models.base import Base
from control_plane.models.tenant import TenantRow

_Moment = DateTime(timezone=True)


class WebhookEndpointRow(Base):
    """Where a tenant wants to hear of what. Secrets are derived from a key outside of the database; the
    generation says which one is in force."""

    __tablename__ = "webhook_endpoints"

    tenant_id: Mapped[str] = mapped_column(ForeignKey(TenantRow.tenant_id), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    event_types: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    generation: Mapped[int]
    previous_until: Mapped[datetime | None] = mapped_column(_Moment)
    disabled_at: Mapped[datetime | None] = mapped_column(_Moment)
    disabled_why: Mapped[str | None] = mapped_column(String(200))
    failures: Mapped[int]
    failing_since: Mapped[datetime | None] = mapped_column(_Moment)
    created_at: Mapped[datetime] = mapped_column(_Moment)


class WebhookEventRow(Base):
    """What happened; its id is the `webhook-id` of every delivery."""

    __tablename__ = "webhook_events"

    tenant_id: Mapped[str] = mapped_column(ForeignKey(TenantRow.tenant_id), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    type: Mapped[str] = mapped_column(String(60))
    at: Mapped[datetime] = mapped_column(_Moment)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(_Moment)


class WebhookDeliveryRow(Base):
    """An event on its way to an endpoint. Whoever counts `attempts` up has the attempt until
    `claimed_until`; `tries` are those since it was last asked for."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "event_id"],
            [WebhookEventRow.tenant_id, WebhookEventRow.event_id],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "endpoint_id"],
            [WebhookEndpointRow.tenant_id, WebhookEndpointRow.endpoint_id],
            ondelete="CASCADE",
        ),
        CheckConstraint("state IN ('pending', 'delivered', 'failed')", name="state_is_known"),
        Index("ix_webhook_deliveries_due_at", "due_at", postgresql_where=text("state = 'pending'")),
        Index("ix_webhook_deliveries_tenant_id_endpoint_id", "tenant_id", "endpoint_id", "created_at"),
    )

    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    attempts: Mapped[int]
    tries: Mapped[int]
    due_at: Mapped[datetime] = mapped_column(_Moment)
    claimed_until: Mapped[datetime | None] = mapped_column(_Moment)
    created_at: Mapped[datetime] = mapped_column(_Moment)
    delivered_at: Mapped[datetime | None] = mapped_column(_Moment)


class WebhookAttemptRow(Base):
    """One try; without `ended_at` whoever made it was killed. Nothing of the answer's body is kept."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "event_id", "endpoint_id"],
            [WebhookDeliveryRow.tenant_id, WebhookDeliveryRow.event_id, WebhookDeliveryRow.endpoint_id],
            ondelete="CASCADE",
        ),
    )

    tenant_id: Mapped[str] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    began_at: Mapped[datetime] = mapped_column(_Moment)
    ended_at: Mapped[datetime | None] = mapped_column(_Moment)
    status: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(200))
