"""What an ingest did, file by file: rows in = accepted + quarantined + repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from spark_jobs.classify import OUTCOME, REASONS, Outcome
from spark_jobs.parse import FILE


@dataclass(slots=True)
class FileReport:
    """Row accounting of one file; `reasons` counts a quarantined row under each of its reasons."""

    name: str
    accepted: int = 0
    quarantined: int = 0
    repeats: int = 0
    reasons: dict[str, int] = field(default_factory=dict)

    @property
    def rows_in(self) -> int:
        return self.accepted + self.quarantined + self.repeats


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Row accounting of one upload and of each of its files, and the verdict of its expectations.

    `verdict` says whether all were met, `score` how well, `held` whether too badly for silver, and `failures`
    which were not, in words.
    """

    tenant: str
    upload_id: str
    files: tuple[FileReport, ...]
    verdict: bool
    score: float = 100.0
    held: bool = False
    failures: dict[str, str] = field(default_factory=dict)

    @property
    def rows_in(self) -> int:
        return sum(file.rows_in for file in self.files)

    @property
    def accepted(self) -> int:
        return sum(file.accepted for file in self.files)

    @property
    def quarantined(self) -> int:
        return sum(file.quarantined for file in self.files)

    @property
    def repeats(self) -> int:
        return sum(file.repeats for file in self.files)

    @property
    def reasons(self) -> dict[str, int]:
        """Quarantined rows by reason; a row with two reasons counts under both."""
        added: Counter[str] = Counter()
        for file in self.files:
            added.update(file.reasons)
        return dict(sorted(added.items()))


def count_rows(classified: DataFrame, names: Iterable[str]) -> tuple[FileReport, ...]:
    """Rows by file, outcome and combination of reasons, counted by the engine in one pass.

    Files come in the given order.
    """
    files = {name: FileReport(name) for name in names}
    for row in classified.groupBy(FILE, OUTCOME, REASONS).agg(F.count("*").alias("rows")).collect():
        report = files[row[FILE]]
        match Outcome(row[OUTCOME]):
            case Outcome.ACCEPTED:
                report.accepted += row.rows
            case Outcome.REPEAT:
                report.repeats += row.rows
            case Outcome.QUARANTINED:
                report.quarantined += row.rows
                for reason in row[REASONS]:
                    report.reasons[reason] = report.reasons.get(reason, 0) + row.rows
    return tuple(files.values())
