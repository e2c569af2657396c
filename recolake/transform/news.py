"""What bronze has that the tables have not taken in: found once for a whole build, and handed to dbt as JSON.

`dbt_project/macros/incremental` turns it into predicates. A build reads what is completely ingested when it
starts: of each tenant up to its latest accounting in `bronze.ingests`, or the latest decision on an upload.
What arrives meanwhile is left to the next build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from recolake.lake.catalog import table_version
from recolake.lake.tables import (
    BRONZE_ADMITTED,
    BRONZE_INGESTS,
    BRONZE_ITEMS,
    BRONZE_RECOMMENDATIONS,
    BRONZE_UPLOAD_STATES,
    BRONZE_USERS,
    DBT_TABLES,
    Table,
)
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.transform.admission import counted_events
from recolake.transform.marks import CHECKS, Reached

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_STATEMENTS = (BRONZE_ITEMS, BRONZE_USERS)
# Tables in which there is often no row that builds take in, and which rows those are.
_OFTEN_EMPTY = {
    **dict.fromkeys((*_STATEMENTS, BRONZE_ADMITTED, BRONZE_UPLOAD_STATES), "true"),
    BRONZE_RECOMMENDATIONS: "experiment_id IS NOT NULL",
}
_DATED = ("tenant_id", "event_date", "ingested_at")

Watermarks = dict[str, int | None]
"""By tenant the latest ingest that was taken in, in microseconds since 1970; None where none was."""
Days = Mapping[str, Mapping[int, Sequence[str]]]
"""By tenant and ingest (microseconds since 1970) the days of its events, as YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class News:
    """What a table, or the tests, have to look at of a tenant; times in microseconds since 1970.

    Attributes:
        watermark: ingests up to this one are taken in; None where nothing is, and all has to be.
        high: latest ingest that may be read.
        days: days of the events in between, as YYYY-MM-DD; none where the watermark is None.
    """

    tenant: str
    watermark: int | None
    high: int
    days: tuple[str, ...] = ()

    @property
    def is_some(self) -> bool:
        """Whether anything was ingested since."""
        return self.watermark is None or self.watermark < self.high


def model_name(table: Table) -> str:
    """What dbt calls the model of a table."""
    return f"{table.layer}_{table.name}"


def latest_ingests(spark: SparkSession, tenant: Tenant | None) -> Reached:
    """The latest complete ingest of each tenant, or of the one."""
    from pyspark.sql import functions as F  # noqa: N812

    ingests = spark.table(BRONZE_INGESTS.qualified)
    if tenant is not None:
        ingests = ingests.where(F.col("tenant_id") == tenant.name)
    rows = ingests.groupBy("tenant_id").agg(F.max(F.unix_micros("ingested_at")).alias("high")).collect()
    return {row["tenant_id"]: row["high"] for row in rows}


def filled_tables(spark: SparkSession, settings: Settings) -> list[str]:
    """Names of those bronze tables that often have no row for builds, and have one.

    A table is made empty, as its version 0: of one that is still that the engine is not asked.
    """
    return [
        table.name
        for table, taken in _OFTEN_EMPTY.items()
        if table_version(spark, table, settings) > 0
        and not spark.table(table.qualified).where(taken).isEmpty()
    ]


def find_news(spark: SparkSession, reached: Mapping[str, Reached], highs: Reached) -> dict[str, list[News]]:
    """By name of a table, or `CHECKS`, what there is to do; tenants with nothing to do are left out.

    Args:
        reached: what each of them has taken in.
        highs: up to where the build reads each of its tenants.
    """
    known = watermarks(reached, highs)
    return compare(known, highs, _days(spark, known, highs))


def watermarks(reached: Mapping[str, Reached], highs: Reached) -> dict[str, Watermarks]:
    """By name how far each got with each tenant.

    The tests look at all that was written since they last passed, and at all that this build writes.
    """
    names = [table.qualified for table in DBT_TABLES]
    known: dict[str, Watermarks] = {
        name: {tenant: reached.get(name, {}).get(tenant) for tenant in highs} for name in names
    }
    checked: Watermarks = {}
    for tenant in highs:
        marks = [reached.get(CHECKS, {}).get(tenant), *(known[name][tenant] for name in names)]
        numbers = [mark for mark in marks if mark is not None]
        checked[tenant] = min(numbers) if len(numbers) == len(marks) else None
    return known | {CHECKS: checked}


def compare(known: Mapping[str, Watermarks], highs: Reached, days: Days) -> dict[str, list[News]]:
    """The news, given the days of the events that come with each ingest.

    An ingest that accepted nothing has no days: nothing is built from it, but its accounting is tested.
    """
    found: dict[str, list[News]] = {}
    for name, by_tenant in known.items():
        news = [_news(t, at, highs[t], days.get(t, {})) for t, at in by_tenant.items()]
        found[name] = [n for n in news if n.watermark is None or n.days or (name == CHECKS and n.is_some)]
    return found


def for_dbt(news: Mapping[str, Sequence[News]]) -> str:
    """The news as the macro `news_of` reads them, under the models' names."""
    models = {table.qualified: model_name(table) for table in DBT_TABLES}
    return json.dumps(
        {models.get(name, name): [asdict(n) for n in entries] for name, entries in news.items()}
    )


def _news(tenant: str, watermark: int | None, high: int, days: Mapping[int, Sequence[str]]) -> News:
    if watermark is None:
        return News(tenant, None, high)
    fresh = {day for stamp, its_days in days.items() if watermark < stamp <= high for day in its_days}
    return News(tenant, watermark, high, tuple(sorted(fresh)))


def _days(spark: SparkSession, known: Mapping[str, Watermarks], highs: Reached) -> Days:
    """The days of events and statements that one name or another does not know of and another does.

    Who knows nothing reads everything, and needs no days.
    """
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F  # noqa: N812

    stamp, fresh = F.col("ingested_at"), []
    for tenant, high in highs.items():
        marks = [at for by_tenant in known.values() if (at := by_tenant[tenant]) is not None]
        if marks and min(marks) < high:
            after, until = (F.timestamp_micros(F.lit(at)) for at in (min(marks), high))
            fresh.append((F.col("tenant_id") == tenant) & (stamp > after) & (stamp <= until))
    if not fresh:
        return {}
    dated = [spark.table(table.qualified).select(*_DATED) for table in _STATEMENTS]
    rows = (
        reduce(DataFrame.unionAll, dated, counted_events(spark))
        .where(reduce(or_, fresh))
        .groupBy("tenant_id", F.unix_micros("ingested_at").alias("stamp"))
        .agg(F.collect_set(F.col("event_date").cast("string")).alias("days"))
        .collect()
    )
    found: dict[str, dict[int, Sequence[str]]] = {}
    for row in rows:
        found.setdefault(row["tenant_id"], {})[row["stamp"]] = row["days"]
    return found
