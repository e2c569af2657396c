"""Sort an upload's rows: a repeat of an earlier event, a row that breaks rules (with every reason), or accepted."""

from __future__ import annotations

from enum import StrEnum

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from recolake.contracts.rules import RULES
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_QUARANTINE
from recolake.settings import Settings
from spark_jobs.canonical import Ingest

OUTCOME = "outcome"
REASONS = "reasons"
_MOST_DATES_LISTED = 400


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REPEAT = "repeat"


def reasons() -> Column:
    """Every rule that a row breaks; empty for a good row."""
    broken = [F.when(F.expr(rule.broken), F.lit(rule.reason)) for rule in RULES]
    return F.array_compact(F.array(*broken))


def classify(
    canonical: DataFrame, spark: SparkSession, settings: Settings, run: Ingest, *, ids_are_given: bool
) -> DataFrame:
    """`canonical` with `outcome` and `reasons`; whether a row is a repeat is asked before any rule.

    Args:
        canonical: a persisted frame, which is read several times.
        ids_are_given: the source names its events, so an id may come again on any date.
    """
    position = F.struct("source_file", "source_line")
    twice = (
        canonical.groupBy("event_id").agg(F.count("*").alias("n"), F.min(position).alias("_first")).where("n > 1")
    ).select("event_id", "_first")
    earlier = _earlier_ids(canonical, spark, settings, run, ids_are_given=ids_are_given)
    hits = canonical.select("event_id").join(earlier, "event_id", "left_semi").distinct().withColumn("_known", F.lit(True))
    is_repeat = F.col("_known").isNotNull() | (F.col("_first").isNotNull() & (position > F.col("_first")))
    outcome = (
        F.when(is_repeat, Outcome.REPEAT.value)
        .when(F.size(REASONS) > 0, Outcome.QUARANTINED.value)
        .otherwise(Outcome.ACCEPTED.value)
    )
    return (
        canonical.join(F.broadcast(twice), "event_id", "left")
        .join(hits, "event_id", "left")
        .withColumn(REASONS, reasons())
        .withColumn(OUTCOME, outcome)
        .drop("_first", "_known")
    )


def _earlier_ids(
    canonical: DataFrame, spark: SparkSession, settings: Settings, run: Ingest, *, ids_are_given: bool
) -> DataFrame:
    """Ids that other uploads brought. An id made from content holds its time, so its date's rows are enough."""
    within = F.lit(True) if ids_are_given else _within_dates(canonical)
    others = F.col("upload_id") != run.upload_id
    tables = (BRONZE_EVENTS, BRONZE_QUARANTINE)
    events, quarantined = (
        read_tenant(spark, settings, table, run.tenant).where(others & within).select("event_id") for table in tables
    )
    return events.unionByName(quarantined)


def _within_dates(canonical: DataFrame) -> Column:
    dates = [row.event_date for row in canonical.select("event_date").distinct().collect()]
    known = sorted(d for d in dates if d is not None)
    date = F.col("event_date")
    undated = date.isNull() if len(known) < len(dates) else F.lit(False)
    if not known:
        return undated
    listed = date.isin(known) if len(known) <= _MOST_DATES_LISTED else date.between(known[0], known[-1])
    return listed | undated
