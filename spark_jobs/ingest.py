"""From the landing zone to bronze: every upload that is not ingested yet, oldest first, each exactly once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from uuid import uuid4

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

from recolake.contracts.mapping import EventMapping, load_mapping
from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.lake.catalog import register_tables, table_exists
from recolake.lake.engine import connect, engine_errors
from recolake.lake.tables import BRONZE_UPLOADS
from recolake.landing.upload import (
    MAPPING,
    Source,
    UploadManifest,
    damaged_uploads,
    list_uploads,
    upload_folder,
)
from recolake.notices.tell import NoticeType, tell
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from recolake.tenancy.pseudonyms import tenant_key
from recolake.uploads.decisions import ingest_lock, read_decisions
from recolake.uploads.states import latest
from spark_jobs.canonical import GIVEN, Ingest, to_canonical
from spark_jobs.classify import SEEN_IN, Outcome, classify, seen_before
from spark_jobs.erasure.suppress import without_suppressed
from spark_jobs.judgement import judge_upload
from spark_jobs.lineage import ingest_lineage
from spark_jobs.raw import read_raw, read_raw_records
from spark_jobs.records import from_records
from spark_jobs.report import IngestReport, count_rows
from spark_jobs.stamps import Stamps
from spark_jobs.write import STATEMENTS, write_accounting, write_rows, write_statements, write_verdict

Progress = Callable[[str], None]


class IngestError(RecolakeError):
    """An upload could not be ingested, for a reason that is not the upload's own; it is tried again."""

    code = "ingest_failed"


def ingest_pending(
    settings: Settings, tenant: Tenant, *, progress: Progress | None = None
) -> list[IngestReport]:
    """Ingest what the tenant landed and nobody ingested yet.

    One process a tenant does this at a time, others wait: rows of an upload are compared with those of all
    before it. An upload that cannot be ingested holds up none of the others; the next run tries it again.

    Raises:
        ServiceUnavailableError: the engine does not answer, or the tenant's key for pseudonyms is not there;
            nothing is lost, run it again.
        RecolakeError: an upload could not be ingested, all others are. Such as MappingError: its landed
            mapping was damaged; IngestError: the engine or the disk failed. The message names the upload,
            the first if there are several.
    """
    say = progress or (lambda _: None)
    spark = connect(settings)
    reports: list[IngestReport] = []
    failures: list[tuple[str, Exception]] = []
    with ingest_lock(settings, tenant), _engine_errors(tenant):
        if not table_exists(spark, BRONZE_UPLOADS):
            register_tables(spark, settings)
        decisions = read_decisions(spark, settings, tenant)
        withdrawn = {u for u, decision in latest(decisions).items() if not decision.state.counts}
        stamps = Stamps(spark, settings, tenant, decisions)
        run_id = uuid4().hex
        for upload in stamps.pending(list_uploads(settings, tenant, but=stamps.done)):
            try:
                with _engine_errors(tenant), ingest_lineage(spark, settings, upload) as told:
                    mapping = _mapping(settings, upload)
                    run = Ingest(
                        tenant=tenant,
                        key=tenant_key(settings, tenant),
                        upload_id=upload.upload_id,
                        landed_at=upload.landed_at,
                        ingested_at=stamps.take(upload),
                        run_id=run_id,
                        withdrawn=tuple(sorted(withdrawn - {upload.upload_id})),
                        repairs=upload.repairs,
                    )
                    report = told(_ingest(spark, settings, run, upload, mapping, say))
                stamps.close(upload)
                reports.append(report)
                withdrawn |= {upload.upload_id} if report.held else set()
            except ServiceUnavailableError:
                raise
            except Exception as error:
                say(f"upload {upload.upload_id}: not ingested: {_reason(error)}")
                failures.append((upload.upload_id, error))
        failures += [
            (name, IngestError("its manifest is damaged."))
            for name in damaged_uploads(settings, tenant, but=stamps.done)
        ]
    if failures:
        raise _named(*failures[0], others=len(failures) - 1) from failures[0][1]
    return reports


def _engine_errors(tenant: Tenant) -> AbstractContextManager[None]:
    return engine_errors("rows were ingested", f"recolake ingest --tenant {tenant}")


