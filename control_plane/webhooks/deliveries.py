"""Deliveries as a tenant sees them: the log, a test, and once more by hand."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from control_plane.audit.record import record
from control_plane.database import open_database
from control_plane.models import WebhookDeliveryRow, WebhookEventRow
from control_plane.outbox import ship_outbox
from control_plane.webhooks import repository
from control_plane.webhooks.schemas import (
    AttemptRead,
    DeliveryDetails,
    DeliveryPage,
    DeliveryRead,
    EventAccepted,
)
from control_plane.webhooks.service import found
from recolake.audit.entry import Action, Actor
from recolake.errors import InvalidInputError, NotFoundError
from recolake.outbox.lines import Notice
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

TEST_EVENT = "webhook.test"


def page(
    settings: Settings, tenant: Tenant, endpoint_id: str, limit: int, state: str | None, cursor: str | None
) -> DeliveryPage:
    """At most so many deliveries, newest first.

    Raises:
        NotFoundError: there is no such endpoint.
        InvalidInputError: the cursor is of no page.
    """
    before = None if cursor is None else _place(cursor)
    database = open_database(settings)
    ship_outbox(settings, database)
    with database.transaction(tenant) as session:
        found(session, tenant, endpoint_id)
        rows = repository.deliveries(session, tenant, endpoint_id, limit + 1, state=state, before=before)
    shown = [_shown(*row) for row in rows[:limit]]
    last = shown[-1] if len(rows) > limit else None
    return DeliveryPage(
        deliveries=shown, next_cursor=f"{last.created_at.isoformat()}~{last.event_id}" if last else None
    )


def read(settings: Settings, tenant: Tenant, endpoint_id: str, event_id: str) -> DeliveryDetails:
    """One delivery with every attempt.

    Raises:
        NotFoundError: there is none.
    """
    with open_database(settings).transaction(tenant) as session:
        row = repository.delivery(session, tenant, endpoint_id, event_id)
    if row is None:
        raise _unknown()
    delivery, event, attempts = row
    log = [
        AttemptRead(
            attempt=each.attempt,
            began_at=each.began_at,
            ended_at=each.ended_at,
            status=each.status,
            error=each.error,
        )
        for each in attempts
    ]
    return DeliveryDetails(**_shown(delivery, event).model_dump(), data=event.data, log=log)


def deliver_again(
    settings: Settings, tenant: Tenant, endpoint_id: str, event_id: str, *, by: Actor
) -> EventAccepted:
    """Deliver once more what was delivered, or given up; with the same `webhook-id`.

    Raises:
        NotFoundError: there is no such delivery.
    """
    with open_database(settings).transaction(tenant) as session:
        if not repository.deliver_again(session, tenant, endpoint_id, event_id, datetime.now(UTC)):
            raise _unknown()
        details = {"event": event_id}
        record(session, tenant, Action.WEBHOOK_REDELIVERED, endpoint_id, by=by, details=details)
    return EventAccepted(event_id=event_id)


def test(settings: Settings, tenant: Tenant, endpoint_id: str) -> EventAccepted:
    """Send an event of type `webhook.test` to this endpoint, whatever it subscribed to.

    Raises:
        NotFoundError: there is no such endpoint.
    """
    now = datetime.now(UTC)
    notice = Notice(
        notice_id=f"msg_{secrets.token_hex(16)}",
        tenant_id=tenant.name,
        at=now,
        type=TEST_EVENT,
        data={"webhook_id": endpoint_id},
    )
    with open_database(settings).transaction(tenant) as session:
        found(session, tenant, endpoint_id)
        repository.add_event(session, tenant, notice, now)
        repository.add_delivery(session, tenant, notice.notice_id, endpoint_id, now)
    return EventAccepted(event_id=notice.notice_id)


def _shown(delivery: WebhookDeliveryRow, event: WebhookEventRow) -> DeliveryRead:
    return DeliveryRead.model_validate(
        {
            "event_id": event.event_id,
            "type": event.type,
            "at": event.at,
            "state": delivery.state,
            "attempts": delivery.attempts,
            "next_attempt_at": delivery.due_at if delivery.state == "pending" else None,
            "delivered_at": delivery.delivered_at,
            "created_at": delivery.created_at,
        }
    )


def _place(cursor: str) -> tuple[datetime, str]:
    moment, _, event_id = cursor.partition("~")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not event_id or "\0" in event_id:
        raise InvalidInputError("This cursor is of no page.", hint="Begin without a cursor.", field="cursor")
    return at, event_id


def _unknown() -> NotFoundError:
    return NotFoundError("There is no such delivery.", field="event_id")
