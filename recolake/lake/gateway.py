"""The read-only way to the lake for a tenant's people: their rows, one query at a time."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from recolake.errors import InvalidInputError
from recolake.lake.catalog import table_exists
from recolake.lake.read import read_tenant
from recolake.lake.sql_guard import DescribeTable, ShowTables, guard
from recolake.lake.tables import ALL_TABLES
from recolake.settings import Settings
from recolake.tenancy.context import Tenant

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

MAX_ROWS = 100_000


class SqlFailedError(InvalidInputError):
    """The query was allowed but the engine could not run it."""

    code = "sql_failed"


def query_tenant(
    spark: SparkSession, settings: Settings, tenant: Tenant, sql: str, limit: int = 1000
) -> pa.Table:
    """Run one read-only statement over one tenant's rows.

    Args:
        limit: rows to return at most, 1 to `MAX_ROWS`.

    Raises:
        RefusedSqlError: the statement is not a plain query over the tenant's tables.
        SqlFailedError: the engine refused it, for instance for a column that is not there.
    """
    import pyarrow as pa
    from pyspark.errors import PySparkException

    if not 1 <= limit <= MAX_ROWS:
        raise InvalidInputError(f"The limit must be 1 to {MAX_ROWS:,}.", field="limit")
    token = f"t{secrets.token_hex(8)}"
    asked = guard(sql, token)
    if isinstance(asked, ShowTables):
        there = [table for table in ALL_TABLES if table_exists(spark, table)]
        return pa.table({"table": [t.qualified for t in there], "comment": [t.comment for t in there]})
    if isinstance(asked, DescribeTable):
        fields = read_tenant(spark, settings, asked.table, tenant).schema.fields
        return pa.table(
            {
                "column": [f.name for f in fields],
                "type": [f.dataType.simpleString() for f in fields],
                "comment": [f.metadata.get("comment", "") for f in fields],
            }
        )
    views = [source.view for source in asked.sources]
    try:
        for source in asked.sources:
            read_tenant(spark, settings, source.table, tenant, source.version).createTempView(source.view)
        found: pa.Table = spark.sql(asked.sql).limit(limit).toArrow()
    except PySparkException as error:
        raise SqlFailedError(
            _without_names(str(error), token), hint="`DESCRIBE table` lists a table's columns."
        ) from error
    finally:
        for view in views:
            spark.catalog.dropTempView(view)
    return found


def _without_names(message: str, token: str) -> str:
    """The engine's first sentence, without our names for its views."""
    first = message.split("JVM stacktrace")[0].split("== SQL")[0].split(";\n")[0]
    return " ".join(first.replace(f"`{token}", "`view").split())[:500]
