"""One module a table; importing this package makes `Base.metadata` complete."""

from __future__ import annotations

from control_plane.models.api_key import ApiKeyRow
from control_plane.models.base import Base
from control_plane.models.plan import PlanRow, SubscriptionRow, Terms
from control_plane.models.tenant import TenantRow
from control_plane.models.usage import ThresholdRow, UsageRow

__all__ = [
    "ApiKeyRow",
    "Base",
    "PlanRow",
    "SubscriptionRow",
    "TenantRow",
    "Terms",
    "ThresholdRow",
    "UsageRow",
]
