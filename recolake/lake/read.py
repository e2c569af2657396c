"""Reading tables the way everybody must: one tenant's rows, at a version if one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recolake.lake.catalog import missing_table, table_version
from recolake.lake.tables import Table
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True, slots=True)
class TableState:
    """Rows and latest Delta version of a table."""

    rows: int
    version: int


def read_tenant(
    spark: SparkSession, settings: Settings, table: Table, tenant: Tenant, version: int | None = None
) -> DataFrame:
    """One tenant's rows of a table, now or at a Delta version.

    Raises:
        TypeError: `tenant` is not a Tenant; a bare or missing name must not become an open filter.
        NotFoundError: there is no such table yet, or no such version.
    """
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F  # noqa: N812

    if not isinstance(tenant, Tenant):
        raise TypeError(f"read_tenant needs a Tenant, not {tenant!r}")
    reader = spark.read.format("delta")
    if version is not None:
        reader = reader.option("versionAsOf", version)
    try:
        rows = reader.load(table.location(settings))
        rows.columns  # noqa: B018  the schema is asked for here, so that a missing table is noticed here
    except AnalysisException as error:
        raise missing_table(table, version) from error
    return rows.where(F.col("tenant_id") == tenant.name)


def row_count(
    spark: SparkSession, settings: Settings, table: Table, tenant: Tenant, version: int | None = None
) -> int:
    """Rows of one tenant in a table."""
    return read_tenant(spark, settings, table, tenant, version).count()


def table_states(
    spark: SparkSession,
    tables: Sequence[Table],
    tenant: Tenant | None = None,
    settings: Settings | None = None,
) -> dict[str, TableState]:
    """Rows (of the tenant, or of all) and version of each of the tables that exist, by name.

    `settings` makes it quicker on a local disk (see `table_version`).
    """
    from pyspark.sql import functions as F  # noqa: N812

    layers = {table.layer for table in tables}
    known = {
        f"{layer}.{row.tableName}"
        for layer in layers
        for row in spark.sql(f"SHOW TABLES IN {layer}").collect()
    }
    there = [table for table in tables if table.qualified in known]
    if not there:
        return {}
    counts = None
    for table in there:
        rows = spark.table(table.qualified)
        if tenant is not None:
            rows = rows.where(F.col("tenant_id") == tenant.name)
        counted = rows.agg(F.count("*").alias("rows")).select(F.lit(table.qualified).alias("name"), "rows")
        counts = counted if counts is None else counts.unionAll(counted)
    assert counts is not None
    found = {row["name"]: row["rows"] for row in counts.collect()}
    return {t.qualified: TableState(found[t.qualified], table_version(spark, t, settings)) for t in there}
