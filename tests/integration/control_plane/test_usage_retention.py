"""Control 22: single calls go after 90 days, their sums after two years, and nobody's bill changes by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from control_plane.database import open_database
from control_plane.plans import service as plans
from control_plane.plans.schemas import PlanTerms
from control_plane.tenants import service as tenants
from control_plane.usage import repository, service
from control_plane.usage.retention import Retained, retain_usage
from recolake.errors import InvalidInputError
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.usage.meter import MeterRecord

# Long ago, so that a clock that is moved to it reaches no other test's calls.
DAY = datetime(2001, 3, 10, tzinfo=UTC)
BEGUN = DAY + timedelta(hours=9, seconds=1)
TERMS = PlanTerms(monthly_fee=100, requests=3, requests_price=1_000, key_rate=1, key_burst=1)


@pytest.fixture
def shop(postgres: Settings) -> Iterator[Tenant]:
    """A tenant whose plan began within a day, after some calls of it."""
    tenant = Tenant(f"t{uuid4().hex[:12]}")
    tenants.create_tenant(postgres, tenant.name)
    plans.put_plan(postgres, "kept", "Kept", TERMS)
    plans.subscribe(postgres, tenant, "kept", now=lambda: BEGUN)
    yield tenant
    retain_usage(postgres, DAY + timedelta(days=2_000))


def records(tenant: Tenant) -> list[MeterRecord]:
    hours = (0, 9, 9.5, 10, 23.99, 24, 40)
    return [
        MeterRecord(
            usage_id=f"{tenant}-{number}",
            tenant_id=tenant.name,
            at=DAY + timedelta(hours=hour),
            key_id=f"key_{number % 2}",
            kind="requests",
            units=number + 1,
            scenario="home" if number % 3 else None,
        )
        for number, hour in enumerate(hours)
    ]


def add(settings: Settings, tenant: Tenant) -> int:
    with open_database(settings).platform() as session:
        return repository.add(session, records(tenant))


def told(settings: Settings, tenant: Tenant) -> tuple[Any, Any]:
    """Usage by day, and the invoice."""
    page = service.usage_page(settings, tenant, date(2001, 3, 1), date(2001, 3, 31), None, 100)
    return page, service.invoice(settings, tenant, "2001-03", now=lambda: DAY + timedelta(days=60))


def kept(settings: Settings, tenant: Tenant) -> Sequence[int]:
    """Single calls, and calls in sums."""
    with open_database(settings).transaction(tenant) as session:
        single = session.execute(text("SELECT count(*) FROM usage_records")).scalar_one()
        summed = session.execute(text("SELECT coalesce(sum(calls), 0) FROM usage_days")).scalar_one()
    return int(single), int(summed)


@pytest.mark.control(22)
def test_calls_go_after_90_days_and_their_sums_equal_them(postgres: Settings, shop: Tenant) -> None:
    assert add(postgres, shop) == 7
    before = told(postgres, shop)
    # After the plan began: 9.5, 10, 23.99, 24 and 40 hours, of 3 to 7 units.
    assert sum(line.units for line in before[0].lines) == 28
    assert [line.used for line in before[1].lines if line.line == "overage"] == [25]
    for days, left in ((89, (7, 0)), (90, (7, 0)), (91, (2, 5)), (92, (0, 7))):
        retain_usage(postgres, DAY + timedelta(days=days, hours=12))
        assert kept(postgres, shop) == left, days
        assert told(postgres, shop) == before, days
    assert retain_usage(postgres, DAY + timedelta(days=92, hours=12)) == Retained(0, 0)


@pytest.mark.control(22)
@pytest.mark.parametrize(("days", "left"), [(729, 7), (730, 7), (731, 2), (733, 0)])
def test_sums_go_after_two_years(postgres: Settings, shop: Tenant, days: int, left: int) -> None:
    add(postgres, shop)
    retain_usage(postgres, DAY + timedelta(days=days))
    assert kept(postgres, shop) == (0, left)


@pytest.mark.control(22)
def test_a_call_that_comes_again_after_its_day_was_summed_up_is_not_billed_again(
    postgres: Settings, shop: Tenant
) -> None:
    add(postgres, shop)
    retain_usage(postgres, DAY + timedelta(days=91))
    before = told(postgres, shop)
    assert add(postgres, shop) == 0
    assert told(postgres, shop) == before


def test_a_clock_without_a_zone_is_refused(postgres: Settings) -> None:
    with pytest.raises(InvalidInputError, match="zone"):
        retain_usage(postgres, datetime(2026, 3, 1))  # noqa: DTZ001
