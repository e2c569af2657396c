"""Plans as the data plane reads them: the snapshot says what was written, and months are those of UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from recolake.errors import InvalidInputError
from recolake.files import write_atomically
from recolake.limits.calendar import month_end, month_of, month_start
from recolake.limits.gcra import Rate
from recolake.limits.plans import (
    Allowance,
    PlanSnapshot,
    Quota,
    TenantPlan,
    parse_plans,
    plans_snapshot,
    render_plans,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

PLANS = {
    Tenant("shop"): TenantPlan(
        "pro",
        "2026-03",
        Rate(10.0, 20),
        None,
        {
            Quota.REQUESTS: Allowance(1_000, 700, 12, hard=True),
            Quota.EVENTS: Allowance(9, 9, 0, hard=False),
        },
    )
}


def test_a_snapshot_says_what_was_written() -> None:
    assert parse_plans(render_plans(PLANS)) == PLANS


def test_a_damaged_snapshot_leaves_the_last_good_one_in_force(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    plans = PlanSnapshot(settings)
    assert plans.of(Tenant("shop")) is None
    write_atomically(plans_snapshot(settings), render_plans(PLANS))
    assert PlanSnapshot(settings).of(Tenant("shop")) == PLANS[Tenant("shop")]
    write_atomically(plans_snapshot(settings), b'{"shop": 1}')
    assert PlanSnapshot(settings).of(Tenant("shop")) is None


def test_a_soft_quota_ends_nothing_and_another_month_begins_with_the_whole_quota() -> None:
    plan = PLANS[Tenant("shop")]
    assert plan.quota(Quota.REQUESTS, "2026-03") == (700, 12)
    assert plan.quota(Quota.REQUESTS, "2026-04") == (1_000, 0)
    assert plan.quota(Quota.EVENTS, "2026-03") is None
    assert plan.quota(Quota.ITEMS, "2026-03") is None


@pytest.mark.fault(10)
@pytest.mark.parametrize(("month", "days"), [("2028-02", 29), ("2027-02", 28), ("2026-12", 31)])
def test_a_month_is_as_long_as_the_calendar_says(month: str, days: int) -> None:
    assert month_end(month) - month_start(month) == timedelta(days=days)
    assert month_of(month_end(month) - timedelta(microseconds=1)) == month


def test_the_month_of_a_moment_is_that_of_utc() -> None:
    eastward = datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert month_of(eastward) == month_of(eastward.astimezone(UTC)) == "2026-02"


@pytest.mark.parametrize(
    "month", ["2026-13", "2026-00", "26-01", "2026-1", "2026-01-01", "", "0000-01", "9999-12"]
)
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(InvalidInputError):
        month_end(month)
