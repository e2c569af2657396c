"""Append an upload's rows to bronze, each table exactly once, the accounting last."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from recolake.landing.upload import UploadManifest
from recolake.lake.tables import BRONZE_EVENTS, BRONZE_INGESTS, BRONZE_QUARANTINE, BRONZE_REPEATS, Table
from recolake.settings import Settings
from spark_jobs.canonical import Ingest
from spark_jobs.classify import OUTCOME, Outcome
from spark_jobs.report import FileReport

_TABLE_OF = {
    Outcome.ACCEPTED: BRONZE_EVENTS,
    Outcome.QUARANTINED: BRONZE_QUARANTINE,
    Outcome.REPEAT: BRONZE_REPEATS,
}


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
    """Append the rows of one outcome to its table."""
    append_once(classified.where(F.col(OUTCOME) == outcome.value), _TABLE_OF[outcome], settings, run)


def write_accounting(
    spark: SparkSession,
    settings: Settings,
    run: Ingest,
    manifest: UploadManifest,
    files: Mapping[str, FileReport],
    *,
    verdict: bool,
) -> None:
    """One row per file; from here on the upload counts as ingested."""
    rows = [
        (
            run.tenant.name, run.upload_id, landed.name, landed.sha256, manifest.mapping_sha256,
            counted.rows_in, counted.accepted, counted.quarantined, counted.repeats, dict(counted.reasons),
            verdict, run.ingested_at,
        )
        for landed in manifest.files
        if (counted := files.get(landed.name, FileReport(landed.name)))
    ]  # fmt: skip
    schema = ", ".join(f"{column.name} {column.type}" for column in BRONZE_INGESTS.columns)
    append_once(spark.createDataFrame(rows, schema), BRONZE_INGESTS, settings, run)
