"""Training is billed by begun minutes, once a run, and begins only while the plan has minutes left."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from recolake.files import write_atomically
from recolake.journal.segments import sealed_segments
from recolake.limits.errors import QuotaExceededError
from recolake.limits.plans import Allowance, Kind, Quota, TenantPlan, plans_snapshot, render_plans
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.segments import read_meter
from recolake.usage.training import meter_training, require_training_minutes

SHOP = Tenant("shop")
NOW = dt.datetime(2026, 3, 31, 23, 0, tzinfo=dt.UTC)


def plan(settings: Settings, allowance: Allowance | None) -> None:
    quotas = {} if allowance is None else {Quota.TRAINING_MINUTES: allowance}
    path = plans_snapshot(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, render_plans({SHOP: TenantPlan("small", "2026-03", quotas=quotas)}))


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (59.5, 1), (60, 1), (60.1, 2), (7_200, 120)])
def test_a_begun_minute_counts_whole(tmp_path: Path, seconds: float, minutes: int) -> None:
    settings = Settings(home=tmp_path)
    for _ in range(2):
        meter_training(settings, SHOP, "run1", NOW - dt.timedelta(seconds=seconds), NOW)
    records = [each for path in sealed_segments(settings.journal_root) for each in read_meter(path)[0]]
    assert [(each.kind, each.units, each.at) for each in records] == [
        (Kind.TRAINING_MINUTES, minutes, NOW)
    ] * 2
    assert len({each.usage_id for each in records}) == 1


@pytest.mark.parametrize(
    "allowance",
    [None, Allowance(60, 60, 59, hard=True), Allowance(60, 60, 90, hard=False)],
    ids=["no quota", "some left", "billed beyond"],
)
def test_a_training_begins_while_anything_is_left(tmp_path: Path, allowance: Allowance | None) -> None:
    settings = Settings(home=tmp_path)
    require_training_minutes(settings, SHOP, NOW)
    plan(settings, allowance)
    require_training_minutes(settings, SHOP, NOW)


def test_with_all_minutes_used_it_waits_for_the_next_month(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    plan(settings, Allowance(60, 60, 60, hard=True))
    with pytest.raises(QuotaExceededError, match="training minutes") as refused:
        require_training_minutes(settings, SHOP, NOW)
    assert refused.value.retry_after == 3_600
    require_training_minutes(settings, Tenant("other"), NOW)
    require_training_minutes(settings, SHOP, NOW + dt.timedelta(hours=1))
