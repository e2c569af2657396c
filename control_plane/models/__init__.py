"""One module a table, or those that live together; importing this package makes `Base.metadata` complete."""

from __future__ import annotations

from control_plane.models.api_key import ApiKeyRow
from control_plane.models.audit import AuditRow
from control_plane.models.base import Base
from control_plane.models.tenant import TenantRow
from control_plane.models.webhook import (
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookEndpointRow,
    WebhookEventRow,
)

__all__ = [
    "ApiKeyRow",
    "AuditRow",
    "Base",
    "TenantRow",
    "WebhookAttemptRow",
    "WebhookDeliveryRow",
    "WebhookEndpointRow",
    "WebhookEventRow",
]
