"""Routes of webhooks: a tenant manages its own."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, status

from control_plane.auth import CurrentSettings, WebhookWriter
from control_plane.fields import PathId
from control_plane.webhooks import deliveries, service
from control_plane.webhooks.schemas import (
    DeliveryDetails,
    DeliveryPage,
    EventAccepted,
    RotationAsked,
    WebhookChange,
    WebhookCreate,
    WebhookRead,
    WebhookWithSecret,
)

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])


@router.post("", operation_id="create_webhook", status_code=status.HTTP_201_CREATED)
def create_webhook(
    body: WebhookCreate, holder: WebhookWriter, settings: CurrentSettings
) -> WebhookWithSecret:
    """Have events delivered to an https address of yours. The answer alone shows the secret."""
    return service.create(settings, holder.tenant, body, by=holder.as_actor)


@router.get("", operation_id="list_webhooks")
def list_webhooks(holder: WebhookWriter, settings: CurrentSettings) -> list[WebhookRead]:
    """All webhooks of the tenant, oldest first; there are 20 at most."""
    return service.list_all(settings, holder.tenant)


@router.get("/{webhook_id}", operation_id="read_webhook")
def read_webhook(webhook_id: PathId, holder: WebhookWriter, settings: CurrentSettings) -> WebhookRead:
    """Where it goes, what it hears, and whether it works."""
    return service.read(settings, holder.tenant, webhook_id)


@router.patch("/{webhook_id}", operation_id="change_webhook")
def change_webhook(
    webhook_id: PathId, body: WebhookChange, holder: WebhookWriter, settings: CurrentSettings
) -> WebhookRead:
    """Change URL or event types, disable it, or enable it again: what waited is delivered then."""
    return service.change(settings, holder.tenant, webhook_id, body, by=holder.as_actor)


@router.delete("/{webhook_id}", operation_id="delete_webhook", status_code=status.HTTP_204_NO_CONTENT)
def delete_webhook(webhook_id: PathId, holder: WebhookWriter, settings: CurrentSettings) -> None:
    """Remove it with its deliveries; what is on its way is not sent."""
    service.remove(settings, holder.tenant, webhook_id, by=holder.as_actor)


@router.post("/{webhook_id}/rotate", operation_id="rotate_webhook_secret")
def rotate_webhook_secret(
    webhook_id: PathId,
    holder: WebhookWriter,
    settings: CurrentSettings,
    body: RotationAsked | None = None,
) -> WebhookWithSecret:
    """Make a new secret, shown this once; both sign until the time of grace is over."""
    return service.rotate(settings, holder.tenant, webhook_id, body or RotationAsked(), by=holder.as_actor)


@router.post("/{webhook_id}/test", operation_id="test_webhook", status_code=status.HTTP_202_ACCEPTED)
def test_webhook(webhook_id: PathId, holder: WebhookWriter, settings: CurrentSettings) -> EventAccepted:
    """Send an event of type `webhook.test` to it, whatever it subscribed to."""
    return deliveries.test(settings, holder.tenant, webhook_id)


@router.get("/{webhook_id}/deliveries", operation_id="list_deliveries")
def list_deliveries(
    webhook_id: PathId,
    holder: WebhookWriter,
    settings: CurrentSettings,
    limit: Annotated[int, Query(ge=1, le=100, description="How many at most")] = 20,
    state: Annotated[Literal["pending", "delivered", "failed"] | None, Query()] = None,
    cursor: Annotated[
        str | None, Query(max_length=120, description="`next_cursor` of the page before")
    ] = None,
) -> DeliveryPage:
    """What was and is delivered to it, newest first, for 30 days."""
    return deliveries.page(settings, holder.tenant, webhook_id, limit, state, cursor)


@router.get("/{webhook_id}/deliveries/{event_id}", operation_id="read_delivery")
def read_delivery(
    webhook_id: PathId, event_id: PathId, holder: WebhookWriter, settings: CurrentSettings
) -> DeliveryDetails:
    """One delivery with every attempt."""
    return deliveries.read(settings, holder.tenant, webhook_id, event_id)


@router.post(
    "/{webhook_id}/deliveries/{event_id}/redeliver",
    operation_id="redeliver",
    status_code=status.HTTP_202_ACCEPTED,
)
def redeliver(
    webhook_id: PathId, event_id: PathId, holder: WebhookWriter, settings: CurrentSettings
) -> EventAccepted:
    """Deliver it once more, with the same `webhook-id`."""
    return deliveries.deliver_again(settings, holder.tenant, webhook_id, event_id, by=holder.as_actor)
