"""What an ingest tells of itself: which files of an upload went into which bronze tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

from recolake.lake.catalog import table_version
from recolake.lake.tables import BRONZE_INGESTS
from recolake.landing.upload import UploadManifest
from recolake.lineage.emit import LineageRun, harmless, lineage_run, table_at
from recolake.lineage.events import DataState
from recolake.lineage.names import upload_files
from recolake.settings import Settings
from recolake.tenancy.context import Tenant
from spark_jobs.classify import Outcome
from spark_jobs.report import IngestReport
from spark_jobs.write import STATEMENTS, TABLE_OF


@contextmanager
def ingest_lineage(
    spark: SparkSession, settings: Settings, upload: UploadManifest
) -> Iterator[Callable[[IngestReport], IngestReport]]:
    """A run for one upload; hand it the report, which comes back as it is."""
    files = [DataState(node) for node in upload_files(upload)]
    with lineage_run(settings, Tenant(upload.tenant), "ingest", *files, integration="SPARK") as run:

        def told(report: IngestReport) -> IngestReport:
            _outputs(run, spark, settings, report)
            return report

        yield told


@harmless
def _outputs(run: LineageRun, spark: SparkSession, settings: Settings, report: IngestReport) -> None:
    """The tables that got rows; a version was asked for after the append, so it holds them."""
    statements = {kind.file_name: table for kind, table in STATEMENTS.items()}
    rows = Counter({BRONZE_INGESTS: len(report.files)})
    for file in report.files:
        rows[statements.get(file.name, TABLE_OF[Outcome.ACCEPTED])] += file.accepted
        rows[TABLE_OF[Outcome.QUARANTINED]] += file.quarantined
        rows[TABLE_OF[Outcome.REPEAT]] += file.repeats
    for table, count in rows.items():
        if count:
            run.wrote(table_at(table, table_version(spark, table, settings), settings, count))
