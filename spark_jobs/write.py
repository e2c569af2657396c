"""Append an upload's rows to bronze, each table exactly once, the accounting last."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_fixed

from recolake.lake.tables import (
    BRONZE_DECISIONS,
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_ITEMS,
    BRONZE_QUARANTINE,
    BRONZE_REPEATS,
    BRONZE_UPLOADS,
    BRONZE_USERS,
    Table,
)
from recolake.landing.upload import UploadManifest
from recolake.moments import microseconds
from recolake.records.kinds import Kind
from recolake.settings import Settings
from recolake.uploads.checks import SUITE_VERSION
from recolake.uploads.decisions import decision_frame
from recolake.uploads.states import Decision, State
from spark_jobs.canonical import KIND, Ingest
from spark_jobs.classify import OUTCOME, Outcome
from spark_jobs.judgement import Judgement
from spark_jobs.report import IngestReport

TABLE_OF = {
    Outcome.ACCEPTED: BRONZE_EVENTS,
    Outcome.QUARANTINED: BRONZE_QUARANTINE,
    Outcome.REPEAT: BRONZE_REPEATS,
}

STATEMENTS = {Kind.ITEM: BRONZE_ITEMS, Kind.USER: BRONZE_USERS}


def _same_transaction(error: BaseException) -> bool:
    """A killed run's append went on in the engine and came first; the next try finds it and does nothing."""
    return isinstance(error, PySparkException) and "ConcurrentTransaction" in str(error)


@retry(
    retry=retry_if_exception(_same_transaction), stop=stop_after_attempt(3), wait=wait_fixed(1), reraise=True
)
def append_once(frame: DataFrame, table: Table, settings: Settings, run: Ingest) -> None:
    """Append the rows, unless this upload's rows are in the table already (Delta's idempotent writes)."""
    _append(frame, table, settings, run.upload_id)


def append_rows_once(
    spark: SparkSession, table: Table, rows: list[tuple[Any, ...]], settings: Settings, upload_id: str
) -> None:
    """The same for rows that Python has."""
    _append(_frame(spark, table, rows), table, settings, upload_id)


def _append(frame: DataFrame, table: Table, settings: Settings, upload_id: str) -> None:
    (
        frame.select(*(column.name for column in table.columns))
        .write.format("delta")
        .mode("append")
        .option("txnAppId", f"{upload_id}:{table.qualified}")
        .option("txnVersion", 1)
        .save(table.location(settings))
    )


def write_rows(classified: DataFrame, outcome: Outcome, settings: Settings, run: Ingest) -> None:
    """Append the rows of one outcome to its table; of the accepted ones, the events."""
    rows = classified.where(F.col(OUTCOME) == outcome.value)
    if outcome is Outcome.ACCEPTED:
        rows = rows.where(F.col(KIND) == Kind.EVENT.value)
    append_once(rows, TABLE_OF[outcome], settings, run)


def write_statements(classified: DataFrame, kind: Kind, settings: Settings, run: Ingest) -> None:
    """Append the accepted statements of a kind to its table."""
    accepted = classified.where((F.col(OUTCOME) == Outcome.ACCEPTED.value) & (F.col(KIND) == kind.value))
    append_once(accepted, STATEMENTS[kind], settings, run)


def write_verdict(
    spark: SparkSession,
    settings: Settings,
    run: Ingest,
    upload: UploadManifest,
    report: IngestReport,
    judgement: Judgement,
) -> None:
    """The upload's row of `bronze.uploads`, and the decision that holds it, if it is held."""
    profile = judgement.profile
    row = (
        run.tenant.name, run.upload_id, upload.landed_at, upload.mapping_sha256, upload.repairs,
        len(report.files), report.rows_in, report.accepted, report.quarantined, report.repeats,
        report.score, report.held, judgement.measured, judgement.failures, SUITE_VERSION,
        profile.first_day, profile.last_day, dict(profile.days), dict(profile.types),
        dict(profile.prices), dict(profile.worths), profile.anonymous, profile.lag_days,
        run.run_id, run.ingested_at,
    )  # fmt: skip
    append_once(_frame(spark, BRONZE_UPLOADS, [row]), BRONZE_UPLOADS, settings, run)
    if report.held:
        place = microseconds(run.ingested_at)
        why = "; ".join(judgement.failures.values())
        held = Decision(run.upload_id, State.HELD, "ingest", datetime.now(UTC), why, place)
        append_once(decision_frame(spark, run.tenant, held), BRONZE_DECISIONS, settings, run)


def write_accounting(
    spark: SparkSession, settings: Settings, run: Ingest, upload: UploadManifest, report: IngestReport
) -> None:
    """One row per file; from here on the upload counts as ingested."""
    rows = [
        (
            run.tenant.name, run.upload_id, landed.name, landed.sha256, upload.mapping_sha256,
            counted.rows_in, counted.accepted, counted.quarantined, counted.repeats, dict(counted.reasons),
            report.verdict, run.ingested_at, run.run_id,
        )
        for landed, counted in zip(upload.files, report.files, strict=True)
    ]  # fmt: skip
    append_once(_frame(spark, BRONZE_INGESTS, rows), BRONZE_INGESTS, settings, run)


def _frame(spark: SparkSession, table: Table, rows: list[tuple[Any, ...]]) -> DataFrame:
    schema = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    return spark.createDataFrame(rows, schema)
