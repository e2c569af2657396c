"""The engine's catalogue is a cache of the registry: `register_tables` brings back what it lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recolake.contracts.sql_text import identifier, literal
from recolake.errors import NotFoundError
from recolake.lake.tables import ALL_TABLES, EVENT_WEIGHTS, PYTHON_TABLES, Layer, Table
from recolake.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# Under this and its name Delta keeps a constraint among the properties of a table.
_CONSTRAINT = "delta.constraints."


def create_statement(table: Table, settings: Settings) -> str:
    """DDL of a table that Python writes."""
    columns = ", ".join(
        f"{c.name} {c.type}{' NOT NULL' if c.required else ''} COMMENT {literal(c.comment)}"
        for c in table.columns
    )
    constraints = {f"{_CONSTRAINT}{name}": condition for name, condition in table.constraints}
    stated = sorted((table.properties | constraints).items())
    properties = ", ".join(f"{literal(key)} = {literal(value)}" for key, value in stated)
    return (
        f"CREATE TABLE IF NOT EXISTS {table.qualified} ({columns}) USING DELTA "
        f"COMMENT {literal(table.comment)} CLUSTER BY ({', '.join(table.cluster_by)}) "
        f"TBLPROPERTIES ({properties}) LOCATION {literal(table.location(settings))}"
    )


def register_tables(spark: SparkSession, settings: Settings) -> list[str]:
    """Make every table known to the engine: create those that Python writes, find again those that dbt built.

    Returns the names of tables whose data was there but unknown to the catalogue.
    """
    for layer in Layer:
        location = literal(f"{settings.lake_root}/{layer}")
        spark.sql(f"CREATE SCHEMA IF NOT EXISTS {layer} LOCATION {location}")
    known = {
        f"{layer}.{row.tableName}"
        for layer in Layer
        for row in spark.sql(f"SHOW TABLES IN {layer}").collect()
    }
    recovered = []
    for table in (*ALL_TABLES, EVENT_WEIGHTS):
        if table.qualified in known:
            bring_up_to_date(spark, table)
            continue
        if is_delta(spark, table.location(settings)):
            spark.sql(
                f"CREATE TABLE {table.qualified} USING DELTA LOCATION {literal(table.location(settings))}"
            )
            bring_up_to_date(spark, table)
            recovered.append(table.qualified)
        elif table in PYTHON_TABLES:
            spark.sql(create_statement(table, settings))
    return recovered


def bring_up_to_date(spark: SparkSession, table: Table) -> None:
    """Give a table that an earlier version made what the registry has asked for since."""
    add_later_columns(spark, table)
    add_constraints(spark, table)


def add_constraints(spark: SparkSession, table: Table) -> None:
    """Have Delta refuse rows that break a constraint; a table that lacks columns is left as it is."""
    if not table.constraints:
        return
    rows = spark.sql(f"SHOW TBLPROPERTIES {table.qualified}").collect()
    there = {row["key"] for row in rows}
    missing = [c for c in table.constraints if f"{_CONSTRAINT}{c[0]}" not in there]
    if missing and {c.name for c in table.columns} <= set(spark.table(table.qualified).columns):
        for name, condition in missing:
            spark.sql(f"ALTER TABLE {table.qualified} ADD CONSTRAINT {name} CHECK ({condition})")


def add_later_columns(spark: SparkSession, table: Table) -> None:
    """Give a table that was made before they were thought of its later columns."""
    later = [column for column in table.columns if column.later]
    there = set(spark.table(table.qualified).columns) if later else set()
    fresh = [column for column in later if column.name not in there]
    if fresh:
        added = ", ".join(f"{c.name} {c.type} COMMENT {literal(c.comment)}" for c in fresh)
        spark.sql(f"ALTER TABLE {table.qualified} ADD COLUMNS ({added})")


def is_delta(spark: SparkSession, location: str) -> bool:
    """Whether a Delta table lies there, known to the catalogue or not."""
    from pyspark.errors import AnalysisException

    try:
        spark.sql(f"DESCRIBE DETAIL delta.{identifier(location)}").collect()
    except AnalysisException:
        return False
    return True


def missing_table(table: Table, version: int | None = None) -> NotFoundError:
    """The error that says who makes the table."""
    which = "" if version is None else f" at version {version}"
    maker = "Make it with `recolake up`." if table in PYTHON_TABLES else "Build it with `recolake build`."
    return NotFoundError(f"There is no table {table.qualified}{which}.", hint=maker)


def table_version(spark: SparkSession, table: Table, settings: Settings | None = None) -> int:
    """The table's latest Delta version; with `settings`, of a lake on a local disk without asking the engine.

    A version exists from the moment its commit file does (Delta protocol), and those files are numbered.

    Raises:
        NotFoundError: there is no such table yet.
    """
    from pyspark.errors import AnalysisException

    name = table.qualified
    if settings is not None:
        location = table.location(settings)
        log = Path(location.removeprefix("file://")) / "_delta_log"
        commits = [int(path.stem) for path in log.glob("*.json") if path.stem.isdigit()]
        if commits:
            return max(commits)
        name = f"delta.{identifier(location)}"
    try:
        return int(spark.sql(f"DESCRIBE HISTORY {name} LIMIT 1").collect()[0]["version"])
    except AnalysisException as error:
        raise missing_table(table) from error


def table_exists(spark: SparkSession, table: Table) -> bool:
    """Whether the catalogue knows the table."""
    return bool(spark.catalog.tableExists(table.qualified))
