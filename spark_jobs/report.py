"""What an ingest did, file by file: rows in = accepted + quarantined + repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from spark_jobs.classify import OUTCOME, REASONS, Outcome


@dataclass(slots=True)
class FileReport:
    """Row accounting of one file; `reasons` counts a quarantined row under each of its reasons."""

    name: str
    accepted: int = 0
    quarantined: int = 0
    repeats: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rows_in(self) -> int:
        return self.accepted + self.quarantined + self.repeats


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Row accounting of one upload, and its suite's verdict."""

    tenant: str
    upload_id: str
    rows_in: int
    accepted: int
    quarantined: int
    repeats: int
    reasons: dict[str, int]
    verdict: bool
    files: int


def count_rows(classified: DataFrame) -> dict[str, FileReport]:
    """Rows by file, outcome and combination of reasons, counted by the engine in one pass."""
    counts = classified.groupBy("source_file", OUTCOME, REASONS).agg(F.count("*").alias("rows")).collect()
    files: dict[str, FileReport] = {}
    for row in counts:
        report = files.setdefault(row.source_file, FileReport(row.source_file))
        match Outcome(row[OUTCOME]):
            case Outcome.ACCEPTED:
                report.accepted += row.rows
            case Outcome.REPEAT:
                report.repeats += row.rows
            case Outcome.QUARANTINED:
                report.quarantined += row.rows
                report.reasons.update(dict.fromkeys(row[REASONS], row.rows))
    return files


def summarize(tenant: str, upload_id: str, files: Mapping[str, FileReport], *, verdict: bool) -> IngestReport:
    """The files' counts added up."""
    reasons: Counter[str] = Counter()
    for file in files.values():
        reasons.update(file.reasons)
    return IngestReport(
        tenant=tenant,
        upload_id=upload_id,
        rows_in=sum(f.rows_in for f in files.values()),
        accepted=sum(f.accepted for f in files.values()),
        quarantined=sum(f.quarantined for f in files.values()),
        repeats=sum(f.repeats for f in files.values()),
        reasons=dict(sorted(reasons.items())),
        verdict=verdict,
        files=len(files),
    )
