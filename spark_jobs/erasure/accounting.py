"""The accounting of uploads after an erasure: it counts the rows that are there, as every build tests."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from recolake.contracts.sql_text import identifier, literal
from recolake.lake.read import read_tenant
from recolake.lake.tables import (
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_ITEMS,
    BRONZE_QUARANTINE,
    BRONZE_REPEATS,
    BRONZE_UPLOADS,
    BRONZE_USERS,
    Table,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from spark_jobs.erasure.rows import lake_path

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_COUNTS = {
    "accepted": (BRONZE_EVENTS, BRONZE_ITEMS, BRONZE_USERS),
    "quarantined": (BRONZE_QUARANTINE,),
    "repeats": (BRONZE_REPEATS,),
}
_SOURCE = "recolake_recounted"


def recount(spark: SparkSession, settings: Settings, tenant: Tenant) -> int:
    """Have `bronze.ingests` and `bronze.uploads` say how many rows there are; gives the files that changed.

    Counted anew from the rows themselves, so that a rerun after a kill comes to the same.
    """
    ingests = read_tenant(spark, settings, BRONZE_INGESTS, tenant).select(
        "upload_id", "source_file", *(F.col(name).alias(f"{name}_said") for name in _COUNTS)
    )
    found = _found(spark, settings, tenant)
    counted = ingests.join(found, ["upload_id", "source_file"], "left").fillna(0, list(_COUNTS))
    differs = reduce(lambda one, other: one | other, (F.col(n) != F.col(f"{n}_said") for n in _COUNTS))
    changed = counted.where(differs).drop(*(f"{name}_said" for name in _COUNTS)).toArrow()
    if changed.num_rows:
        fresh = spark.createDataFrame(changed)
        _merge(spark, settings, tenant, BRONZE_INGESTS, fresh, ("upload_id", "source_file"))
    return int(changed.num_rows) + _recount_uploads(spark, settings, tenant)


def _recount_uploads(spark: SparkSession, settings: Settings, tenant: Tenant) -> int:
    """Uploads whose counts are not the sums of their files'. Those from before there were scores have no
    row."""
    sums = [F.sum(name).alias(f"{name}_sum") for name in _COUNTS]
    by_upload = read_tenant(spark, settings, BRONZE_INGESTS, tenant).groupBy("upload_id").agg(*sums)
    said = read_tenant(spark, settings, BRONZE_UPLOADS, tenant).select("upload_id", *_COUNTS)
    differs = reduce(lambda one, other: one | other, (F.col(n) != F.col(f"{n}_sum") for n in _COUNTS))
    wrong = said.join(by_upload, "upload_id").where(differs)
    changed = wrong.select("upload_id", *(F.col(f"{n}_sum").alias(n) for n in _COUNTS)).toArrow()
    if changed.num_rows:
        _merge(spark, settings, tenant, BRONZE_UPLOADS, spark.createDataFrame(changed), ("upload_id",))
    return 0


def _found(spark: SparkSession, settings: Settings, tenant: Tenant) -> DataFrame:
    """Rows by upload and file, under the names of the counts."""
    frames = [
        read_tenant(spark, settings, table, tenant).select(
            "upload_id", "source_file", *(F.lit(int(name == each)).alias(each) for each in _COUNTS)
        )
        for name, tables in _COUNTS.items()
        for table in tables
    ]
    sums = [F.sum(name).alias(name) for name in _COUNTS]
    return reduce(DataFrame.unionAll, frames).groupBy("upload_id", "source_file").agg(*sums)


def _merge(
    spark: SparkSession,
    settings: Settings,
    tenant: Tenant,
    table: Table,
    fresh: DataFrame,
    keys: tuple[str, ...],
) -> None:
    fresh.createOrReplaceTempView(_SOURCE)
    target = identifier(str(lake_path(table, settings)))
    match = " AND ".join(f"t.{key} = s.{key}" for key in keys)
    total = " + ".join(f"s.{name}" for name in _COUNTS)
    values = ", ".join(f"{name} = s.{name}" for name in _COUNTS)
    spark.sql(
        f"MERGE INTO delta.{target} AS t USING {_SOURCE} AS s "
        f"ON t.tenant_id = {literal(tenant.name)} AND {match} "
        f"WHEN MATCHED THEN UPDATE SET {values}, rows_in = {total}"
    ).collect()
    spark.catalog.dropTempView(_SOURCE)
