"""Bodies about the audit log."""

from __future__ import annotations

from pydantic import BaseModel, Field

from recolake.audit.entry import Actor, Detail


class AuditEntryRead(BaseModel):
    """An entry, exactly as it is hashed: times are UTC with microseconds."""

    version: int
    tenant_id: str
    sequence: int = Field(description="From 1 on, without a gap")
    recorded_at: str
    act_id: str
    at: str
    actor: Actor
    action: str
    target: str = Field(description="Id of what it was done to")
    outcome: str = Field(description="done, failed, or unknown: whoever did it was killed on the way")
    details: dict[str, Detail]
    previous: str = Field(description="Hash of the entry before; 64 zeros before the first")
    hash: str


class AuditPage(BaseModel):
    """A page of the log, newest first."""

    entries: list[AuditEntryRead]
    next_cursor: int | None = Field(description="Give it as `cursor` for the page that follows")
