"""Row accounting of one tenant, over everything it ever uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recolake.demo.report import Rows
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def row_accounting(spark: SparkSession, settings: Settings, tenant: Tenant) -> Rows:
    """Sums over every file the tenant ever had ingested: a second run finds the same."""
    from pyspark.sql import functions as F  # noqa: N812

    files = read_tenant(spark, settings, BRONZE_INGESTS, tenant)
    numbers = ("rows_in", "accepted", "repeats", "quarantined")
    totals = files.agg(*(F.coalesce(F.sum(name), F.lit(0)).alias(name) for name in numbers)).collect()[0]
    reasons = (
        files.select(F.explode("reasons").alias("reason", "n"))
        .groupBy("reason")
        .agg(F.sum("n").alias("n"))
        .orderBy("reason")
        .collect()
    )
    return Rows.model_validate(
        {
            "in": totals["rows_in"],
            "accepted": totals["accepted"],
            "repeats": totals["repeats"],
            "quarantined": totals["quarantined"],
            "reasons": {row["reason"]: row["n"] for row in reasons},
        }
    )
