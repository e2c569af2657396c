"""Minutes of training: begun only while the plan has some left, and metered once a model is there."""

from __future__ import annotations

import math
from datetime import datetime

from recolake.limits.calendar import month_end, month_of
from recolake.limits.errors import QuotaExceededError
from recolake.limits.plans import Kind, PlanSnapshot, Quota
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.journal import UsageJournal
from recolake.usage.meter import MeterRecord

# In the place of an API key: none trains.
_BY = "training"


def require_training_minutes(settings: Settings, tenant: Tenant, now: datetime) -> None:
    """Whether a training may begin: it may while anything of the quota is left, however long it will take.

    Raises:
        QuotaExceededError: the month's minutes are used up, and the plan has no price for more.
    """
    plan, month = PlanSnapshot(settings).of(tenant), month_of(now)
    quota = plan.quota(Quota.TRAINING_MINUTES, month) if plan is not None else None
    if quota is None:
        return
    limit, used = quota
    if used >= limit:
        raise QuotaExceededError("training minutes", (month_end(month) - now).total_seconds())


def meter_training(settings: Settings, tenant: Tenant, run_id: str, began: datetime, ended: datetime) -> None:
    """Write down what a training is billed; a begun minute counts whole. The same run is billed once.

    Raises:
        OSError: it could not be written.
    """
    journal = UsageJournal(settings.journal_root, settings.environment_name)
    try:
        journal.meter(
            MeterRecord(
                usage_id=f"training_{run_id}",
                tenant_id=tenant.name,
                at=ended,
                key_id=_BY,
                kind=Kind.TRAINING_MINUTES,
                units=max(1, math.ceil((ended - began).total_seconds() / 60)),
            )
        )
    finally:
        journal.close()
