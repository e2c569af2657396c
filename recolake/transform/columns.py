"""Whether the tables in the lake have the columns that this release builds.

An incremental run cannot give old rows what it never computed for them: a table whose columns are others than
its model's is computed anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from recolake.lake.tables import Table
from recolake.transform.news import model_name

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def declared_columns(models: Path) -> dict[str, frozenset[str]]:
    """Columns of each dbt model that has a contract, by its name; dbt holds the models themselves to them.

    Args:
        models: folder of dbt models.
    """
    found: dict[str, frozenset[str]] = {}
    for path in sorted(models.rglob("*.yml")):
        described: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        for model in (described or {}).get("models") or ():
            found[model["name"]] = frozenset(column["name"] for column in model.get("columns") or ())
    return found


def stored_columns(spark: SparkSession, tables: Iterable[Table]) -> dict[Table, frozenset[str]]:
    """Columns of these tables as they lie in the lake."""
    return {table: frozenset(spark.table(table.qualified).columns) for table in tables}


def outgrown(
    stored: Mapping[Table, frozenset[str]], declared: Mapping[str, frozenset[str]]
) -> dict[Table, frozenset[str]]:
    """Tables with other columns than their models declare, and which columns differ."""
    differing = {
        table: columns ^ declared[model_name(table)]
        for table, columns in stored.items()
        if model_name(table) in declared
    }
    return {table: columns for table, columns in differing.items() if columns}
