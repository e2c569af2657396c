"""Building day by day, in any order of arrival, gives what building everything at once gives."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from recolake.lake.catalog import table_version
from recolake.lake.tables import (
    DBT_TABLES,
    GOLD_INTERACTIONS,
    GOLD_ITEM_DAYS,
    GOLD_TRAINING_SET,
    SILVER_EVENTS,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.build import build

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

IN_ORDER, SHUFFLED, AT_ONCE = Tenant("in-order"), Tenant("shuffled"), Tenant("at-once")
DAILY = (SILVER_EVENTS, GOLD_INTERACTIONS, GOLD_ITEM_DAYS, GOLD_TRAINING_SET)
# Days by their number: which arrive together, and when. Day 3 is late in both; every run has late rows of
# day 1, too.
ORDERS = {
    IN_ORDER: [(0, 1, 2), (4, 5), (3, 6), (7, 8, 9)],
    SHUFFLED: [(9, 2), (0, 7, 5), (8, 1), (6, 4, 3)],
    AT_ONCE: [tuple(range(10)), (), (), ()],
}

Read = Callable[[Tenant], dict[str, list[tuple[Any, ...]]]]


@pytest.fixture(scope="module")
def histories(
    settings: Settings, bronze: Any, behaviour: list[list[dict[str, Any]]], built: Read
) -> dict[Tenant, Any]:
    """Three tenants with the same behaviour and different orders of arrival, built after each arrival."""
    for step in range(4):
        for tenant, order in ORDERS.items():
            late = [] if tenant is AT_ONCE else behaviour[1][step::4]
            days = [e for day in order[step] for e in behaviour[day] if day != 1 or tenant is AT_ONCE]
            if days or late:
                bronze.upload(tenant, [*days, *late])
        build(settings)
    return {tenant: built(tenant) for tenant in ORDERS}


@pytest.mark.parametrize("tenant", [IN_ORDER, SHUFFLED], ids=str)
@pytest.mark.parametrize("table", DBT_TABLES, ids=lambda table: table.qualified)
def test_order_of_arrival_does_not_matter(histories: dict[Tenant, Any], tenant: Tenant, table: Any) -> None:
    assert histories[AT_ONCE][table.qualified], "nothing was built"
    assert histories[tenant][table.qualified] == histories[AT_ONCE][table.qualified]


def test_a_full_refresh_of_one_tenant_changes_nothing_for_anybody(
    histories: dict[Tenant, Any], settings: Settings, built: Read
) -> None:
    before = {tenant: built(tenant) for tenant in ORDERS}
    build(settings, SHUFFLED, full_refresh=True, all_tests=True)
    assert {tenant: built(tenant) for tenant in ORDERS} == before


def test_building_again_writes_nothing(
    histories: dict[Tenant, Any], settings: Settings, spark: SparkSession
) -> None:
    build(settings)
    before = {table: table_version(spark, table) for table in DBT_TABLES}
    report = build(settings)
    assert {table: report.tables[table.qualified].version for table in DBT_TABLES} == before


def test_a_late_event_rewrites_its_day_alone(
    histories: dict[Tenant, Any],
    settings: Settings,
    spark: SparkSession,
    bronze: Any,
    behaviour: list[list[Any]],
) -> None:
    late = {**behaviour[4][0], "event_id": "late", "user_id": "u1", "item_id": "i1", "event_type": "purchase"}
    before = {table: table_version(spark, table) for table in DAILY}
    bronze.upload(IN_ORDER, [late])
    build(settings, IN_ORDER)
    for table in DAILY:
        changed = spark.sql(
            "SELECT DISTINCT tenant_id, event_date "
            f"FROM table_changes('{table.qualified}', {before[table] + 1})"
        ).collect()
        assert {(row.tenant_id, row.event_date) for row in changed} <= {(IN_ORDER.name, late["event_date"])}
    assert isinstance(late["event_date"], dt.date)
