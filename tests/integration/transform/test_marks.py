"""Builds know how far they got: what they took in they do not take in again, whatever there was in it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recolake.lake.catalog import table_version
from recolake.lake.tables import BUILD_MARKS, DBT_TABLES, SILVER_EVENTS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.build import build

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ODD, OVERLAP = Tenant("odd-uploads"), Tenant("overlap")
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def purchases(behaviour: list[Rows]) -> Rows:
    """Purchases by people of items that are goods, all on one day."""
    return [
        {
            **event,
            "event_type": "purchase",
            "user_id": f"u{n % 3}",
            "item_id": f"i{n % 5}",
            "item_attributes": {},
        }
        for n, event in enumerate(behaviour[2])
    ]


@pytest.fixture(scope="module")
def odd(settings: Settings, bronze: Any, purchases: Rows) -> Tenant:
    """A tenant with an ordinary day."""
    bronze.upload(ODD, purchases)
    build(settings, ODD)
    return ODD


def test_building_again_writes_nothing_after_uploads_with_nothing_for_some_table(
    odd: Tenant, settings: Settings, spark: SparkSession, bronze: Any, purchases: Rows
) -> None:
    event = purchases[0]
    postage = {"item_id": "post", "item_attributes": {"is_goods": "false"}}
    odd_ones = [
        {**event, "event_id": "returned", "event_type": "return", "item_id": "i2"},
        {**event, "event_id": "no goods", **postage},
        {**event, "event_id": "anonymous", "user_id": None},
    ]
    bronze.uploads((odd, [row]) for row in odd_ones)
    bronze.upload(odd, [], quarantined=2)
    build(settings, odd)
    before = {table: table_version(spark, table, settings) for table in (*DBT_TABLES, BUILD_MARKS)}
    build(settings, odd)
    assert {table: table_version(spark, table, settings) for table in before} == before


def test_lost_marks_cost_work_and_nothing_else(
    odd: Tenant, settings: Settings, bronze: Any, purchases: Rows, built: Any
) -> None:
    before = built.rows(odd, SILVER_EVENTS)
    shutil.rmtree(Path(BUILD_MARKS.location(settings).removeprefix("file://")))
    bronze.upload(odd, [{**purchases[0], "event_id": "after the loss", "item_id": "i9"}])
    build(settings, odd, select=[SILVER_EVENTS.qualified])
    after = built.rows(odd, SILVER_EVENTS)
    assert len(after) == len(before) + 1
    assert set(before) < set(after)


def test_what_is_ingested_during_a_build_is_left_to_the_next(
    settings: Settings, bronze: Any, purchases: Rows, built: Any
) -> None:
    parts = [purchases[:8], purchases[8:16], purchases[16:]]

    def land_the_next(line: str) -> None:
        if line.startswith(f"{SILVER_EVENTS.qualified} "):
            bronze.upload(OVERLAP, parts.pop(0))

    bronze.upload(OVERLAP, parts.pop(0))
    for expected in (8, 16):
        build(settings, OVERLAP, progress=land_the_next)
        assert len(built.rows(OVERLAP, SILVER_EVENTS)) == expected
    assert not parts
