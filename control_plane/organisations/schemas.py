"""Bodies about organisations and their members."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from control_plane.fields import DisplayName
from control_plane.permissions import Role


class OrganisationCreate(BaseModel):
    """A further organisation, of which one becomes the owner."""

    model_config = ConfigDict(extra="forbid", strict=True)

    organisation: str = Field(
        max_length=39,
        description="Its identity for good: 2 to 39 lower-case letters, digits, single hyphens",
    )
    organisation_name: DisplayName = Field(default="", description="As people read it")


class OrganisationChange(BaseModel):
    """What of an organisation can change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    organisation_name: DisplayName = Field(description="As people read it")


class MemberRead(BaseModel):
    """A person in the organisation."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    person_id: str
    email: str
    name: str
    role: Role
    joined_at: datetime
    disabled_at: datetime | None = Field(description="Since when they are let in no more")


class MemberChange(BaseModel):
    """Another role, or whether the member is let in; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: Role | None = None
    disabled: bool | None = Field(default=None, strict=True)
