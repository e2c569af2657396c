"""A table is computed anew where its columns are others than its model's, and nowhere else."""

from __future__ import annotations

import pytest

from recolake.lake.tables import DBT_TABLES, GOLD_POPULARITY, GOLD_USER_FEATURES, SILVER_ITEMS
from recolake.transform.columns import declared_columns, outgrown
from recolake.transform.news import model_name
from recolake.transform.run_dbt import DBT_PROJECT


@pytest.fixture(scope="module")
def declared() -> dict[str, frozenset[str]]:
    return declared_columns(DBT_PROJECT / "models" / "marts")


def test_the_columns_of_every_table_are_declared(declared: dict[str, frozenset[str]]) -> None:
    for table in DBT_TABLES:
        assert {"tenant_id", "ingested_at"} <= declared[model_name(table)], table.qualified


def test_tables_with_the_declared_columns_stay(declared: dict[str, frozenset[str]]) -> None:
    assert outgrown({table: declared[model_name(table)] for table in DBT_TABLES}, declared) == {}


def test_a_table_from_before_a_column_or_from_after_it_was_dropped_is_told_by_it(
    declared: dict[str, frozenset[str]],
) -> None:
    whole = {table: declared[model_name(table)] for table in (GOLD_USER_FEATURES, SILVER_ITEMS)}
    old = {
        **whole,
        GOLD_USER_FEATURES: whole[GOLD_USER_FEATURES] - {"history_days"},
        GOLD_POPULARITY: declared[model_name(GOLD_POPULARITY)] | {"dropped"},
    }
    assert outgrown(old, declared) == {
        GOLD_USER_FEATURES: frozenset({"history_days"}),
        GOLD_POPULARITY: frozenset({"dropped"}),
    }