def _reason(error: Exception) -> str:
    """What went wrong, in a line: engines add their stack traces."""
    if isinstance(error, RecolakeError):
        return error.message
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def _named(upload_id: str, error: Exception, *, others: int) -> RecolakeError:
    """An error of the same kind that names the upload."""
    more = f" {others} more were not ingested either." if others else ""
    message = f"Upload {upload_id} was not ingested: {_reason(error)}{more}"
    hint = f"It waits in the landing zone and holds up no other upload. {getattr(error, 'hint', '')}"
    kind = type(error) if isinstance(error, RecolakeError) else IngestError
    # Subclasses may be made from other arguments.
    named = kind.__new__(kind)
    RecolakeError.__init__(named, message, hint=hint.rstrip(), field=getattr(error, "field", None))
    return named


def _kept(rows: DataFrame) -> DataFrame:
    """The rows, computed once: else each of some thirty queries would plan the whole mapping anew.

    On disk: by itself a checkpoint fills the engine's heap with its rows, and stays there until the engine
    happens to collect what nobody holds any more.
    """
    return rows.localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)


def _mapping(settings: Settings, upload: UploadManifest) -> EventMapping | None:
    """How its files are to be read; None where they are records, in the lake's own terms."""
    if upload.source is not Source.FILES:
        return None
    return load_mapping(upload_folder(settings, upload) / MAPPING)


def _canonical(
    spark: SparkSession, settings: Settings, upload: UploadManifest, mapping: EventMapping | None, run: Ingest
) -> DataFrame:
    """The upload's rows in the lake's terms."""
    if mapping is None:
        return from_records(read_raw_records(spark, settings, upload), run)
    return to_canonical(read_raw(spark, settings, upload, mapping), mapping, run)


def _tell(settings: Settings, tenant: Tenant, report: IngestReport) -> None:
    """Before the accounting makes it final: a killed ingest tells it again, and it is one notice."""
    what = NoticeType.UPLOAD_HELD if report.held else NoticeType.UPLOAD_VALIDATED
    data = {
        "upload_id": report.upload_id,
        "score": report.score,
        "rows_in": report.rows_in,
        "accepted": report.accepted,
        "quarantined": report.quarantined,
        "repeats": report.repeats,
    }
    tell(settings, tenant, what, report.upload_id, data)


def _ingest(
    spark: SparkSession,
    settings: Settings,
    run: Ingest,
    upload: UploadManifest,
    mapping: EventMapping | None,
    say: Progress,
) -> IngestReport:
    names = [file.name for file in upload.files]
    say(f"upload {upload.upload_id}: reading {len(names)} files")
    with ThreadPoolExecutor(1) as beside:
        canonical = _kept(_canonical(spark, settings, upload, mapping, run))
        canonical = without_suppressed(spark, settings, upload, run, canonical)
        statements = [kind for kind in STATEMENTS if kind.file_name in names and mapping is None]
        tables = (*SEEN_IN, *(STATEMENTS[kind] for kind in statements))
        given = not canonical.where(GIVEN).isEmpty()
        seen = _kept(seen_before(canonical, spark, settings, run, ids_are_given=given, tables=tables))
        classified = classify(canonical, seen)
        files = count_rows(classified, names)
        say(f"{sum(file.rows_in for file in files)} rows read")
        # The suites keep Python busy, the appends the engine.
        verdict = beside.submit(judge_upload, classified, files, spark, settings, run, mapping)
        for outcome in Outcome:
            write_rows(classified, outcome, settings, run)
            say(f"{outcome} rows appended")
        for kind in statements:
            write_statements(classified, kind, settings, run)
        judgement = verdict.result()
        report = IngestReport(
            run.tenant.name,
            run.upload_id,
            files,
            verdict=not judgement.failures,
            score=judgement.score,
            held=judgement.held,
            failures=judgement.failures,
        )
        say(f"score {report.score:.0f}: expectations {'met' if report.verdict else 'not met'}")
        write_verdict(spark, settings, run, upload, report, judgement)
        if upload.source is Source.FILES:
            _tell(settings, run.tenant, report)
        write_accounting(spark, settings, run, upload, report)
    say(
        f"upload {upload.upload_id}: {report.rows_in} rows = {report.accepted} accepted + "
        f"{report.repeats} repeats + {report.quarantined} quarantined{' (held)' if report.held else ''}"
    )
    return report
