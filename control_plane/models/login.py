"""Tables `authorization_codes` and `login_attempts`: a login on its way, and those that failed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, Integer, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.models.base import Base
from control_plane.models.member import MemberRow
from control_plane.models.session import WAYS


class AuthorizationCodeRow(Base):
    """A code without itself; `session_id` is what it was exchanged for."""

    __tablename__ = "authorization_codes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "person_id"], [MemberRow.tenant_id, MemberRow.person_id], ondelete="CASCADE"
        ),
        Index("ix_authorization_codes_sha256", "sha256"),
        CheckConstraint(WAYS, name="way_is_known"),
    )

    tenant_id: Mapped[str] = mapped_column(String(39), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(40))
    client_id: Mapped[str] = mapped_column(String(64))
    redirect_uri: Mapped[str] = mapped_column(Text)
    challenge: Mapped[str] = mapped_column(String(43))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    session_id: Mapped[str | None] = mapped_column(String(40))
    way: Mapped[str] = mapped_column(String(20), server_default="password")


class LoginAttemptsRow(Base):
    """Attempts since the last success, of an account or from an address, named by a hash."""

    __tablename__ = "login_attempts"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    blocked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
