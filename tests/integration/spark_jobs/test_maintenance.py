"""Maintenance takes what nobody can ask for any more, and nothing else, beside readers and writers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from recolake.contracts.sql_text import identifier
from recolake.endpoints import resolve
from recolake.lake.tables import Layer, Table
from recolake.ranking.manifest import MANIFEST_FILE, BlendWeights, Manifest, RankingConfig
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.directory import tenants_snapshot
from spark_jobs.maintenance.retention import Retention
from spark_jobs.maintenance.run import maintain

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOTHING = Retention(timedelta(0), timedelta(0))
PINNED = Table(Layer.REFERENCE, "maintained_pinned", "A model was trained on it", ())
FREE = Table(Layer.REFERENCE, "maintained_free", "No model was trained on it", ())
BUSY = Table(Layer.REFERENCE, "maintained_busy", "Is written and read meanwhile", ())
WEIGHTS = BlendWeights(vector=1, popularity=0, own=0)


@pytest.fixture
def own(platform: Settings, tmp_path: Path) -> Settings:
    """A lake and a set of tenants of this test's own, on the engine of all."""
    return platform.model_copy(update={"home": tmp_path, "spark_url": resolve(platform, "spark")})


def _files(settings: Settings, table: Table) -> set[str]:
    return {path.name for path in Path(table.location(settings)).glob("*.parquet")}


def _append(spark: SparkSession, settings: Settings, table: Table, first: int, rows: int) -> None:
    frame = spark.range(first, first + rows, 1, 1)
    frame.write.format("delta").mode("append").save(table.location(settings))


def _rows(spark: SparkSession, settings: Settings, table: Table, version: int) -> int:
    reader = spark.read.format("delta").option("versionAsOf", version)
    return reader.load(table.location(settings)).count()


def _model(settings: Settings, tenant: Tenant, inputs: dict[str, int]) -> None:
    """A model of this tenant that was trained on these table versions."""
    manifest = Manifest(
        tenant_id=tenant.name,
        model_name="m",
        model_version="v1",
        mlflow_run_id="r",
        dimension=1,
        count=1,
        users=0,
        created_at=datetime.now(UTC),
        code_version="c",
        config={},
        seed=0,
        inputs=inputs,
        uploads=[],
        ranking=RankingConfig(new_items=WEIGHTS, all_items=WEIGHTS),
        canaries=[],
        files={},
    )
    folder = settings.index_root / tenant.name / "v1"
    folder.mkdir(parents=True)
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json())
    snapshot = tenants_snapshot(settings)
    snapshot.parent.mkdir(parents=True)
    snapshot.write_text(json.dumps([tenant.name]))


@pytest.fixture
def _two_tables(spark: SparkSession, own: Settings) -> None:
    """Each of 5 commits; a model was trained on version 1 of one of them."""
    for table in (PINNED, FREE):
        for number in range(5):
            _append(spark, own, table, 10 * number, 10)
    _model(own, Tenant("maintained"), {PINNED.qualified: 1})


@pytest.mark.usefixtures("_two_tables")
def test_old_versions_go_but_for_those_that_models_were_trained_on(
    spark: SparkSession, own: Settings
) -> None:
    pinned, free = maintain(own, (PINNED, FREE), usual=NOTHING)
    assert (pinned.files_before, pinned.files_after) == (free.files_before, free.files_after) == (5, 1)
    assert (pinned.pinned, free.pinned) == (1, None)
    assert (pinned.removed, free.removed) == (0, 5)
    assert _rows(spark, own, PINNED, 1) == 20
    assert len(_files(own, FREE)) == 1
    current = spark.sql(f"SELECT * FROM delta.{identifier(FREE.location(own))}")
    assert sorted(row.id for row in current.collect()) == list(range(50))


@pytest.mark.usefixtures("_two_tables")
def test_doing_it_again_changes_nothing(own: Settings) -> None:
    maintain(own, (PINNED, FREE), usual=NOTHING)
    before = {table: _files(own, table) for table in (PINNED, FREE)}
    again = maintain(own, (PINNED, FREE), usual=NOTHING)
    assert [each.removed for each in again] == [0, 0]
    assert {table: _files(own, table) for table in (PINNED, FREE)} == before


def test_writers_and_a_long_reader_notice_nothing(spark: SparkSession, own: Settings) -> None:
    """Ten writers append while the table is compacted and vacuumed; a reader stays at its first version."""
    _append(spark, own, BUSY, 0, 10)
    with ThreadPoolExecutor(12) as pool:
        writes = [pool.submit(_append, spark, own, BUSY, 10 * n, 10) for n in range(1, 11)]
        tending = [pool.submit(maintain, own, (BUSY,)) for _ in range(2)]
        reads = [_rows(spark, own, BUSY, 0) for _ in range(5)]
        for job in (*writes, *tending):
            job.result()
    assert reads == [10] * 5
    current = spark.read.format("delta").load(BUSY.location(own))
    assert sorted(row.id for row in current.collect()) == list(range(110))
    assert _rows(spark, own, BUSY, 0) == 10
