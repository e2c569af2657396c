"""What a tenant's plan allows, as the data plane knows it: a snapshot file, so that it needs no database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from recolake.limits.gcra import Rate
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.snapshot_file import SnapshotFile


class Kind(StrEnum):
    """What is metered. `users` are statements about people; they have no quota."""

    REQUESTS = "requests"
    EVENTS = "events"
    ITEMS = "items"
    USERS = "users"
    TRAINING_MINUTES = "training_minutes"


class Quota(StrEnum):
    """What a plan has a monthly quota of; `seats` are not used up, but taken and given back."""

    REQUESTS = "requests"
    EVENTS = "events"
    ITEMS = "items"
    SEATS = "seats"
    TRAINING_MINUTES = "training_minutes"


@dataclass(frozen=True, slots=True)
class Allowance:
    """A monthly quota. Where the plan changed within the month, `of_month` is the prorated sum.

    `used` is what was metered when the snapshot was written; a `hard` quota ends the answers, others are
    billed by what is beyond them.
    """

    monthly: int
    of_month: int
    used: int
    hard: bool


@dataclass(frozen=True, slots=True)
class TenantPlan:
    """A tenant's plan at the moment of the snapshot; `month` is the month, such as 2026-03, of the quotas."""

    plan_id: str
    month: str
    per_key: Rate | None = None
    per_tenant: Rate | None = None
    quotas: Mapping[Quota, Allowance] = field(default_factory=dict)

    def quota(self, kind: Quota, month: str) -> tuple[int, int] | None:
        """Limit and use so far of a quota that ends the answers, in a month; None where nothing does."""
        found = self.quotas.get(kind)
        if found is None or not found.hard:
            return None
        return (found.of_month, found.used) if month == self.month else (found.monthly, 0)


def plans_snapshot(settings: Settings) -> Path:
    """JSON object of plans by tenant; written by the control plane alone."""
    return settings.snapshot_root / "plans.json"


def render_plans(plans: Mapping[Tenant, TenantPlan]) -> bytes:
    """Content of the snapshot; the same plans give the same bytes."""
    rows = {
        tenant.name: {
            "plan_id": plan.plan_id,
            "month": plan.month,
            "per_key": _rate_row(plan.per_key),
            "per_tenant": _rate_row(plan.per_tenant),
            "quotas": {
                kind.value: {
                    "monthly": each.monthly,
                    "of_month": each.of_month,
                    "used": each.used,
                    "hard": each.hard,
                }
                for kind, each in plan.quotas.items()
            },
        }
        for tenant, plan in plans.items()
    }
    return json.dumps(rows, indent=1, sort_keys=True).encode()


def parse_plans(content: bytes) -> dict[Tenant, TenantPlan]:
    """Inverse of `render_plans`."""
    return {Tenant(name): _plan(row) for name, row in json.loads(content).items()}


class PlanSnapshot:
    """The tenants' plans. Without the file nobody has one; one that is damaged leaves the last in force."""

    def __init__(self, settings: Settings) -> None:
        self._file: SnapshotFile[dict[Tenant, TenantPlan]] = SnapshotFile(
            plans_snapshot(settings), parse_plans, dict, "plan_snapshot_unreadable"
        )

    def of(self, tenant: Tenant) -> TenantPlan | None:
        """The tenant's plan; None means that nothing limits it."""
        return self._file.current().get(tenant)


def _rate_row(rate: Rate | None) -> dict[str, float] | None:
    return None if rate is None else {"rate": rate.rate, "burst": rate.burst}


def _rate(row: Mapping[str, Any] | None) -> Rate | None:
    return None if row is None else Rate(float(row["rate"]), int(row["burst"]))


def _plan(row: Mapping[str, Any]) -> TenantPlan:
    return TenantPlan(
        row["plan_id"],
        row["month"],
        _rate(row["per_key"]),
        _rate(row["per_tenant"]),
        {Quota(kind): Allowance(**each) for kind, each in row["quotas"].items()},
    )
