"""The lake and the landing zone as stores of an erasure (`recolake.privacy.stores`)."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from recolake.errors import RecolakeError
from recolake.journal.segments import OPEN_SUFFIX, sealed_segments
from recolake.lake.catalog import table_version
from recolake.lake.cuts import remember_cuts
from recolake.lake.engine import connect, engine_errors
from recolake.lake.read import read_tenant
from recolake.lake.tables import (
    BRONZE_ADMITTED,
    BRONZE_EVENTS,
    BRONZE_INGESTS,
    BRONZE_QUARANTINE,
    BRONZE_RECOMMENDATIONS,
    BRONZE_REPEATS,
    BRONZE_USERS,
    DBT_TABLES,
    Table,
)
from recolake.landing.upload import list_uploads
from recolake.privacy.certificate import Looked
from recolake.privacy.receipts import add_erased
from recolake.privacy.stores import Job, Leaving
from recolake.settings import Settings
from recolake.spool.ship import ship_records
from recolake.transform.anew import ask_anew
from recolake.transform.marks import Mark, carried, read_marks, write_marks
from spark_jobs.erasure.accounting import recount
from spark_jobs.erasure.cut import cut
from spark_jobs.erasure.landing import redact_upload
from spark_jobs.erasure.raw_lines import exists, format_of, raw_file, spans
from spark_jobs.erasure.rows import (
    count_named,
    lake_path,
    named_rows,
    people_frame,
    places_of,
    present,
    remove,
)
from spark_jobs.erasure.tables import PERSONAL, Way
from spark_jobs.erasure.whole import dismiss_landing, dismiss_rows
from spark_jobs.ingest import ingest_pending
from spark_jobs.parse import MALFORMED, TRUNCATED
from spark_jobs.usage import ship_usage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_WORK, _AGAIN = "people were erased", "recolake privacy resume"
# A writer seals its segment after some seconds; one of the usage journal may take a minute.
_PATIENCE_SECONDS = 90.0
_GARBAGE_SECONDS = 10.0
_PLACED = (BRONZE_EVENTS, BRONZE_QUARANTINE, BRONZE_REPEATS, BRONZE_USERS, BRONZE_ADMITTED)
_BROKEN = (MALFORMED, TRUNCATED)


class LandingStore:
    """Raw files, and what is on its way into the lake: the spool, and the journal of usage."""

    name = "landing"

    def prepare(self, job: Job) -> None:
        """Land and ingest what was acknowledged, so that bronze knows the lines of the people."""
        _await_sealed(job.settings)
        ship_records(job.settings)
        ship_usage(job.settings)
        try:
            ingest_pending(job.settings, job.tenant, progress=job.say)
        except RecolakeError as error:
            # Files of an upload that cannot be ingested are searched record by record.
            job.say(f"not every upload could be ingested: {error.message}")

    def erase(self, job: Job) -> Iterable[Looked]:
        """Empty their lines in all raw files of the tenant."""
        with engine_errors(_WORK, _AGAIN):
            spark = connect(job.settings)
            there = set(present(job.settings))
            people = people_frame(spark, job.people.pseudonyms)
            known = places_of(
                spark, job.settings, job.tenant, people, [table for table in _PLACED if table in there]
            )
            broken = _broken_files(spark, job, BRONZE_QUARANTINE in there)
            ingested = _ingested(spark, job)
        uploads = list_uploads(job.settings, job.tenant)
        lines = 0
        for upload in uploads:
            files = known.get(upload.upload_id, {})
            pending = upload.upload_id not in ingested
            named = set(files) | broken.get(upload.upload_id, set())
            if named or pending:
                lines += redact_upload(
                    job.settings,
                    upload,
                    job.people,
                    files,
                    files=None if pending else named,
                    everywhere=pending,
                )
        return [
            Looked(store="landing", unit="lines", found=lines, note=f"{len(uploads)} uploads were looked at")
        ]

    def export(self, job: Job) -> Iterator[tuple[str, bytes]]:
        """Their lines as the tenant sent them, by upload and file."""
        spark = connect(job.settings)
        there = set(present(job.settings))
        people = people_frame(spark, job.people.pseudonyms)
        tables = [table for table in _PLACED if table in there]
        known = places_of(spark, job.settings, job.tenant, people, tables)
        for upload in list_uploads(job.settings, job.tenant):
            for file in upload.files:
                wanted = known.get(upload.upload_id, {}).get(file.name)
                raw = raw_file(job.settings, upload, file)
                if wanted and exists(raw):
                    rows = [
                        {"line": record.line, **dict(zip(file.columns, record.cells, strict=False))}
                        for record, _ in spans(raw, format_of(job.settings, upload))
                        if record.line in wanted
                    ]
                    yield f"landing/{upload.upload_id}/{file.name}.jsonl", _json_lines(rows)

    def settle(self, leaving: Leaving) -> None:
        """Land what was acknowledged and bring answers into the lake, so that nothing comes behind."""
        _await_sealed(leaving.settings)
        ship_records(leaving.settings)
        ship_usage(leaving.settings)

    def dismiss(self, leaving: Leaving) -> Iterable[Looked]:
        """Remove the tenant's folder."""
        return dismiss_landing(leaving)


