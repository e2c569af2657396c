"""From the landing zone to bronze: every upload that is not ingested yet, oldest first, each exactly once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from filelock import FileLock
from pyspark.sql import SparkSession
from pyspark.sql import functions as F  # noqa: N812

from expectations.verdict import judge
from recolake.contracts.mapping import load_mapping
from recolake.files import write_atomically
from recolake.lake.engine import connect
from recolake.lake.read import read_tenant
from recolake.lake.tables import BRONZE_INGESTS
from recolake.landing.upload import MAPPING, UploadManifest, list_uploads, upload_folder
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key
from spark_jobs.canonical import Ingest, to_canonical
from spark_jobs.classify import OUTCOME, Outcome, classify, seen_before
from spark_jobs.raw import read_raw
from spark_jobs.report import IngestReport, count_rows
from spark_jobs.write import write_accounting, write_rows

Progress = Callable[[str], None]


def ingest_pending(
    settings: Settings, tenant: Tenant, *, progress: Progress | None = None
) -> list[IngestReport]:
    """Ingest what the tenant landed and nobody ingested yet.

    One process a tenant does this at a time, others wait: rows of an upload are compared with those of all
    before it.

    Raises:
        ServiceUnavailableError: the engine does not answer; run it again, nothing is lost.
        MappingError: the mapping of a landed upload was damaged.
    """
    say = progress or (lambda _: None)
    spark = connect(settings)
    settings.run_root.mkdir(parents=True, exist_ok=True)
    with FileLock(settings.run_root / f"ingest-{tenant}.lock"):
        done, latest = _ingested(spark, settings, tenant)
        pending = [upload for upload in list_uploads(settings, tenant) if upload.upload_id not in done]
        reports = []
        for upload in pending:
            run = _begin(settings, tenant, upload, latest)
            reports.append(_ingest(spark, settings, upload, run, say))
            latest = run.ingested_at
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


def _begin(settings: Settings, tenant: Tenant, upload: UploadManifest, latest: datetime) -> Ingest:
    """The run, with the stamp that an earlier run of this upload took, if one was killed: its rows may be
    there already."""
    stamp = settings.run_root / f"ingest-{tenant}-{upload.upload_id}.began"
    if not stamp.exists():
        now = max(datetime.now(UTC), latest + timedelta(microseconds=1))
        write_atomically(stamp, now.isoformat().encode())
    return Ingest(
        tenant,
        tenant_key(settings, tenant),
        upload.upload_id,
        upload.landed_at,
        datetime.fromisoformat(stamp.read_text()),
    )


def _ingest(
    spark: SparkSession, settings: Settings, upload: UploadManifest, run: Ingest, say: Progress
) -> IngestReport:
    mapping = load_mapping(upload_folder(settings, upload) / MAPPING)
    say(f"upload {upload.upload_id}: reading {len(upload.files)} files")
    with ThreadPoolExecutor(1) as beside:
        # Checkpoints, not caches: each of some thirty queries would plan the whole mapping anew.
        canonical = to_canonical(read_raw(spark, settings, upload, mapping), mapping, run).localCheckpoint()
        seen = seen_before(canonical, spark, settings, run, ids_are_given=mapping.gives_ids).localCheckpoint()
        classified = classify(canonical, seen)
        files = count_rows(classified, (file.name for file in upload.files))
        say(f"{sum(file.rows_in for file in files)} rows read")
        judged = classified.where(F.col(OUTCOME) != Outcome.REPEAT.value)
        # The suite keeps Python busy, the appends the engine.
        verdict = beside.submit(judge, judged, settings, run.tenant, run.upload_id)
        for outcome in Outcome:
            write_rows(classified, outcome, settings, run)
            say(f"{outcome} rows appended")
        report = IngestReport(run.tenant.name, run.upload_id, files, verdict.result())
        say(f"expectations {'met' if report.verdict else 'not met'}")
        write_accounting(spark, settings, run, upload, report)
    (settings.run_root / f"ingest-{run.tenant}-{upload.upload_id}.began").unlink(missing_ok=True)
    say(
        f"upload {upload.upload_id}: {report.rows_in} rows = {report.accepted} accepted + "
        f"{report.repeats} repeats + {report.quarantined} quarantined"
    )
    return report
