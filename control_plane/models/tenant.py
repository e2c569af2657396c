"""Table `tenants`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DateTime, String, func
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.models.base import Base


class TenantRow(Base):
    """A customer; its name is its identity everywhere, and never changes."""

    __tablename__ = "tenants"

    tenant_id: Mapped[str] = mapped_column(String(39), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(100), server_default="")
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
