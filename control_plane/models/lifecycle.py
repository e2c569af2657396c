"""Tables `tenant_lifecycles` and `tenant_steps`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, CheckConstraint, DateTime, ForeignKey, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.models.base import Base
from control_plane.models.tenant import TenantRow

STANDINGS = "'requested', 'provisioning', 'failed', 'active', 'suspended', 'closing', 'closed'"


class LifecycleRow(Base):
    """Where a tenant is in its life. Those from before there was this table have no row: they are active.

    `state` follows from the moments and the steps (`control_plane.lifecycle.states`), and is kept for those
    who only ask. `grace_until` is until when a closing tenant can be reopened; from `erasing_since` on it
    cannot.
    """

    __tablename__ = "tenant_lifecycles"
    __table_args__ = (CheckConstraint(f"state IN ({STANDINGS})", name="state_is_known"),)

    tenant_id: Mapped[str] = mapped_column(ForeignKey(TenantRow.tenant_id), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closing_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    grace_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    erasing_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class StepRow(Base):
    """One step of a tenant's beginning or end, and how often it was tried.

    Attributes:
        due_at: not tried before.
        error_code, error: why the last try came to nothing, as the tenant is told.
        result: what it found or made, for the certificate and for the next try.
    """

    __tablename__ = "tenant_steps"

    tenant_id: Mapped[str] = mapped_column(ForeignKey(LifecycleRow.tenant_id), primary_key=True)
    step: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(Integer)
    done: Mapped[bool] = mapped_column(Boolean, server_default="false")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    error_code: Mapped[str | None] = mapped_column(String(60))
    error: Mapped[str | None] = mapped_column(String(500))
    result: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
