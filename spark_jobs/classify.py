"""Sort an upload's rows: repeats of earlier events, rows that break rules (with every reason), accepted."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from recolake.contracts.rules import RULES
from recolake.contracts.sql_text import literal
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPEATS, Table
from recolake.settings import Settings
from spark_jobs.canonical import Ingest
from spark_jobs.parse import FILE, LINE, MALFORMED, PROBLEM, TRUNCATED

OUTCOME = "outcome"
REASONS = "reasons"
_KNOWN, _FIRST = "known", "first"
SEEN_IN = (BRONZE_EVENTS, BRONZE_QUARANTINE)
_MOST_DATES_LISTED = 400


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REPEAT = "repeat"


def reasons() -> Column:
    """Every rule that a row breaks, or why it was refused where it was read; empty for a good row."""
    broken = [F.when(F.expr(rule.broken), F.lit(rule.reason)) for rule in RULES]
    refused = F.when(~F.col(PROBLEM).isin(MALFORMED, TRUNCATED), F.col(PROBLEM))
    return F.array_compact(F.array(*broken, refused))


def seen_before(
    canonical: DataFrame,
    spark: SparkSession,
    settings: Settings,
    run: Ingest,
    *,
    ids_are_given: bool,
    tables: Sequence[Table] = SEEN_IN,
) -> DataFrame:
    """Ids that come more than once: `known` if another upload brought them, else `first` is the first place.

    Args:
        canonical: a persisted frame, as it is read several times.
        ids_are_given: the source names its events, so an id may come again on any date.
        tables: where an id that came before may be.
    """
    twice = (
        canonical.groupBy("event_id")
        .agg(F.count("*").alias("n"), F.min(F.struct(FILE, LINE)).alias(_FIRST))
        .where("n > 1")
        .select("event_id", _FIRST, F.lit(False).alias(_KNOWN))
    )
    within = F.lit(True) if ids_are_given else _within_dates(canonical)
    earlier = _earlier_ids(spark, settings, run, within, tables)
    known = (
        earlier.join(canonical.select("event_id"), "event_id", "left_semi")
        .distinct()
        .select(
            "event_id",
            F.lit(None).cast(twice.schema[_FIRST].dataType).alias(_FIRST),
            F.lit(True).alias(_KNOWN),
        )
    )
    return (
        twice.unionByName(known)
        .groupBy("event_id")
        .agg(F.max(_KNOWN).alias(_KNOWN), F.min(_FIRST).alias(_FIRST))
    )


def classify(canonical: DataFrame, seen: DataFrame) -> DataFrame:
    """`canonical` with `outcome` and `reasons`; whether a row is a repeat is asked before any rule."""
    is_repeat = F.col(_KNOWN) | (F.struct(FILE, LINE) > F.col(_FIRST))
    outcome = (
        F.when(is_repeat, Outcome.REPEAT.value)
        .when(F.size(REASONS) > 0, Outcome.QUARANTINED.value)
        .otherwise(Outcome.ACCEPTED.value)
    )
    joined = canonical.join(seen, "event_id", "left")
    return joined.withColumn(REASONS, reasons()).withColumn(OUTCOME, outcome).drop(_FIRST, _KNOWN)


def _earlier_ids(
    spark: SparkSession, settings: Settings, run: Ingest, within: Column, tables: Sequence[Table]
) -> DataFrame:
    """Ids that other uploads brought. One made from content holds its time: rows of its date are enough."""
    others = ~F.col("upload_id").isin(run.upload_id, *run.withdrawn)

    def rows_of(table: Table) -> DataFrame:
        rows = read_tenant(spark, settings, table, run.tenant).where(others & within)
        if table == BRONZE_QUARANTINE and run.repairs is not None:
            rows = rows.where(F.col("upload_id") != run.repairs)
        return rows

    found = [rows_of(table) for table in tables]
    if run.withdrawn:
        # What repeats a row that was withdrawn counts in its place, if it was kept: earlier versions kept
        # its id alone.
        found.append(rows_of(BRONZE_REPEATS).where(F.col("reasons").isNotNull()))
    return reduce(DataFrame.unionByName, [rows.select("event_id") for rows in found])


def _within_dates(canonical: DataFrame) -> Column:
    """Dates travel as texts, which exist for every date that Spark has."""
    texts = canonical.select(F.col("event_date").cast("string").alias("date")).distinct().collect()
    known = [f"DATE{literal(text)}" for text in sorted(row.date for row in texts if row.date is not None)]
    undated = F.col("event_date").isNull() if len(known) < len(texts) else F.lit(False)
    if not known:
        return undated
    if len(known) > _MOST_DATES_LISTED:
        return F.expr(f"event_date BETWEEN {known[0]} AND {known[-1]}") | undated
    return F.expr(f"event_date IN ({', '.join(known)})") | undated
