"""Tables `members` and `invitations`: who belongs to a tenant, and who is asked to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, String, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from control_plane.models.base import Base
from control_plane.models.person import PersonRow
from control_plane.models.tenant import TenantRow

_ROLES = "role IN ('owner', 'admin', 'developer', 'analyst', 'billing', 'read-only')"


class MemberRow(Base):
    """A person in a tenant; a disabled one stays in the list and can do nothing."""

    __tablename__ = "members"
    __table_args__ = (
        CheckConstraint(_ROLES, name="role_is_known"),
        Index("ix_members_person_id", "person_id"),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey(TenantRow.tenant_id), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(PersonRow.person_id), primary_key=True)
    role: Mapped[str] = mapped_column(String(20))
    joined_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class InvitationRow(Base):
    """An invitation without its token."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("tenant_id", "sha256"),
        CheckConstraint(_ROLES, name="role_is_known"),
    )

    tenant_id: Mapped[str] = mapped_column(ForeignKey(TenantRow.tenant_id), primary_key=True)
    invitation_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    invited_by: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
