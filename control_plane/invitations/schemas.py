"""Bodies about invitations."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from control_plane.people.schemas import Email, Password, PersonName
from control_plane.permissions import Role

State = Literal["open", "accepted", "revoked", "expired"]


class InvitationCreate(BaseModel):
    """Who is asked in, as what."""

    model_config = ConfigDict(extra="forbid")

    email: Email
    role: Role
    days: int = Field(default=7, ge=1, le=30, strict=True, description="How long it can be accepted")


class InvitationRead(BaseModel):
    """An invitation without its token."""

    model_config = ConfigDict(extra="forbid")

    invitation_id: str
    email: str
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime
    state: State


class InvitationCreated(InvitationRead):
    """A new invitation; the only answer that ever holds its token."""

    token: str = Field(description="Give it to whoever is invited; the platform sends no mail")


class InvitationAccept(BaseModel):
    """The token, and who one is: with one's password, or, if one is new here, with the one to have."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: str = Field(max_length=100)
    password: Password
    name: PersonName | None = Field(default=None, description="Needed of those who are new here")


class InvitationToken(BaseModel):
    """The token of an invitation, from somebody who is logged in."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: str = Field(max_length=100)


class InvitationAccepted(BaseModel):
    """Where one is a member now. One logs in there next."""

    model_config = ConfigDict(extra="forbid")

    person_id: str
    tenant_id: str
    role: Role
