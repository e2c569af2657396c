"""Building day by day, in any order of arrival, gives what building everything at once gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from recolake.lake.catalog import table_version
from recolake.lake.read import read_tenant
from recolake.lake.tables import (
    DBT_TABLES,
    GOLD_INTERACTIONS,
    GOLD_ITEM_DAYS,
    GOLD_TRAINING_SET,
    SILVER_EVENTS,
    SILVER_ITEMS,
    SILVER_USERS,
    Table,
)
from recolake.settings import Settings
from recolake.transform.build import build

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAILY = (SILVER_EVENTS, GOLD_INTERACTIONS, GOLD_ITEM_DAYS, GOLD_TRAINING_SET)


@pytest.mark.parametrize("order", ["in-order", "shuffled", "looks-first"])
@pytest.mark.parametrize("table", DBT_TABLES, ids=lambda table: table.qualified)
def test_order_of_arrival_does_not_matter(arrivals: Any, order: str, table: Table) -> None:
    at_once = arrivals.tables["at-once"][table.qualified]
    assert at_once, "nothing was built"
    assert arrivals.tables[order][table.qualified] == at_once


def test_of_what_is_stated_the_latest_wins(arrivals: Any, spark: SparkSession, settings: Settings) -> None:
    def attributes(table: Table, of: str) -> dict[str, Any]:
        rows = read_tenant(spark, settings, table, arrivals.tenants["shuffled"]).collect()
        return {row[of]: row for row in rows}

    items = attributes(SILVER_ITEMS, "item_id")
    assert [items[f"i{n}"].attributes["shelf"] for n in range(3)] == ["s9", "s7", "s8"]
    assert (items["told"].title, items["told"].price, items["told"].is_goods) == ("T9", 9, True)
    assert attributes(SILVER_USERS, "user_id")["u1"].attributes["tier"] == "t9"


def test_a_full_refresh_of_one_tenant_changes_nothing_for_anybody(
    arrivals: Any, settings: Settings, built: Any
) -> None:
    tenants = arrivals.tenants.values()
    before = built.of(tenants)
    build(settings, arrivals.tenants["shuffled"], full_refresh=True, all_tests=True)
    assert built.of(tenants) == before


def test_a_late_event_rewrites_its_day_alone(
    arrivals: Any, settings: Settings, spark: SparkSession, bronze: Any, behaviour: list[list[Any]]
) -> None:
    late = {**behaviour[4][0], "event_id": "late", "user_id": "u1", "item_id": "i1", "event_type": "purchase"}
    before = {table: table_version(spark, table) for table in DAILY}
    tenant = arrivals.tenants["in-order"]
    bronze.upload(tenant, [late])
    build(settings, tenant)
    for table in DAILY:
        changed = spark.sql(
            "SELECT DISTINCT tenant_id, event_date "
            f"FROM table_changes('{table.qualified}', {before[table] + 1})"
        ).collect()
        assert {(row.tenant_id, row.event_date) for row in changed} <= {(tenant.name, late["event_date"])}
