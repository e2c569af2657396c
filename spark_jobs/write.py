"""Append an upload's rows to bronze, each table exactly once, the accounting last."""

from __future__ import annotations

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_fixed

from recolake.lake.tables import (
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_ITEMS,
    BRONZE_QUARANTINE,
    BRONZE_REPEATS,
    BRONZE_USERS,
    Table,
)
from recolake.landing.upload import UploadManifest
from recolake.records.kinds import Kind
from recolake.settings import Settings
from spark_jobs.canonical import KIND, Ingest
from spark_jobs.classify import OUTCOME, Outcome
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
    (
        frame.select(*(column.name for column in table.columns))
        .write.format("delta")
        .mode("append")
        .option("txnAppId", f"{run.upload_id}:{table.qualified}")
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


def write_accounting(
    spark: SparkSession, settings: Settings, run: Ingest, upload: UploadManifest, report: IngestReport
) -> None:
    """One row per file; from here on the upload counts as ingested."""
    rows = [
        (
            run.tenant.name, run.upload_id, landed.name, landed.sha256, upload.mapping_sha256,
            counted.rows_in, counted.accepted, counted.quarantined, counted.repeats, dict(counted.reasons),
            report.verdict, run.ingested_at,
        )
        for landed, counted in zip(upload.files, report.files, strict=True)
    ]  # fmt: skip
    schema = ", ".join(f"{column.name} {column.type}" for column in BRONZE_INGESTS.columns)
    append_once(spark.createDataFrame(rows, schema), BRONZE_INGESTS, settings, run)
