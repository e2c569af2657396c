"""How far builds got: the latest ingest that each table has taken in, of each tenant (docs/adr/0005).

The newest row of a table does not tell: an upload may hold nothing for it. So every build writes down what
it reached, after its tables are written. A mark names the table's Delta version and is good as long as nobody
else has written the table; without a good mark the newest row has to do, which only costs work.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import reduce
from typing import TYPE_CHECKING

from recolake.lake.tables import BUILD_MARKS, Table
from recolake.moments import EPOCH
from recolake.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CHECKS = "checks"
"""Name of the marks that say up to where the tests of the tables passed."""
Reached = dict[str, int]
"""By tenant the latest ingest that was taken in, in microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One table's (or `CHECKS`) mark for one tenant; `reached` in microseconds since 1970."""

    name: str
    tenant: str
    reached: int
    version: int | None


def read_marks(spark: SparkSession, settings: Settings) -> frozenset[Mark]:
    """All marks there are; none if nothing was built yet, or if they were lost."""
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as F  # noqa: N812

    stored = spark.read.format("delta").load(BUILD_MARKS.location(settings))
    columns = ("name", "tenant_id", F.unix_micros("reached").alias("reached"), "version")
    try:
        rows = stored.select(*columns).collect()
    except AnalysisException:
        return frozenset()
    return frozenset(Mark(r["name"], r["tenant_id"], r["reached"], r["version"]) for r in rows)


def write_marks(spark: SparkSession, settings: Settings, marks: Iterable[Mark]) -> None:
    """Replace all marks, in one commit."""
    schema = ", ".join(f"{c.name} {c.type}" for c in BUILD_MARKS.columns)
    rows = [(m.tenant, m.name, EPOCH + timedelta(microseconds=m.reached), m.version) for m in marks]
    frame = spark.createDataFrame(rows, schema).coalesce(1)
    frame.write.format("delta").mode("overwrite").save(BUILD_MARKS.location(settings))


def reached_by(
    spark: SparkSession, versions: Mapping[Table, int], marks: Iterable[Mark]
) -> dict[str, Reached]:
    """What each of the tables has taken in, by its name: by good marks, else by its newest rows.

    A good mark of one tenant vouches for the whole table: a tenant without one was never built.

    Args:
        versions: the tables that exist, with their Delta versions.
    """
    found: dict[str, Reached] = {}
    for table, version in versions.items():
        good = (m for m in marks if m.name == table.qualified and m.version == version)
        found[table.qualified] = {mark.tenant: mark.reached for mark in good}
    found[CHECKS] = {mark.tenant: mark.reached for mark in marks if mark.name == CHECKS}
    unmarked = [table for table in versions if not found[table.qualified]]
    return found | _newest_rows(spark, unmarked)


def marks_after(
    reached: Mapping[str, Reached],
    highs: Reached,
    *,
    before: Mapping[Table, int],
    after: Mapping[Table, int],
    done: Collection[Table],
    checked: bool,
) -> frozenset[Mark]:
    """The marks that hold once a build is over.

    Args:
        reached: what each table, and `CHECKS`, had taken in before.
        highs: up to where the build read each of its tenants.
        before: Delta versions when it started.
        after: Delta versions now.
        done: tables that it brought up to date.
        checked: whether all tests passed.
    """
    marks: set[Mark] = set()
    for table, version in after.items():
        known = reached.get(table.qualified, {})
        if table in done:
            known = known | highs
        elif before.get(table) != version:
            # Somebody wrote it, and it is not known how far they got.
            continue
        marks |= {Mark(table.qualified, tenant, at, version) for tenant, at in known.items()}
    checks = reached.get(CHECKS, {}) | (highs if checked else {})
    return frozenset(marks | {Mark(CHECKS, tenant, at, None) for tenant, at in checks.items()})


def carried(marks: Iterable[Mark], table: Table, before: int, after: int) -> frozenset[Mark]:
    """The marks once somebody wrote versions of a table that hold the very rows of version `before`."""
    return frozenset(
        replace(mark, version=after) if (mark.name, mark.version) == (table.qualified, before) else mark
        for mark in marks
    )


def _newest_rows(spark: SparkSession, tables: Iterable[Table]) -> dict[str, Reached]:
    """By table and tenant the newest `ingested_at` among the rows, in one query."""
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    newest = F.max(F.unix_micros("ingested_at")).alias("newest")
    queries = [
        spark.table(table.qualified)
        .groupBy("tenant_id")
        .agg(newest)
        .select(F.lit(table.qualified).alias("name"), "tenant_id", "newest")
        for table in tables
    ]
    found: dict[str, Reached] = {}
    for row in reduce(DataFrame.unionAll, queries).collect() if queries else ():
        found.setdefault(row["name"], {})[row["tenant_id"]] = row["newest"]
    return found
