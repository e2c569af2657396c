"""Rows of people: found and removed by joins, so that no statement's text, which Delta logs, names
anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from recolake.contracts.sql_text import identifier, literal
from recolake.lake.read import read_tenant
from recolake.lake.tables import Table
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import PSEUDONYM_HEX_DIGITS
from spark_jobs.erasure.tables import PERSONAL, Way

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PLACE = ("upload_id", "source_file", "source_line")
"""Where a row comes from; within one table no two rows share it."""
_SOURCE = "recolake_erasure"
_PERSON, _OWN = "person", "own"
# Hidden rows would have to be purged afterwards: files are written anew at once. And Delta would keep the
# source of the merge, the very pseudonyms, on the engine's disk for as long as the session lives.
_MERGE_SETTINGS = {
    "spark.databricks.delta.merge.deletionVectors.persistent": "false",
    "spark.databricks.delta.merge.materializeSource": "none",
}


def lake_path(table: Table, settings: Settings) -> Path:
    """Where a table lies on the disk."""
    return Path(table.location(settings).removeprefix("file://"))


def people_frame(spark: SparkSession, people: Iterable[str]) -> DataFrame:
    """[person]: the pseudonyms, as rows and not as text of a query."""
    return spark.createDataFrame(pa.table({_PERSON: pa.array(sorted(people), pa.string())}))


def named_rows(rows: DataFrame, people: DataFrame, way: Way) -> DataFrame:
    """Rows of a table that name one of the people; of records: `PLACE`, and whether the row is their `own`.

    A row without a person is taken for their own where its record names them.
    """
    if way is not Way.RECORDS:
        return rows.join(F.broadcast(people), F.col("user_id") == F.col(_PERSON), "left_semi")
    tokens = F.regexp_extract_all("raw_record", F.lit(f"[0-9a-f]{{{PSEUDONYM_HEX_DIGITS}}}"), F.lit(0))
    named = F.array_compact(F.array_union(F.array("user_id"), tokens))
    by_token = rows.select(*PLACE, "user_id", F.explode(named).alias("token"))
    found = by_token.join(F.broadcast(people), F.col("token") == F.col(_PERSON))
    own = F.col("user_id").isNull() | (F.col("user_id") == F.col(_PERSON))
    return found.groupBy(*PLACE).agg(F.max(own).alias(_OWN))


def count_named(
    spark: SparkSession, settings: Settings, tenant: Tenant, people: DataFrame, tables: Sequence[Table]
) -> dict[Table, int]:
    """Rows by table that name one of the people, in one query."""
    if not tables:
        return {}
    counted = [
        named_rows(read_tenant(spark, settings, table, tenant), people, PERSONAL[table])
        .agg(F.count("*").alias("rows"))
        .select(F.lit(table.qualified).alias("name"), "rows")
        for table in tables
    ]
    found = {row["name"]: row["rows"] for row in reduce(DataFrame.unionAll, counted).collect()}
    return {table: found[table.qualified] for table in tables}


def places_of(
    spark: SparkSession, settings: Settings, tenant: Tenant, people: DataFrame, tables: Sequence[Table]
) -> dict[str, dict[str, set[int]]]:
    """Lines of raw files that name one of the people, by upload and file."""
    frames = [
        named_rows(read_tenant(spark, settings, table, tenant), people, PERSONAL[table]).select(*PLACE)
        for table in tables
    ]
    return lines_of(reduce(DataFrame.unionAll, frames)) if frames else {}


def lines_of(places: DataFrame) -> dict[str, dict[str, set[int]]]:
    """`PLACE` as lines by upload and file."""
    found: dict[str, dict[str, set[int]]] = {}
    for row in places.select(*PLACE).distinct().toLocalIterator():
        found.setdefault(row[0], {}).setdefault(row[1], set()).add(row[2])
    return found


def remove(spark: SparkSession, settings: Settings, tenant: Tenant, table: Table, people: DataFrame) -> None:
    """Let a table go of the people, file by file that holds them."""
    way = PERSONAL[table]
    target = f"delta.{identifier(str(lake_path(table, settings)))}"
    owner = f"t.tenant_id = {literal(tenant.name)}"
    if way is Way.RECORDS:
        source = named_rows(read_tenant(spark, settings, table, tenant), people, way)
        match = " AND ".join(f"t.{column} = d.{column}" for column in PLACE)
        then = (
            f"WHEN MATCHED AND d.{_OWN} THEN DELETE "
            """WHEN MATCHED THEN UPDATE SET raw_record = '{"record":"erased"}'"""
        )
    else:
        source, match = people, f"t.user_id = d.{_PERSON}"
        keeps = "UPDATE SET user_id = NULL, item_ids = CAST(array() AS ARRAY<STRING>)"
        then = f"WHEN MATCHED THEN {keeps if way is Way.NAMES else 'DELETE'}"
    source.createOrReplaceTempView(_SOURCE)
    for name, value in _MERGE_SETTINGS.items():
        spark.conf.set(name, value)
    try:
        spark.sql(f"MERGE INTO {target} AS t USING {_SOURCE} AS d ON {owner} AND {match} {then}").collect()
    finally:
        for name in _MERGE_SETTINGS:
            spark.conf.unset(name)
        spark.catalog.dropTempView(_SOURCE)


def present(settings: Settings, tables: Mapping[Table, Way] = PERSONAL) -> list[Table]:
    """Tables of people that hold, or held, any rows."""
    from spark_jobs.erasure.cut import holds_data

    return [table for table in tables if holds_data(lake_path(table, settings))]
