"""Which rows of an upload are in quarantine, and what became of those that were repaired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recolake.errors import RecolakeError
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPAIRS, BRONZE_REPEATS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Place = tuple[str, int]
"""File and line of a row in its upload."""
_KEYS = ("upload_id", "source_file", "source_line")


class QuarantineError(RecolakeError):
    """Rows of the quarantine cannot be exported or replayed as asked."""

    code = "quarantine"
    status = 422


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Rows of an upload with one reason; of them so many were sent again, and so many are good since."""

    upload_id: str
    reason: str
    rows: int
    replayed: int
    repaired: int


def count_by_reason(spark: SparkSession, settings: Settings, tenant: Tenant) -> list[ReasonCount]:
    """By upload and reason; a row with two reasons counts under both."""
    from pyspark.sql import functions as F  # noqa: N812

    rows = read_tenant(spark, settings, BRONZE_QUARANTINE, tenant).select(*_KEYS, "reasons", "ingested_at")
    links = read_tenant(spark, settings, BRONZE_REPAIRS, tenant).groupBy(*_KEYS)
    latest = links.agg(F.max(F.struct("repair_id", "repair_line")).alias("repair"))
    good = _places(spark, settings, tenant).withColumn("is_good", F.lit(True))
    found = (
        rows.join(latest, list(_KEYS), "left")
        .join(
            good,
            (F.col("repair.repair_id") == good["good_upload"])
            & (F.col("repair.repair_line") == good["good_line"]),
            "left",
        )
        .select("upload_id", "ingested_at", F.explode("reasons").alias("reason"), "repair", "is_good")
        .groupBy("upload_id", "ingested_at", "reason")
        .agg(F.count("*").alias("n"), F.count("repair").alias("again"), F.count("is_good").alias("good"))
        .orderBy("ingested_at", "upload_id", F.desc("n"), "reason")
        .collect()
    )
    return [ReasonCount(r["upload_id"], r["reason"], r["n"], r["again"], r["good"]) for r in found]


def outstanding(
    spark: SparkSession, settings: Settings, tenant: Tenant, upload_id: str
) -> Mapping[Place, list[str]]:
    """Reasons of the quarantined rows of an upload that nobody sent again, by their place."""
    from pyspark.sql import functions as F  # noqa: N812

    links = read_tenant(spark, settings, BRONZE_REPAIRS, tenant).select(*_KEYS)
    rows = read_tenant(spark, settings, BRONZE_QUARANTINE, tenant).where(F.col("upload_id") == upload_id)
    found = rows.join(links, list(_KEYS), "left_anti").select("source_file", "source_line", "reasons")
    return {(row["source_file"], row["source_line"]): list(row["reasons"]) for row in found.collect()}


def _places(spark: SparkSession, settings: Settings, tenant: Tenant) -> DataFrame:
    """Where rows stand that are in silver, or repeat one that is."""
    from pyspark.sql import functions as F  # noqa: N812

    repairs = read_tenant(spark, settings, BRONZE_REPAIRS, tenant)
    repaired = repairs.select(F.col("repair_id").alias("upload_id")).distinct()
    tables = (read_tenant(spark, settings, table, tenant) for table in (BRONZE_EVENTS, BRONZE_REPEATS))
    events, repeats = (rows.join(repaired, "upload_id").select("upload_id", "source_line") for rows in tables)
    names = {"upload_id": "good_upload", "source_line": "good_line"}
    return events.unionAll(repeats).withColumnsRenamed(names)
