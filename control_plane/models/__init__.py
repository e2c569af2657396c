"""One module a table, or two that live together; importing this package makes `Base.metadata` complete."""

from __future__ import annotations

from control_plane.models.api_key import ApiKeyRow
from control_plane.models.audit import AuditRow
from control_plane.models.base import Base
from control_plane.models.external_login import ExternalIdentityRow, ExternalLoginRow
from control_plane.models.lifecycle import LifecycleRow, StepRow
from control_plane.models.login import AuthorizationCodeRow, LoginAttemptsRow
from control_plane.models.member import InvitationRow, MemberRow
from control_plane.models.person import PersonRow
from control_plane.models.plan import PlanRow, SubscriptionRow, Terms
from control_plane.models.session import RefreshTokenRow, SessionRow
from control_plane.models.tenant import TenantRow
from control_plane.models.usage import ThresholdRow, UsageDayRow, UsageRow
from control_plane.models.webhook import (
    WebhookAttemptRow,
    WebhookDeliveryRow,
    WebhookEndpointRow,
    WebhookEventRow,
)

__all__ = [
    "ApiKeyRow",
    "AuditRow",
    "AuthorizationCodeRow",
    "Base",
    "ExternalIdentityRow",
    "ExternalLoginRow",
    "InvitationRow",
    "LifecycleRow",
    "LoginAttemptsRow",
    "MemberRow",
    "PersonRow",
    "PlanRow",
    "RefreshTokenRow",
    "SessionRow",
    "StepRow",
    "SubscriptionRow",
    "TenantRow",
    "Terms",
    "ThresholdRow",
    "UsageDayRow",
    "UsageRow",
    "WebhookAttemptRow",
    "WebhookDeliveryRow",
    "WebhookEndpointRow",
    "WebhookEventRow",
]
