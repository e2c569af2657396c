"""Rows weighed with old weights do not stay, whenever the run that replaces them is killed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from recolake.lake.tables import DBT_TABLES, GOLD_INTERACTIONS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.build import SEED_FILE, build
from recolake.transform.run_dbt import dbt_to_oneself, run_dbt
from recolake.transform.weights import SeedState, fingerprint, seed_state

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST, SECOND = Tenant("first-weighed"), Tenant("second-weighed")


@pytest.fixture(scope="module")
def _weighed(settings: Settings, bronze: Any, behaviour: list[list[dict[str, Any]]]) -> None:
    bronze.uploads((tenant, behaviour[3]) for tenant in (FIRST, SECOND))
    build(settings, FIRST)


@pytest.mark.usefixtures("_weighed")
def test_weights_that_differ_from_the_lakes_are_noticed(spark: SparkSession, tmp_path: Path) -> None:
    other = tmp_path / "weights.csv"
    other.write_text(SEED_FILE.read_text().replace("view,0.2", "view,0.25"))
    assert seed_state(spark, DBT_TABLES, fingerprint(other)) is SeedState.CHANGED
    assert seed_state(spark, DBT_TABLES, fingerprint(SEED_FILE)) is SeedState.CURRENT


@pytest.mark.usefixtures("_weighed")
def test_a_run_killed_once_the_new_weights_were_loaded_is_made_good_for_everybody(
    settings: Settings, spark: SparkSession, built: Any
) -> None:
    with dbt_to_oneself(settings):
        # The first thing that a run with new weights does, and this one nothing more.
        run_dbt(settings, spark, ["seed", "--full-refresh"])
    report = build(settings, FIRST)
    assert report.full_refresh
    assert {FIRST.name, SECOND.name} <= set(report.tenants)
    assert built.rows(SECOND, GOLD_INTERACTIONS)

    again = build(settings, FIRST)
    assert not again.full_refresh
    assert again.tenants == (FIRST.name,)