class LakeStore:
    """Bronze, silver and gold, with the past of every table that may hold the people."""

    name = "lake"

    def prepare(self, job: Job) -> None:
        """What is on its way is the landing zone's to bring."""

    def erase(self, job: Job) -> Iterable[Looked]:
        """Remove their rows, then the past of each table of people; sums over people are asked to be built
        anew."""
        settings, tenant = job.settings, job.tenant
        with engine_errors(_WORK, _AGAIN):
            spark = connect(settings)
            tables = present(settings)
            people = people_frame(spark, job.people.pseudonyms)
            found = count_named(spark, settings, tenant, people, tables)
            marks, before = read_marks(spark, settings), _versions(spark, settings, tables)
            if any(found[table] for table in tables if table in DBT_TABLES or table is BRONZE_EVENTS):
                ask_anew(settings, tenant)
            if found.get(BRONZE_RECOMMENDATIONS):
                _note_receipts(spark, job, people)
            for table in tables:
                if found[table]:
                    job.say(f"{table.qualified}: {found[table]} rows")
                    remove(spark, settings, tenant, table, people)
            recount(spark, settings, tenant)
            left = count_named(spark, settings, tenant, people, [t for t in tables if found[t]])
            for table in tables:
                version = cut(spark, lake_path(table, settings))
                job.cut[table.qualified] = version
                remember_cuts(settings, {table.qualified: version})
            _carry_marks(spark, settings, marks, before)
            _collect_garbage(spark, settings)
        for table in tables:
            yield Looked(
                store=table.qualified,
                unit="rows",
                found=found[table],
                left=left.get(table, 0),
                note=_NOTES[PERSONAL[table]],
            )

    def export(self, job: Job) -> Iterator[tuple[str, bytes]]:
        """Their rows of each table."""
        spark = connect(job.settings)
        people = people_frame(spark, job.people.pseudonyms)
        for table in present(job.settings):
            rows = read_tenant(spark, job.settings, table, job.tenant)
            own = named_rows(rows, people, Way.ROWS)
            texts = [row[0] for row in own.selectExpr("to_json(struct(*))").toLocalIterator()]
            if texts:
                yield f"lake/{table.qualified}.jsonl", "".join(f"{text}\n" for text in texts).encode()

    def settle(self, leaving: Leaving) -> None:
        """What is on its way is the landing zone's to bring."""

    def dismiss(self, leaving: Leaving) -> Iterable[Looked]:
        """Remove the tenant's rows from every table, with the past of those tables."""
        return dismiss_rows(leaving)


_NOTES = {
    Way.ROWS: "rows removed; versions before are no more",
    Way.RECORDS: "rows removed; versions before are no more",
    Way.NAMES: "rows stay for the bill, without the person and the items; versions before are no more",
}


def store() -> LakeStore:
    """For the entry point."""
    return LakeStore()


def landing_store() -> LandingStore:
    """For the entry point."""
    return LandingStore()


def _await_sealed(settings: Settings) -> None:
    """Wait until what was acknowledged so far can be shipped: its writers seal their segments by the
    clock."""
    folders = (settings.spool_root, settings.journal_root)
    open_now = [path for folder in folders for path in folder.glob(f"*{OPEN_SUFFIX}")]
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while open_now and time.monotonic() < deadline:
        for folder in folders:
            sealed_segments(folder)
        open_now = [path for path in open_now if path.exists()]
        if open_now:
            time.sleep(0.5)


def _broken_files(spark: SparkSession, job: Job, there: bool) -> dict[str, set[str]]:
    """Files with records that could not be cut into their columns: bronze keeps nothing of what they say."""
    if not there:
        return {}
    rows = read_tenant(spark, job.settings, BRONZE_QUARANTINE, job.tenant)
    wanted = ", ".join(f"'{reason}'" for reason in _BROKEN)
    broken = (
        rows.where(f"arrays_overlap(reasons, array({wanted}))").select("upload_id", "source_file").distinct()
    )
    found: dict[str, set[str]] = {}
    for row in broken.collect():
        found.setdefault(row["upload_id"], set()).add(row["source_file"])
    return found


def _ingested(spark: SparkSession, job: Job) -> set[str]:
    rows = read_tenant(spark, job.settings, BRONZE_INGESTS, job.tenant).select("upload_id").distinct()
    return {row["upload_id"] for row in rows.collect()}


def _note_receipts(spark: SparkSession, job: Job, people: DataFrame) -> None:
    """Receipts of what the people were recommended say `erased` from now on; the rows soon tell nobody
    whose they are."""
    rows = read_tenant(spark, job.settings, BRONZE_RECOMMENDATIONS, job.tenant)
    named = named_rows(rows, people, Way.NAMES).select("recommendation_id").toLocalIterator()
    add_erased(job.settings, job.tenant, job.people.key, (row[0] for row in named))


def _versions(spark: SparkSession, settings: Settings, tables: Iterable[Table]) -> dict[Table, int]:
    return {t: table_version(spark, t, settings) for t in tables if t in DBT_TABLES}


def _carry_marks(
    spark: SparkSession, settings: Settings, marks: frozenset[Mark], before: dict[Table, int]
) -> None:
    """Builds of other tenants go on from where they were: their rows are what they were."""
    kept = marks
    for table, version in before.items():
        kept = carried(kept, table, version, table_version(spark, table, settings))
    if kept != marks:
        write_marks(spark, settings, kept)


def _collect_garbage(spark: SparkSession, settings: Settings) -> None:
    """Rows that a query kept on the engine's disk go once nobody holds them any more, neither here nor there.

    What a session of another process still holds stays; the search that follows finds it.
    """
    gc.collect()
    deadline = time.monotonic() + _GARBAGE_SECONDS
    while True:
        spark.sql("SELECT reflect('java.lang.System', 'gc')").collect()
        kept = any(True for _ in (settings.home / "spark" / "local").glob("blockmgr-*/*/rdd_*"))
        if not kept or time.monotonic() > deadline:
            return
        time.sleep(1)


def _json_lines(rows: Iterable[dict[str, object]]) -> bytes:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
