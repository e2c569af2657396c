"""Bodies about a tenant's life."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from control_plane.lifecycle.states import Step
from recolake.tenancy.standing import Standing


class StepRead(BaseModel):
    """One step of the beginning or the end."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    step: Step
    done: bool
    attempts: int = Field(description="How often it came to nothing")
    done_at: datetime | None
    due_at: datetime = Field(description="When it is tried next, if it is not done")
    error_code: str | None = Field(description="Why it came to nothing the last time")
    error: str | None = Field(description="The same for people, with what to do about it")


class LifecycleRead(BaseModel):
    """Where an organisation is between its beginning and its end."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: str
    state: Standing
    since: datetime | None = Field(
        description="Since when it is so; null: since before this was written down"
    )
    suspended_at: datetime | None
    closing_at: datetime | None = Field(description="When it was asked to be closed")
    grace_until: datetime | None = Field(description="Until when at least it can be reopened")
    erasing_since: datetime | None = Field(
        description="From when on its data is erased: it cannot be reopened"
    )
    closed_at: datetime | None
    can_reopen: bool
    steps: list[StepRead]
    offered: list[str] = Field(description="What to take along before the data goes")


class Closing(BaseModel):
    """That it is meant: the organisation's name."""

    model_config = ConfigDict(extra="forbid", strict=True)

    confirm: str = Field(
        max_length=39, description="The organisation's name, so that none is closed by mistake"
    )
