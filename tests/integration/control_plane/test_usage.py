"""Usage, limits and invoices: what a tenant sees is what was metered, and SQL computes the same bill."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import IntegrityError

from control_plane.app import create_app
from control_plane.database import open_database
from control_plane.plans import repository as plan_rows
from control_plane.plans import service as plans
from control_plane.plans.schemas import PlanTerms
from control_plane.snapshots import publish
from control_plane.tenants import service as tenants
from control_plane.usage import invoice_sql, repository, service, thresholds
from recolake.errors import InvalidInputError, NotFoundError
from recolake.limits.calendar import month_end, month_start
from recolake.limits.errors import QuotaExceededError
from recolake.limits.plans import PlanSnapshot, Quota
from recolake.settings import PROJECT_ROOT, Settings
from recolake.tenancy.context import Tenant
from recolake.usage.meter import MeterRecord
from recolake.usage.training import require_training_minutes

LEAP = "2028-02"
START = datetime(2028, 2, 1, tzinfo=UTC)
SMALL = PlanTerms(
    monthly_fee=4_900, requests=1_000, events=10_000, requests_price=250, key_rate=10, key_burst=20
)
LARGE = PlanTerms(monthly_fee=19_900, requests=10_000, requests_price=100, seats=5)


@pytest.fixture
def shop(postgres: Settings) -> tuple[Tenant, dict[str, str]]:
    """A fresh tenant, and headers with its key."""
    name = f"t{uuid4().hex[:12]}"
    secret = tenants.create_tenant(postgres, name)
    plans.put_plan(postgres, "small", "Small", SMALL)
    plans.put_plan(postgres, "large", "Large", LARGE)
    return Tenant(name), {"Authorization": f"Bearer {secret}"}


def use(
    settings: Settings, tenant: Tenant, *used: tuple[str, int, datetime], scenario: str | None = None
) -> None:
    records = [
        MeterRecord(
            usage_id=uuid4().hex,
            tenant_id=tenant.name,
            at=at,
            key_id="key_1",
            kind=kind,
            units=units,
            scenario=scenario,
        )
        for kind, units, at in used
    ]
    with open_database(settings).platform() as session:
        assert repository.add(session, records) == len(records)


def begin(settings: Settings, tenant: Tenant, *begun: tuple[str, datetime]) -> None:
    """Subscriptions from moments on, each made at its moment."""
    for plan_id, moment in begun:
        plans.subscribe(settings, tenant, plan_id, now=lambda moment=moment: moment)


def by_hand(
    month: str, periods: Sequence[tuple[PlanTerms, datetime]], used: int
) -> tuple[list[int], int, int]:
    """Fees, allowance and overage of requests, computed in fractions."""
    start, end = month_start(month), month_end(month)
    whole = Fraction((end - start) // timedelta(seconds=1))
    fees, allowance = [], Fraction(0)
    for number, (terms, begins) in enumerate(periods):
        ends = periods[number + 1][1] if number + 1 < len(periods) else end
        seconds = (min(ends, end) - max(begins, start)) // timedelta(seconds=1)
        if seconds > 0:
            fees.append(math.floor(terms.monthly_fee * seconds / whole + Fraction(1, 2)))
            allowance += (terms.requests or 0) * seconds / whole
    quota = math.ceil(allowance)
    price = periods[-1][0].requests_price or 0
    return fees, quota, math.floor(Fraction(max(used - quota, 0) * price, 1_000) + Fraction(1, 2))


@pytest.mark.parametrize("seconds", [0, 1, 86_400 * 14 + 43_199, 29 * 86_400 - 1])
def test_an_invoice_is_prorated_to_the_second_when_the_plan_changes(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]], seconds: int
) -> None:
    tenant, _ = shop
    first, change = START - timedelta(days=40), START + timedelta(seconds=seconds)
    begin(postgres, tenant, ("small", first), ("large", change))
    use(postgres, tenant, ("requests", 12_345, START), ("events", 7, START))
    # Of other months, to the microsecond.
    use(
        postgres, tenant, ("requests", 9, START - timedelta(microseconds=1)), ("requests", 9, month_end(LEAP))
    )
    made = service.invoice(postgres, tenant, LEAP)
    fees, quota, overage = by_hand(LEAP, [(SMALL, first), (LARGE, change)], 12_345)
    assert [line.amount for line in made.lines if line.line == "fee"] == fees
    (beyond,) = [line for line in made.lines if line.line == "overage"]
    assert (beyond.about, beyond.quota, beyond.used, beyond.amount) == ("requests", quota, 12_345, overage)
    assert made.totals == {"EUR": sum(fees) + overage}
    assert made.final == (datetime.now(UTC) >= month_end(LEAP))


def test_a_new_price_changes_no_old_invoice(postgres: Settings, shop: tuple[Tenant, dict[str, str]]) -> None:
    tenant, _ = shop
    plan_id = f"p{uuid4().hex[:12]}"
    plans.put_plan(postgres, plan_id, "Once", SMALL)
    begin(postgres, tenant, (plan_id, START))
    before = service.invoice(postgres, tenant, LEAP).lines
    plans.put_plan(postgres, plan_id, "Dearer", SMALL.model_copy(update={"monthly_fee": 99_900}))
    assert service.invoice(postgres, tenant, LEAP).lines == before
    assert before[0].amount == SMALL.monthly_fee


def test_the_documented_sql_is_the_one_that_runs() -> None:
    text = (PROJECT_ROOT / "docs" / "howto" / "usage-and-invoices.md").read_text()
    assert invoice_sql.INVOICE_SQL in text


@pytest.mark.fault(10)
def test_a_clock_that_goes_back_an_hour_makes_no_period_negative(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]]
) -> None:
    """Control 10."""
    tenant, _ = shop
    leap_day = datetime(2028, 2, 29, 0, 30, tzinfo=UTC)
    begin(postgres, tenant, ("small", leap_day), ("large", leap_day - timedelta(hours=1)))
    begun = plans.list_subscriptions(postgres, tenant)
    assert [each.valid_from for each in begun] == [leap_day, leap_day + timedelta(seconds=1)]
    assert all(line.amount >= 0 for line in service.invoice(postgres, tenant, LEAP).lines)
    with pytest.raises(InvalidInputError):
        plans.subscribe(postgres, tenant, "small", leap_day - timedelta(days=1), now=lambda: leap_day)
    with pytest.raises(NotFoundError):
        plans.subscribe(postgres, tenant, "no-such-plan")


@pytest.mark.fault(10)
def test_usage_below_one_unit_cannot_be_stored(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]]
) -> None:
    tenant, _ = shop
    record = MeterRecord(
        usage_id="x", tenant_id=tenant.name, at=START, key_id="k", kind="requests", units=1
    ).model_copy(update={"units": -1})
    with pytest.raises(IntegrityError), open_database(postgres).platform() as session:
        repository.add(session, [record])


def test_80_and_100_percent_of_a_quota_are_recorded_once_each(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]]
) -> None:
    tenant, _ = shop
    begin(postgres, tenant, ("small", START))
    seen = []
    for units in (799, 1, 199, 1, 500):
        use(postgres, tenant, ("requests", units, START))
        with open_database(postgres).platform() as session:
            seen.append(len(thresholds.record(session, [(tenant, LEAP)], START)))
    assert seen == [0, 1, 0, 1, 0]
    with open_database(postgres).platform() as session:
        rows = thresholds.reached_by(session, tenant, START)
        assert [(row.percent, row.used, row.quota) for row in rows] == [(80, 800, 1_000), (100, 1_000, 1_000)]
        assert thresholds.reached_by(session, tenant, START + timedelta(seconds=1)) == []


def test_the_data_plane_is_told_the_plan_before_the_call_returns(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]]
) -> None:
    tenant, _ = shop
    now = datetime(2028, 2, 15, 12, tzinfo=UTC)
    use(postgres, tenant, ("events", 7, now))
    begin(postgres, tenant, ("small", now - timedelta(days=60)))
    plans.subscribe(postgres, tenant, "small", now + timedelta(days=1), now=lambda: now)
    told = PlanSnapshot(postgres).of(tenant)
    assert told is not None
    assert told.per_key is not None
    assert (told.per_key.rate, told.per_key.burst, told.per_tenant) == (10, 20, None)
    assert told.quota(Quota.EVENTS, LEAP) == (10_000, 7)
    assert told.quota(Quota.REQUESTS, LEAP) is None, "what has a price goes on"


@pytest.fixture(scope="module")
def client(postgres: Settings) -> TestClient:
    return TestClient(create_app(postgres), raise_server_exceptions=False)


def test_usage_comes_by_day_key_and_scenario_in_pages_that_miss_and_repeat_nothing(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]], client: TestClient
) -> None:
    tenant, headers = shop
    moments = [START + timedelta(hours=13 * n) for n in range(9)]
    use(postgres, tenant, *(("requests", 1, at) for at in moments), scenario="home")
    use(postgres, tenant, *(("events", 10, at) for at in moments))
    asked: dict[str, str | int] = {"from": "2028-02-01", "to": "2028-02-05", "limit": 2}
    lines, cursor = [], ""
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = client.get("/v1/usage", params=asked | more, headers=headers).json()
        assert len(page["lines"]) <= 2
        lines += page["lines"]
        cursor = page["next_cursor"]
        if not cursor:
            break
    keys = [(line["day"], line["kind"], line["scenario"]) for line in lines]
    assert keys == sorted(set(keys), key=lambda key: (key[0], key[1]))
    assert sum(line["units"] for line in lines if line["kind"] == "requests") == 9
    assert sum(line["units"] for line in lines if line["kind"] == "events") == 90
    for wrong in ({"from": "2028-02-02", "to": "2028-02-01"}, asked | {"cursor": "bm9wZQ"}):
        refused = client.get("/v1/usage", params=wrong, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_limits_and_invoices_are_those_of_the_caller_alone(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]], client: TestClient
) -> None:
    tenant, headers = shop
    before = client.get("/v1/usage/limits", headers=headers).json()
    assert (before["plan_id"], before["quotas"]) == (None, [])
    plans.subscribe(postgres, tenant, "small")
    use(postgres, tenant, ("requests", 3, datetime.now(UTC)))
    limits = client.get("/v1/usage/limits", headers=headers).json()
    assert (limits["plan_id"], limits["rates"]) == ("small", [{"scope": "key", "rate": 10, "burst": 20}])
    by_kind = {quota["kind"]: quota for quota in limits["quotas"]}
    assert by_kind["requests"]["used"] == 3
    assert by_kind["requests"]["remaining"] == by_kind["requests"]["quota"] - 3
    assert (by_kind["events"]["beyond"], by_kind["requests"]["beyond"]) == ("refused", "billed")
    assert by_kind["items"]["quota"] is None
    other = {"Authorization": f"Bearer {tenants.create_tenant(postgres, f't{uuid4().hex[:12]}')}"}
    assert client.get(f"/v1/invoices/{limits['month']}", headers=other).json()["lines"] == []
    assert client.get(f"/v1/invoices/{limits['month']}", headers=headers).json()["lines"]
    refused = client.get("/v1/invoices/2026-13", headers=headers)
    assert (refused.status_code, refused.json()["field"]) == (422, "month")


def test_two_subscriptions_of_one_moment_cannot_be(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]]
) -> None:
    tenant, _ = shop
    begin(postgres, tenant, ("small", START))
    with open_database(postgres).platform() as session:
        large = plan_rows.find(session, "large")
    assert large is not None
    with pytest.raises(IntegrityError), open_database(postgres).platform() as session:
        plan_rows.subscribe(session, tenant, large, START)
    assert len(plans.list_subscriptions(postgres, tenant)) == 1


def test_training_minutes_count_and_end_the_trainings_where_they_are_used_up(
    postgres: Settings, shop: tuple[Tenant, dict[str, str]]
) -> None:
    tenant, _ = shop
    plans.put_plan(postgres, "trained", "Trained", PlanTerms(training_minutes=90))
    begin(postgres, tenant, ("trained", START))
    now = START + timedelta(days=9)

    def known() -> None:
        publish(postgres, open_database(postgres), now=lambda: now)

    use(postgres, tenant, ("training_minutes", 89, now))
    known()
    require_training_minutes(postgres, tenant, now)
    use(postgres, tenant, ("training_minutes", 2, now))
    known()
    with pytest.raises(QuotaExceededError):
        require_training_minutes(postgres, tenant, now)
    quotas = {each.kind: each for each in service.limits(postgres, tenant, now=lambda: now).quotas}
    told = quotas["training_minutes"]
    assert (told.used, told.remaining, told.beyond) == (91, 0, "refused")
    assert not [line for line in service.invoice(postgres, tenant, LEAP).lines if line.amount]
