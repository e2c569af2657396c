"""Bodies about sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from control_plane.permissions import Role

Way = Literal["password", "provider"]
"""How somebody proved who they are: with a password here, or at another OpenID Connect provider."""


class TokenAnswer(BaseModel):
    """Tokens of a session (RFC 6749, section 5.1)."""

    model_config = ConfigDict(extra="forbid")

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # a word of the protocol
    expires_in: int = Field(description="Seconds that the access token is good for")
    refresh_token: str = Field(description="Good once, for seven days")
    tenant: str = Field(description="The organisation that the session is in")
    role: Role


class SessionRead(BaseModel):
    """A session of one's own, in any organisation."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    session_id: str
    tenant_id: str
    client_id: str
    way: Way
    created_at: datetime
    expires_at: datetime
    current: bool = False
