"""SQL of deliveries under way. An attempt belongs to who counted it up, until its time is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from control_plane.models import (
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookEndpointRow,
    WebhookEventRow,
)
from control_plane.webhooks.connection import MOST_SECONDS
from control_plane.webhooks.schedule import MOST_TRIES, is_hopeless, pause
from control_plane.webhooks.send import Answer, Message
from recolake.tenancy.context import Tenant

Delivery, Endpoint, Event, Attempt = (
    WebhookDeliveryRow,
    WebhookEndpointRow,
    WebhookEventRow,
    WebhookAttemptRow,
)
# Much longer than an attempt may take: an attempt that is claimed again has nobody any more.
_LEASE = timedelta(seconds=4 * MOST_SECONDS)
_AT_ONCE = 2
"""Deliveries of one endpoint in one round: a slow receiver must not hold up the others."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An attempt that is ours."""

    tenant: Tenant
    endpoint: WebhookEndpointRow
    message: Message
    attempt: int
    tries: int


def claim(session: Session, now: datetime, limit: int) -> list[Claim]:
    """Take up to so many attempts that are due, of all tenants; nobody else gets them."""
    free = or_(Delivery.claimed_until.is_(None), Delivery.claimed_until <= now)
    place = func.row_number().over(
        partition_by=(Delivery.tenant_id, Delivery.endpoint_id), order_by=(Delivery.due_at, Delivery.event_id)
    )
    due = (
        select(Delivery.tenant_id, Delivery.event_id, Delivery.endpoint_id, place.label("place"))
        .join(
            Endpoint,
            (Endpoint.tenant_id == Delivery.tenant_id) & (Endpoint.endpoint_id == Delivery.endpoint_id),
        )
        .where(Delivery.state == "pending", Delivery.due_at <= now, free, Endpoint.disabled_at.is_(None))
        .subquery()
    )
    chosen = select(due.c.tenant_id, due.c.event_id, due.c.endpoint_id).where(due.c.place <= _AT_ONCE)
    key = tuple_(Delivery.tenant_id, Delivery.event_id, Delivery.endpoint_id)
    # Asked again on the row itself: whoever was faster has changed it since it was chosen.
    locked = (
        select(Delivery)
        .where(key.in_(chosen), Delivery.state == "pending", Delivery.due_at <= now, free)
        .order_by(Delivery.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [_take(session, row, now) for row in session.scalars(locked).all()]


def _take(session: Session, row: WebhookDeliveryRow, now: datetime) -> Claim:
    row.attempts += 1
    row.tries += 1
    row.claimed_until = now + _LEASE
    endpoint = session.get_one(Endpoint, (row.tenant_id, row.endpoint_id))
    event = session.get_one(Event, (row.tenant_id, row.event_id))
    session.execute(
        insert(Attempt).values(
            tenant_id=row.tenant_id,
            event_id=row.event_id,
            endpoint_id=row.endpoint_id,
            attempt=row.attempts,
            began_at=now,
        )
    )
    message = Message(event.event_id, event.type, event.at, event.data)
    return Claim(Tenant(row.tenant_id), endpoint, message, row.attempts, row.tries)


def settle(session: Session, claimed: Claim, answer: Answer, now: datetime) -> str | None:
    """Write down what came of an attempt; gives why the endpoint was disabled, if it was.

    Whoever came so late that somebody else has taken the delivery over leaves it to them.
    """
    # First the endpoint: whoever removes it holds it, too, before its deliveries.
    key = (claimed.tenant.name, claimed.endpoint.endpoint_id)
    endpoint = session.get(Endpoint, key, with_for_update=True)
    names = (claimed.tenant.name, claimed.message.event_id, claimed.endpoint.endpoint_id)
    tried = update(Attempt).where(
        tuple_(Attempt.tenant_id, Attempt.event_id, Attempt.endpoint_id) == names,
        Attempt.attempt == claimed.attempt,
    )
    session.execute(tried.values(ended_at=now, status=answer.status, error=answer.error))
    values: dict[str, object] = {"claimed_until": None}
    if answer.delivered:
        values |= {"state": "delivered", "delivered_at": now}
    elif claimed.tries >= MOST_TRIES:
        values |= {"state": "failed"}
    else:
        values |= {"due_at": now + pause(claimed.tries)}
    ours = update(Delivery).where(
        tuple_(Delivery.tenant_id, Delivery.event_id, Delivery.endpoint_id) == names,
        Delivery.attempts == claimed.attempt,
    )
    session.execute(ours.values(values))
    return None if endpoint is None else _judge(endpoint, answer, now)


def _judge(endpoint: WebhookEndpointRow, answer: Answer, now: datetime) -> str | None:
    """Count an endpoint's failures in a row; disable it when it is given up, or says that it is gone."""
    if answer.delivered:
        endpoint.failures, endpoint.failing_since = 0, None
        return None
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or now
    why = "410 Gone" if answer.gone else None
    if why is None and is_hopeless(endpoint.failures, endpoint.failing_since, now):
        why = f"{endpoint.failures} failures in a row"
    if why is None or endpoint.disabled_at is not None:
        return None
    endpoint.disabled_at, endpoint.disabled_why = now, why
    return why
