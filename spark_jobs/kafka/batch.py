"""One micro-batch: what its messages hold becomes uploads, a tenant each, which are ingested.

It runs beside the engine, before Spark writes down that the batch is done. Whoever is killed on the way is
followed by one who gets the very same messages, makes the same uploads of them, and finds them there.
"""

from __future__ import annotations

import json
import shutil
import time
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pyspark.sql import DataFrame

from recolake.errors import RecolakeError, ServiceUnavailableError
from recolake.files import write_atomically
from recolake.landing.records import land_parts
from recolake.records.kinds import Kind
from recolake.settings import Settings
from recolake.tenancy.context import UNCLAIMED, Tenant
from recolake.tenancy.pseudonyms import PseudonymKeyError, ensure_tenant_key
from spark_jobs.kafka.parts import COLUMNS, SCHEMA, parts_writer


@dataclass
class BatchReport:
    """What became of a batch: `lines` of which so many were `refused` went into `uploads` by tenant.

    `failed` says by tenant why its uploads were not ingested; they wait in the landing zone.
    """

    batch: int
    lines: int = 0
    refused: int = 0
    uploads: dict[str, str] = field(default_factory=dict)
    accepted: int = 0
    repeats: int = 0
    quarantined: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def reports_folder(settings: Settings) -> Path:
    """Reports of batches that nobody has read yet, a file each, in the order of their names."""
    return settings.stream_root / "kafka" / "reports"


def work_on(frame: DataFrame, batch: int, settings: Settings) -> BatchReport:
    """Land and ingest a batch; doing it again changes nothing.

    Raises:
        ServiceUnavailableError: the engine does not answer; the batch comes again.
    """
    ensure_tenant_key(settings, UNCLAIMED)
    parts = settings.stream_root / "kafka" / "parts"
    shutil.rmtree(parts, ignore_errors=True)
    parts.mkdir(parents=True)
    report = BatchReport(batch)
    found: dict[Tenant, dict[Kind, list[Path]]] = defaultdict(lambda: defaultdict(list))
    rows = frame.selectExpr(*COLUMNS).mapInArrow(parts_writer(settings, parts), SCHEMA).collect()
    for row in sorted(rows, key=lambda row: (row.topic, row.partition, row.offset)):
        found[Tenant(row.tenant)][Kind(row.kind)].append(Path(row.path))
        report.lines += row.lines
        report.refused += row.refused
    for tenant, files in found.items():
        report.uploads[tenant.name] = land_parts(settings, tenant, files).upload_id
    shutil.rmtree(parts)
    for tenant in found:
        _ingest(settings, tenant, report)
    if found:
        write_atomically(
            reports_folder(settings) / f"{time.time_ns():020}.json", json.dumps(asdict(report)).encode()
        )
    return report


def _ingest(settings: Settings, tenant: Tenant, report: BatchReport) -> None:
    # It takes seconds to import, and the engine's workers import this module, too.
    from spark_jobs.ingest import ingest_pending

    try:
        done = ingest_pending(settings, tenant)
    except RecolakeError as error:
        if isinstance(error, ServiceUnavailableError) and not isinstance(error, PseudonymKeyError):
            raise
        # One tenant's trouble holds up nobody else's messages; the sweep of `ingest` tries it again.
        report.failed[tenant.name] = error.message
        return
    for upload in done:
        report.accepted += upload.accepted
        report.repeats += upload.repeats
        report.quarantined += upload.quarantined
