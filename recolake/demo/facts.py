"""What the lake holds of one tenant: row accounting, rows and versions of each table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recolake.demo.report import Rows, TableState
from recolake.lake.catalog import table_version
from recolake.lake.tables import ALL_TABLES, BRONZE_INGESTS
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def row_accounting(spark: SparkSession, tenant: Tenant) -> Rows:
    """Sums over every file the tenant ever had ingested: a second run finds the same."""
    totals = spark.sql(
        f"""SELECT coalesce(sum(rows_in), 0) AS rows_in, coalesce(sum(accepted), 0) AS accepted,
                   coalesce(sum(repeats), 0) AS repeats, coalesce(sum(quarantined), 0) AS quarantined
            FROM {BRONZE_INGESTS.qualified} WHERE tenant_id = :tenant""",  # noqa: S608
        args={"tenant": tenant.name},
    ).first()
    assert totals is not None
    reasons = spark.sql(
        f"""SELECT reason, sum(n) AS n
            FROM {BRONZE_INGESTS.qualified} LATERAL VIEW explode(reasons) AS reason, n
            WHERE tenant_id = :tenant
            GROUP BY reason ORDER BY reason""",  # noqa: S608
        args={"tenant": tenant.name},
    ).collect()
    return Rows.model_validate(
        {
            "in": totals.rows_in,
            "accepted": totals.accepted,
            "repeats": totals.repeats,
            "quarantined": totals.quarantined,
            "reasons": {row.reason: row.n for row in reasons},
        }
    )


def table_states(spark: SparkSession, tenant: Tenant) -> dict[str, TableState]:
    """The tenant's rows in every table, in one query, and each table's latest Delta version."""
    counts = " UNION ALL ".join(
        f"SELECT '{t.qualified}' AS name, count(*) AS n FROM {t.qualified} WHERE tenant_id = :tenant"  # noqa: S608
        for t in ALL_TABLES
    )
    rows = {row["name"]: int(row["n"]) for row in spark.sql(counts, args={"tenant": tenant.name}).collect()}
    return {
        t.qualified: TableState(rows=rows[t.qualified], version=table_version(spark, t)) for t in ALL_TABLES
    }
