"""Bodies about webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from recolake.notices.tell import NoticeType

Url = Annotated[str, Field(min_length=1, max_length=2000, description="https, of a public host")]
EventTypes = Annotated[
    list[NoticeType], Field(min_length=1, max_length=len(NoticeType), description="What is delivered")
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WebhookCreate(_Body):
    """An endpoint of yours, and what it wants to hear of."""

    url: Url
    event_types: EventTypes


class WebhookChange(_Body):
    """What is to be otherwise; what is left out stays."""

    url: Url | None = None
    event_types: EventTypes | None = None
    enabled: bool | None = Field(
        default=None, description="true also begins counting failures anew; false keeps events for later"
    )


class RotationAsked(_Body):
    """How long the secret before stays good."""

    grace_hours: int = Field(default=24, ge=0, le=168, description="Both secrets sign for so long")


class WebhookRead(BaseModel):
    """An endpoint without its secret."""

    webhook_id: str
    url: str
    event_types: list[str]
    enabled: bool
    disabled_why: str | None = Field(description="Why the platform gave it up")
    failures: int = Field(description="Failed attempts in a row")
    failing_since: datetime | None
    previous_secret_until: datetime | None = Field(description="Until when the secret before signs, too")
    created_at: datetime


class WebhookWithSecret(WebhookRead):
    """The only answers that ever hold the secret: those that made it."""

    secret: str = Field(description="`whsec_…`, for verifying signatures (Standard Webhooks)")


class AttemptRead(BaseModel):
    """One try."""

    attempt: int
    began_at: datetime
    ended_at: datetime | None = Field(description="null: under way, or whoever made it was killed")
    status: int | None = Field(description="What your endpoint answered")
    error: str | None = Field(description="Why there was no answer")


class DeliveryRead(BaseModel):
    """An event on its way to an endpoint."""

    event_id: str = Field(description="The header `webhook-id`, the same at every attempt")
    type: str
    at: datetime
    state: Literal["pending", "delivered", "failed"]
    attempts: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    created_at: datetime


class DeliveryDetails(DeliveryRead):
    """With all attempts, and what is sent."""

    data: dict[str, Any]
    log: list[AttemptRead]


class DeliveryPage(BaseModel):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryRead]
    next_cursor: str | None = Field(description="Give it as `cursor` for the page that follows")


class EventAccepted(BaseModel):
    """What was put on its way."""

    event_id: str
