"""Bodies about tenants."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class TenantRead(BaseModel):
    """A tenant as its own people see it."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    tenant_id: str = Field(description="Name and identity, for good")
    display_name: str = Field(description="As people read it; may be empty")
    created_at: datetime
