"""Tables `sessions` and `refresh_tokens`: who is logged in, and what keeps them so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, ForeignKeyConstraint, Index, String, func
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.models.base import Base
from control_plane.models.person import PersonRow
from control_plane.models.tenant import TenantRow

WAYS = "way IN ('password', 'provider')"


class SessionRow(Base):
    """One login of a person to one tenant by one client; all its tokens die with it."""

    __tablename__ = "sessions"
    __table_args__ = (
        Index("ix_sessions_person_id", "person_id"),
        CheckConstraint(WAYS, name="way_is_known"),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey(TenantRow.tenant_id), primary_key=True)
    session_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(PersonRow.person_id))
    client_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_by: Mapped[str | None] = mapped_column(String(40))
    way: Mapped[str] = mapped_column(String(20), server_default="password")


class RefreshTokenRow(Base):
    """A refresh token without itself. Used ones stay until their session goes, so that reuse is noticed."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "session_id"],
            [SessionRow.tenant_id, SessionRow.session_id],
            ondelete="CASCADE",
        ),
        # Whoever refreshes names no tenant.
        Index("ix_refresh_tokens_sha256", "sha256"),
        Index("ix_refresh_tokens_tenant_id_session_id", "tenant_id", "session_id"),
    )

    tenant_id: Mapped[str] = mapped_column(String(39), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[str] = mapped_column(String(40))
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
