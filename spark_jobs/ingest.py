"""From the landing zone to bronze: every upload that is not ingested yet, oldest first, each exactly once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from filelock import FileLock
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from expectations.verdict import judge
from recolake.contracts.mapping import EventMapping, load_mapping
from recolake.lake.engine import connect
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS
from recolake.landing.upload import FILES, MAPPING, UploadManifest, list_uploads, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key
from spark_jobs.canonical import Ingest, to_canonical
from spark_jobs.classify import Outcome, classify
from spark_jobs.parse import parser, spark_schema
from spark_jobs.report import IngestReport, count_rows, summarize
from spark_jobs.write import write_accounting, write_rows

_PARTITIONS = 8

Progress = Callable[[str], None]


def ingest_pending(
    settings: Settings, tenant: Tenant, *, progress: Progress = lambda _: None
) -> list[IngestReport]:
    """Ingest what the tenant landed and nobody ingested yet.

    One process a tenant does this at a time, others wait: rows of an upload are compared with those of all before it.

    Raises:
        ServiceUnavailableError: the engine does not answer; run it again, nothing is lost.
    """
    spark = connect(settings)
    settings.run_root.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.run_root / f"ingest-{tenant}.lock"):
        done, latest = _ingested(spark, settings, tenant)
        pending = [upload for upload in list_uploads(settings, tenant) if upload.upload_id not in done]
        reports = []
        for upload in pending:
            latest = max(datetime.now(UTC), latest + timedelta(microseconds=1))
            reports.append(_ingest(spark, settings, tenant, upload, latest, progress))
        return reports


def _ingested(spark: SparkSession, settings: Settings, tenant: Tenant) -> tuple[set[str], datetime]:
    """Uploads that have their accounting, and the stamp of the last: stamps of a tenant only ever grow."""
    rows = (
        read_tenant(spark, settings, BRONZE_INGESTS, tenant)
        .groupBy("upload_id")
        .agg(F.max(F.unix_micros("ingested_at")).alias("stamp"))
        .collect()
    )
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    latest = max((row.stamp for row in rows), default=0)
    return {row.upload_id for row in rows}, epoch + timedelta(microseconds=latest)


def _ingest(
    spark: SparkSession,
    settings: Settings,
    tenant: Tenant,
    upload: UploadManifest,
    ingested_at: datetime,
    progress: Progress,
) -> IngestReport:
    run = Ingest(tenant, tenant_key(settings, tenant), upload.upload_id, ingested_at)
    mapping = load_mapping(upload_folder(settings, upload) / MAPPING)
    progress(f"upload {upload.upload_id}: reading {len(upload.files)} files")
    canonical = _read(spark, settings, upload, mapping, run).persist()
    try:
        classified = classify(canonical, spark, settings, run, ids_are_given="id" in mapping.event).persist()
        try:
            files = count_rows(classified)
            report = summarize(tenant.name, upload.upload_id, files, verdict=True)
            progress(f"{report.rows_in} rows: {report.accepted} accepted, {report.quarantined} quarantined, "
                     f"{report.repeats} repeats")  # fmt: skip
            verdict = judge(classified.where(F.col("outcome") != Outcome.REPEAT.value), settings, tenant, upload.upload_id)
            progress(f"expectations {'met' if verdict else 'not met'}")
            for outcome in Outcome:
                write_rows(classified, outcome, settings, run)
            write_accounting(spark, settings, run, upload, files, verdict=verdict)
        finally:
            classified.unpersist()
    finally:
        canonical.unpersist()
    progress(f"upload {upload.upload_id}: ingested")
    return summarize(tenant.name, upload.upload_id, files, verdict=verdict)


def _read(
    spark: SparkSession, settings: Settings, upload: UploadManifest, mapping: EventMapping, run: Ingest
) -> DataFrame:
    """Canonical rows of all files; each file is read by one task."""
    folder = upload_folder(settings, upload) / FILES
    headers = {file.name: file.columns for file in upload.files}
    columns = list(dict.fromkeys(column for header in headers.values() for column in header))
    paths = spark.createDataFrame(
        [(file.name, str(folder / file.name)) for file in upload.files], "name string, path string"
    ).repartition(min(_PARTITIONS, len(upload.files)))
    raw = paths.mapInArrow(parser(mapping.format, headers, columns), spark_schema(columns))
    return to_canonical(raw, columns, mapping, run)
