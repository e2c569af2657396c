"""Endpoints of webhooks: made, changed, rotated, removed; each change stands in the audit log."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from control_plane.audit.record import record
from control_plane.database import open_database
from control_plane.models import WebhookEndpointRow
from control_plane.webhooks import repository
from control_plane.webhooks.address import check_url, checked_addresses
from control_plane.webhooks.errors import TooManyWebhooksError
from control_plane.webhooks.schemas import (
    RotationAsked,
    WebhookChange,
    WebhookCreate,
    WebhookRead,
    WebhookWithSecret,
)
from control_plane.webhooks.secrets import secret
from recolake.audit.entry import Action, Actor
from recolake.errors import NotFoundError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

MOST_ENDPOINTS = 20
_PORTS = {"http": 80, "https": 443}


def create(settings: Settings, tenant: Tenant, asked: WebhookCreate, *, by: Actor) -> WebhookWithSecret:
    """Make an endpoint; its secret is in the answer, and in no other.

    Raises:
        WebhookAddressError: the platform does not send there.
        TooManyWebhooksError: there are as many as there may be.
    """
    _check_address(settings, asked.url)
    row = WebhookEndpointRow(
        tenant_id=tenant.name,
        endpoint_id=f"whk_{secrets.token_hex(8)}",
        url=asked.url,
        event_types=sorted(set(asked.event_types)),
        generation=1,
        failures=0,
        created_at=datetime.now(UTC),
    )
    with open_database(settings).transaction(tenant) as session:
        if len(repository.endpoints(session, tenant)) >= MOST_ENDPOINTS:
            raise TooManyWebhooksError(
                f"A tenant has {MOST_ENDPOINTS} webhooks at most.", hint="Remove one that nobody needs."
            )
        session.add(row)
        session.flush()
        record(session, tenant, Action.WEBHOOK_CREATED, row.endpoint_id, by=by, details=_details(row))
    return _with_secret(settings, tenant, row)


def list_all(settings: Settings, tenant: Tenant) -> list[WebhookRead]:
    """The tenant's endpoints, oldest first."""
    with open_database(settings).transaction(tenant) as session:
        return [shown(row) for row in repository.endpoints(session, tenant)]


def read(settings: Settings, tenant: Tenant, endpoint_id: str) -> WebhookRead:
    """One endpoint.

    Raises:
        NotFoundError: there is none of that id, or it is another tenant's.
    """
    with open_database(settings).transaction(tenant) as session:
        return shown(found(session, tenant, endpoint_id))


def change(
    settings: Settings, tenant: Tenant, endpoint_id: str, asked: WebhookChange, *, by: Actor
) -> WebhookRead:
    """Change what is given.

    Raises:
        WebhookAddressError: the platform does not send to the new URL.
        NotFoundError: there is no such endpoint.
    """
    if asked.url is not None:
        _check_address(settings, asked.url)
    with _changing(settings, tenant, endpoint_id) as (session, row):
        if asked.url is not None:
            row.url = asked.url
        if asked.event_types is not None:
            row.event_types = sorted(set(asked.event_types))
        if asked.enabled is not None:
            row.disabled_at = None if asked.enabled else row.disabled_at or datetime.now(UTC)
            row.disabled_why = None if asked.enabled else row.disabled_why or "disabled by its owner"
        if asked.enabled or asked.url is not None:
            row.failures, row.failing_since = 0, None
        session.flush()
        record(session, tenant, Action.WEBHOOK_CHANGED, endpoint_id, by=by, details=_details(row))
    return shown(row)


def rotate(
    settings: Settings, tenant: Tenant, endpoint_id: str, asked: RotationAsked, *, by: Actor
) -> WebhookWithSecret:
    """Make a new secret; the one before signs beside it until its time of grace is over.

    Raises:
        NotFoundError: there is no such endpoint.
    """
    with _changing(settings, tenant, endpoint_id) as (session, row):
        row.generation += 1
        row.previous_until = datetime.now(UTC) + timedelta(hours=asked.grace_hours)
        session.flush()
        details = {"grace_hours": asked.grace_hours}
        record(session, tenant, Action.WEBHOOK_ROTATED, endpoint_id, by=by, details=details)
    return _with_secret(settings, tenant, row)


def remove(settings: Settings, tenant: Tenant, endpoint_id: str, *, by: Actor) -> None:
    """Remove an endpoint and what is on its way to it.

    Raises:
        NotFoundError: there is no such endpoint.
    """
    with open_database(settings).transaction(tenant) as session:
        found(session, tenant, endpoint_id)
        repository.remove(session, tenant, endpoint_id)
        record(session, tenant, Action.WEBHOOK_DELETED, endpoint_id, by=by)


def found(
    session: Session, tenant: Tenant, endpoint_id: str, *, to_change: bool = False
) -> WebhookEndpointRow:
    """The endpoint's row.

    Raises:
        NotFoundError: there is none of that id, or it is another tenant's.
    """
    row = repository.find(session, tenant, endpoint_id, to_change=to_change)
    if row is None:
        raise NotFoundError("There is no webhook of this id.", field="webhook_id")
    return row


def shown(row: WebhookEndpointRow) -> WebhookRead:
    """An endpoint as its owner sees it."""
    return WebhookRead(
        webhook_id=row.endpoint_id,
        url=row.url,
        event_types=row.event_types,
        enabled=row.disabled_at is None,
        disabled_why=row.disabled_why,
        failures=row.failures,
        failing_since=row.failing_since,
        previous_secret_until=row.previous_until,
        created_at=row.created_at,
    )


@contextmanager
def _changing(
    settings: Settings, tenant: Tenant, endpoint_id: str
) -> Iterator[tuple[Session, WebhookEndpointRow]]:
    with open_database(settings).transaction(tenant) as session:
        yield session, found(session, tenant, endpoint_id, to_change=True)


def _check_address(settings: Settings, url: str) -> None:
    """Said at once, to whoever mistypes; what counts is the check at each delivery."""
    loopback = settings.webhook_loopback
    parts = check_url(url, loopback=loopback)
    port = parts.port or _PORTS[parts.scheme]
    checked_addresses(parts.hostname or "", port, http=parts.scheme == "http", loopback=loopback)


def _with_secret(settings: Settings, tenant: Tenant, row: WebhookEndpointRow) -> WebhookWithSecret:
    made = secret(settings, tenant, row.endpoint_id, row.generation)
    return WebhookWithSecret(**shown(row).model_dump(), secret=made)


def _details(row: WebhookEndpointRow) -> dict[str, str | bool | list[str]]:
    """Without the path: some receivers keep a secret in it."""
    return {
        "host": urlsplit(row.url).hostname or "",
        "event_types": list(row.event_types),
        "enabled": row.disabled_at is None,
    }
