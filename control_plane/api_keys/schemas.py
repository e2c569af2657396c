"""Bodies about API keys."""

from __future__ import annotations

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from control_plane.fields import DisplayName
from recolake.tenancy.api_keys import Environment, Scope


class ApiKeyCreate(BaseModel):
    """What a new key may do, for what, and until when."""

    model_config = ConfigDict(extra="forbid")

    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    expires_at: AwareDatetime | None = None
    name: DisplayName = Field(default="", description="For people who look at the list")
    environment: Environment = Field(
        default=Environment.LIVE, description="Stands in the key's prefix; both reach the same data"
    )


class ApiKeyRotate(BaseModel):
    """How long the old key stays valid beside its successor."""

    model_config = ConfigDict(extra="forbid", strict=True)

    grace_seconds: int = Field(default=86_400, ge=0, le=30 * 86_400)


class ApiKeyRead(BaseModel):
    """A key without its secret."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    key_id: str
    name: str
    environment: Environment
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To about a minute; null: not since that is noted")
    rotated_to: str | None = Field(description="The key that replaces this one")


class ApiKeyCreated(ApiKeyRead):
    """A new key; the only answer that ever holds the secret."""

    secret: str
