"""SQL of webhooks, for what a tenant asks; `claims` has that of deliveries under way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from control_plane.models import (
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookEndpointRow,
    WebhookEventRow,
)
from recolake.outbox.lines import Notice
from recolake.tenancy.context import Tenant

Endpoint, Event, Delivery, Attempt = (
    WebhookEndpointRow,
    WebhookEventRow,
    WebhookDeliveryRow,
    WebhookAttemptRow,
)


def endpoints(session: Session, tenant: Tenant, *, hold: bool = False) -> Sequence[WebhookEndpointRow]:
    """All endpoints of the tenant, oldest first; `hold` makes who would remove one wait."""
    own = select(Endpoint).where(Endpoint.tenant_id == tenant.name)
    if hold:
        own = own.with_for_update(read=True, key_share=True)
    return session.scalars(own.order_by(Endpoint.created_at, Endpoint.endpoint_id)).all()


def find(
    session: Session, tenant: Tenant, endpoint_id: str, *, to_change: bool = False
) -> WebhookEndpointRow | None:
    """One endpoint; `to_change` makes others who want to change it wait."""
    return session.get(Endpoint, (tenant.name, endpoint_id), with_for_update=to_change or None)


def remove(session: Session, tenant: Tenant, endpoint_id: str) -> bool:
    """Remove an endpoint with all of its deliveries; False if there is none."""
    gone = delete(Endpoint).where(Endpoint.tenant_id == tenant.name, Endpoint.endpoint_id == endpoint_id)
    return session.execute(gone.returning(Endpoint.endpoint_id)).first() is not None


def add_event(session: Session, tenant: Tenant, notice: Notice, now: datetime) -> bool:
    """Keep an event; False if it was there."""
    values = {
        "tenant_id": tenant.name,
        "event_id": notice.notice_id,
        "type": notice.type,
        "at": notice.at,
        "data": notice.data,
        "created_at": now,
    }
    added = upsert(Event).values(values).on_conflict_do_nothing().returning(Event.event_id)
    return session.execute(added).first() is not None


def add_delivery(session: Session, tenant: Tenant, event_id: str, endpoint_id: str, now: datetime) -> None:
    """Let an event be delivered to an endpoint, now."""
    session.execute(
        insert(Delivery).values(
            tenant_id=tenant.name,
            event_id=event_id,
            endpoint_id=endpoint_id,
            state="pending",
            attempts=0,
            tries=0,
            due_at=now,
            created_at=now,
        )
    )


def deliveries(
    session: Session,
    tenant: Tenant,
    endpoint_id: str,
    limit: int,
    *,
    state: str | None,
    before: tuple[datetime, str] | None,
) -> list[tuple[WebhookDeliveryRow, WebhookEventRow]]:
    """At most so many deliveries of an endpoint with their events, newest first."""
    wanted = (
        select(Delivery, Event)
        .join(Event, (Event.tenant_id == Delivery.tenant_id) & (Event.event_id == Delivery.event_id))
        .where(Delivery.tenant_id == tenant.name, Delivery.endpoint_id == endpoint_id)
        .order_by(Delivery.created_at.desc(), Delivery.event_id.desc())
        .limit(limit)
    )
    if state is not None:
        wanted = wanted.where(Delivery.state == state)
    if before is not None:
        place = func.row(Delivery.created_at, Delivery.event_id)
        wanted = wanted.where(place < func.row(*before))
    return [(row[0], row[1]) for row in session.execute(wanted)]


def delivery(
    session: Session, tenant: Tenant, endpoint_id: str, event_id: str
) -> tuple[WebhookDeliveryRow, WebhookEventRow, Sequence[WebhookAttemptRow]] | None:
    """One delivery, its event and every attempt, oldest first."""
    found = session.get(Delivery, (tenant.name, event_id, endpoint_id))
    event = session.get(Event, (tenant.name, event_id))
    if found is None or event is None:
        return None
    tries = select(Attempt).where(
        Attempt.tenant_id == tenant.name, Attempt.event_id == event_id, Attempt.endpoint_id == endpoint_id
    )
    return found, event, session.scalars(tries.order_by(Attempt.attempt)).all()


def deliver_again(session: Session, tenant: Tenant, endpoint_id: str, event_id: str, now: datetime) -> bool:
    """Begin the tries of a delivery anew; False if there is no such delivery."""
    again = (
        update(Delivery)
        .where(
            Delivery.tenant_id == tenant.name,
            Delivery.endpoint_id == endpoint_id,
            Delivery.event_id == event_id,
        )
        .values(state="pending", tries=0, due_at=now, delivered_at=None)
    )
    return session.execute(again.returning(Delivery.event_id)).first() is not None


def forget(session: Session, least: datetime) -> int:
    """Remove events of all tenants that are older, with their deliveries; gives how many."""
    old = delete(Event).where(Event.created_at < least)
    return len(session.execute(old.returning(Event.event_id)).all())
